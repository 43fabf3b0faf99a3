//! What constraints and other row-wise expressions are made of, and how they are compiled.

use std::collections::HashMap;

use parhelion_field_kernels::{FieldSpec, Fp, Node, Output, Program, ProgramBuilder};

use crate::shape::{Column, ColumnKind};

/// Anything the constraints of one circuit read, row by row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Source {
    Fixed(usize),
    Advice(usize),
    Instance(usize),
    /// Permutation column sigma.
    Sigma(usize),
    /// Grand product of a permutation set.
    PermutationProduct(usize),
    /// A' of a lookup.
    PermutedInput(usize),
    /// S' of a lookup.
    PermutedTable(usize),
    /// Grand product of a lookup.
    LookupProduct(usize),
    /// l_0: 1 on row 0. The other Lagrange polynomials are its rotations.
    FirstRow,
    /// 1 on the usable rows: 1 - l_last - l_blind.
    ActiveRows,
    /// X itself.
    Identity,
}

impl Source {
    /// Whether it has values on every coset anyway, and is no column.
    pub(crate) fn is_at_hand(self) -> bool {
        matches!(self, Self::FirstRow | Self::ActiveRows | Self::Identity)
    }
}

impl From<Column> for Source {
    fn from(column: Column) -> Self {
        match column.kind {
            ColumnKind::Fixed => Self::Fixed(column.index),
            ColumnKind::Advice => Self::Advice(column.index),
            ColumnKind::Instance => Self::Instance(column.index),
        }
    }
}

/// A value that is the same on all rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Uniform<S: FieldSpec> {
    Constant(Fp<S>),
    /// A challenge of the circuit.
    Challenge(usize),
    Theta,
    Beta,
    Gamma,
    /// beta * delta^j, for the j-th column of the permutation.
    BetaDelta(usize),
    /// y^e times the weight of the circuit, see [`Challenges::weight`].
    YPower(usize),
}

/// The challenges a proof has squeezed so far; zero until then.
#[derive(Clone, Debug)]
pub(crate) struct Challenges<S: FieldSpec> {
    pub(crate) circuit: Vec<Fp<S>>,
    pub(crate) theta: Fp<S>,
    pub(crate) beta: Fp<S>,
    pub(crate) gamma: Fp<S>,
    pub(crate) y: Fp<S>,
    /// The power of y that all constraints of the circuit at hand carry when several are proven.
    pub(crate) weight: Fp<S>,
}

impl<S: FieldSpec> Challenges<S> {
    pub(crate) fn new(circuit: Vec<Fp<S>>) -> Self {
        Self { circuit, theta: Fp::ZERO, beta: Fp::ZERO, gamma: Fp::ZERO, y: Fp::ZERO, weight: Fp::ONE }
    }

    pub(crate) fn value(&self, uniform: &Uniform<S>) -> Fp<S> {
        match *uniform {
            Uniform::Constant(value) => value,
            Uniform::Challenge(index) => self.circuit[index],
            Uniform::Theta => self.theta,
            Uniform::Beta => self.beta,
            Uniform::Gamma => self.gamma,
            Uniform::YPower(exponent) => self.y.pow(exponent as u64) * self.weight,
            Uniform::BetaDelta(column) => self.beta * Fp::delta().pow(column as u64),
        }
    }
}

/// What constraints are written over: graph nodes when they are compiled, field elements when
/// they are checked at a point.
pub(crate) trait Algebra<S: FieldSpec> {
    type Value: Copy;
    fn load(&mut self, source: Source, rotation: i32) -> Self::Value;
    fn uniform(&mut self, uniform: Uniform<S>) -> Self::Value;
    fn add(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn sub(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;
    fn mul(&mut self, a: Self::Value, b: Self::Value) -> Self::Value;

    fn constant(&mut self, value: Fp<S>) -> Self::Value {
        self.uniform(Uniform::Constant(value))
    }

    /// Combines values by Horner in `by`: the first gets the highest power.
    fn horner(&mut self, values: &[Self::Value], by: Uniform<S>) -> Self::Value {
        let mut values = values.iter();
        let Some(&first) = values.next() else { return self.constant(Fp::ZERO) };
        values.fold(first, |sum, &value| {
            let by = self.uniform(by);
            let shifted = self.mul(sum, by);
            self.add(shifted, value)
        })
    }
}

/// Compiles row-wise expressions: sources become input columns and uniforms program uniforms,
/// each in the order it is first met.
#[derive(Debug)]
pub(crate) struct Compiler<S: FieldSpec> {
    builder: ProgramBuilder<S>,
    sources: Vec<Source>,
    uniforms: Vec<(Uniform<S>, usize, Node)>,
}

/// A program with the meaning of its inputs.
#[derive(Clone, Debug)]
pub(crate) struct Compiled<S: FieldSpec> {
    pub(crate) program: Program,
    /// What each input column is.
    pub(crate) sources: Vec<Source>,
    /// What each uniform is.
    uniforms: Vec<Uniform<S>>,
}

impl<S: FieldSpec> Compiled<S> {
    /// The program's uniforms under these challenges.
    pub(crate) fn uniforms(&self, challenges: &Challenges<S>) -> Vec<Fp<S>> {
        self.uniforms.iter().map(|uniform| challenges.value(uniform)).collect()
    }
}

impl<S: FieldSpec> Compiler<S> {
    pub(crate) fn new() -> Self {
        Self { builder: ProgramBuilder::new(), sources: Vec::new(), uniforms: Vec::new() }
    }

    /// Index of the program uniform that stands for `uniform`.
    pub(crate) fn uniform_index(&mut self, uniform: Uniform<S>) -> usize {
        self.named(uniform).0
    }

    fn named(&mut self, uniform: Uniform<S>) -> (usize, Node) {
        if let Some(&(_, index, node)) = self.uniforms.iter().find(|(known, ..)| *known == uniform) {
            return (index, node);
        }
        let (index, node) = self.builder.uniform();
        self.uniforms.push((uniform, index, node));
        (index, node)
    }

    /// The program that computes `outputs`.
    pub(crate) fn compile(&self, outputs: &[Output]) -> Compiled<S> {
        let program = self.builder.build(outputs);
        let constants = self.builder.constants();
        let constants = constants.into_iter().map(|(index, value)| (index, Uniform::Constant(value)));
        let meaning: HashMap<usize, Uniform<S>> =
            self.uniforms.iter().map(|&(uniform, index, _)| (index, uniform)).chain(constants).collect();
        Compiled {
            sources: program.column_indices().iter().map(|&index| self.sources[index]).collect(),
            uniforms: program.uniform_indices().iter().map(|index| meaning[index]).collect(),
            program,
        }
    }
}

impl<S: FieldSpec> Algebra<S> for Compiler<S> {
    type Value = Node;

    fn load(&mut self, source: Source, rotation: i32) -> Node {
        let index = self.sources.iter().position(|known| *known == source).unwrap_or_else(|| {
            self.sources.push(source);
            self.sources.len() - 1
        });
        self.builder.column(index, rotation)
    }

    fn uniform(&mut self, uniform: Uniform<S>) -> Node {
        match uniform {
            Uniform::Constant(value) => self.builder.constant(value),
            uniform => self.named(uniform).1,
        }
    }

    fn add(&mut self, a: Node, b: Node) -> Node {
        self.builder.add(a, b)
    }

    fn sub(&mut self, a: Node, b: Node) -> Node {
        self.builder.sub(a, b)
    }

    fn mul(&mut self, a: Node, b: Node) -> Node {
        self.builder.mul(a, b)
    }
}
