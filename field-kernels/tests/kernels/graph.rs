//! Expressions that are compiled to a program, and evaluated column by column with a library's types.

use parhelion_field_kernels::{Fp, Output, Program, ProgramBuilder};

use crate::common::{Library, Mirror, Suite, all_theirs, random};

/// A value of the graph, by its place.
pub(crate) type Value = usize;

#[derive(Clone, Copy, Debug)]
enum Operation<S: Mirror> {
    Column(usize, i32),
    Uniform(usize),
    Constant(Fp<S>),
    Add(Value, Value),
    Sub(Value, Value),
    Mul(Value, Value),
    Neg(Value),
}

/// A value to write: to which column, and times which uniform if it is added there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Store {
    pub(crate) value: Value,
    pub(crate) column: usize,
    pub(crate) scale: Option<usize>,
}

/// Values, each made of those before it. Uniforms are numbered from 0 and stated beforehand.
#[derive(Clone, Debug)]
pub(crate) struct Graph<S: Mirror> {
    uniforms: usize,
    operations: Vec<Operation<S>>,
}

impl<S: Mirror> Graph<S> {
    pub(crate) fn new(uniforms: usize) -> Self {
        Self { uniforms, operations: Vec::new() }
    }

    fn push(&mut self, operation: Operation<S>) -> Value {
        self.operations.push(operation);
        self.operations.len() - 1
    }

    pub(crate) fn column(&mut self, index: usize, rotation: i32) -> Value {
        self.push(Operation::Column(index, rotation))
    }

    pub(crate) fn uniform(&mut self, index: usize) -> Value {
        self.push(Operation::Uniform(index))
    }

    pub(crate) fn constant(&mut self, value: Fp<S>) -> Value {
        self.push(Operation::Constant(value))
    }

    pub(crate) fn add(&mut self, a: Value, b: Value) -> Value {
        self.push(Operation::Add(a, b))
    }

    pub(crate) fn sub(&mut self, a: Value, b: Value) -> Value {
        self.push(Operation::Sub(a, b))
    }

    pub(crate) fn mul(&mut self, a: Value, b: Value) -> Value {
        self.push(Operation::Mul(a, b))
    }

    pub(crate) fn neg(&mut self, a: Value) -> Value {
        self.push(Operation::Neg(a))
    }

    /// The number of values.
    pub(crate) fn len(&self) -> usize {
        self.operations.len()
    }

    /// The program that writes `stores`, and the values of the uniforms it reads.
    fn compile(&self, stores: &[Store], uniforms: &[Fp<S>]) -> (Program, Vec<Fp<S>>) {
        let mut builder = ProgramBuilder::<S>::new();
        let given: Vec<_> = (0..self.uniforms).map(|_| builder.uniform()).collect();
        let mut nodes = Vec::new();
        for operation in &self.operations {
            nodes.push(match *operation {
                Operation::Column(index, rotation) => builder.column(index, rotation),
                Operation::Uniform(index) => given[index].1,
                Operation::Constant(value) => builder.constant(value),
                Operation::Add(a, b) => builder.add(nodes[a], nodes[b]),
                Operation::Sub(a, b) => builder.sub(nodes[a], nodes[b]),
                Operation::Mul(a, b) => builder.mul(nodes[a], nodes[b]),
                Operation::Neg(a) => builder.neg(nodes[a]),
            });
        }
        let outputs: Vec<Output> = stores
            .iter()
            .map(|Store { value, column, scale }| Output {
                node: nodes[*value],
                column: *column,
                scale: scale.map(|index| given[index].0),
            })
            .collect();
        let program = builder.build(&outputs);
        let constants = builder.constants();
        let value = |index: &usize| match constants.iter().find(|(constant, _)| constant == index) {
            Some((_, value)) => *value,
            None => uniforms[*index],
        };
        let uniforms = program.uniform_indices().iter().map(value).collect();
        (program, uniforms)
    }

    /// All values on all rows.
    fn evaluate(&self, columns: &[Vec<Fp<S>>], uniforms: &[Fp<S>], rows: usize) -> Vec<Vec<Library<S>>> {
        let columns: Vec<_> = columns.iter().map(|column| all_theirs(column)).collect();
        let mut values: Vec<Vec<Library<S>>> = Vec::new();
        for operation in &self.operations {
            let both = |a: Value, b: Value, of: fn(Library<S>, Library<S>) -> Library<S>| {
                values[a].iter().zip(&values[b]).map(|(a, b)| of(*a, *b)).collect()
            };
            values.push(match *operation {
                Operation::Column(index, rotation) => {
                    let at = |row: usize| (row as i64 + i64::from(rotation)).rem_euclid(rows as i64) as usize;
                    (0..rows).map(|row| columns[index][at(row)]).collect()
                }
                Operation::Uniform(index) => vec![S::theirs(uniforms[index]); rows],
                Operation::Constant(value) => vec![S::theirs(value); rows],
                Operation::Add(a, b) => both(a, b, |a, b| a + b),
                Operation::Sub(a, b) => both(a, b, |a, b| a - b),
                Operation::Mul(a, b) => both(a, b, |a, b| a * b),
                Operation::Neg(a) => values[a].iter().map(|value| -*value).collect(),
            });
        }
        values
    }

    /// Compares a run of the program for `stores` with the values themselves. Where a
    /// column is overwritten, its stores must be in the order of the values, which is that of the program.
    pub(crate) fn check(
        &self,
        suite: &Suite,
        what: &str,
        stores: &[Store],
        columns: &[Vec<Fp<S>>],
        uniforms: &[Fp<S>],
    ) {
        let rows = columns[0].len();
        let count = stores.iter().map(|store| store.column + 1).max().unwrap_or(0);
        let start: Vec<Vec<Fp<S>>> = (0..count).map(|seed| random(rows, 200 + seed as u64)).collect();
        let values = self.evaluate(columns, uniforms, rows);
        let mut expected: Vec<Vec<_>> = start.iter().map(|column| all_theirs(column)).collect();
        for Store { value, column, scale } in stores {
            match scale.map(|index| S::theirs(uniforms[index])) {
                None => expected[*column].clone_from(&values[*value]),
                Some(by) => {
                    let sums = expected[*column].iter_mut().zip(&values[*value]);
                    sums.for_each(|(sum, value)| *sum = *sum + *value * by);
                }
            }
        }
        let (program, read) = self.compile(stores, uniforms);
        let inputs: Vec<&[_]> = program.column_indices().iter().map(|&i| columns[i].as_slice()).collect();
        suite.check::<S>(&format!("{what}, {rows} rows"), &expected.concat(), |kernels| {
            let mut outputs = start.clone();
            let mut slices: Vec<&mut [_]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
            kernels.run_program(&program, &inputs, &read, &mut slices);
            outputs.concat()
        });
    }
}
