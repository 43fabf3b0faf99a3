//! What a proof needs to know of a constraint system, free of any dialect's types.

use parhelion_field_kernels::{FieldSpec, Fp};

use crate::algebra::{Algebra, Uniform};

/// A kind of column the circuit can query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum ColumnKind {
    Fixed,
    Advice,
    Instance,
}

/// A column of one circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Column {
    pub(crate) kind: ColumnKind,
    pub(crate) index: usize,
}

/// A column opened at x * omega^rotation.
pub(crate) type ColumnQuery = (usize, i32);

/// A polynomial identity over queried columns.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression<S: FieldSpec> {
    Constant(Fp<S>),
    Query(Column, i32),
    Challenge(usize),
    Negated(Box<Self>),
    Sum(Box<Self>, Box<Self>),
    Product(Box<Self>, Box<Self>),
    Scaled(Box<Self>, Fp<S>),
}

impl<S: FieldSpec> Expression<S> {
    pub(crate) fn degree(&self) -> usize {
        match self {
            Self::Constant(_) | Self::Challenge(_) => 0,
            Self::Query(..) => 1,
            Self::Negated(a) | Self::Scaled(a, _) => a.degree(),
            Self::Sum(a, b) => a.degree().max(b.degree()),
            Self::Product(a, b) => a.degree() + b.degree(),
        }
    }

    /// Writes the expression in any algebra.
    pub(crate) fn write<A: Algebra<S>>(&self, algebra: &mut A) -> A::Value {
        match self {
            Self::Constant(value) => algebra.constant(*value),
            Self::Query(column, rotation) => algebra.load((*column).into(), *rotation),
            Self::Challenge(index) => algebra.uniform(Uniform::Challenge(*index)),
            Self::Negated(a) => {
                let (zero, a) = (algebra.constant(Fp::ZERO), a.write(algebra));
                algebra.sub(zero, a)
            }
            Self::Sum(a, b) => {
                let left = a.write(algebra);
                // A subtraction, as expressions spell it: a + (-b).
                if let Self::Negated(b) = b.as_ref() {
                    let right = b.write(algebra);
                    return algebra.sub(left, right);
                }
                let right = b.write(algebra);
                algebra.add(left, right)
            }
            Self::Product(a, b) => {
                let (left, right) = (a.write(algebra), b.write(algebra));
                algebra.mul(left, right)
            }
            Self::Scaled(a, by) => {
                let (a, by) = (a.write(algebra), algebra.constant(*by));
                algebra.mul(a, by)
            }
        }
    }
}

/// One lookup argument: the tuple `inputs` must be a row of the tuple `table`.
#[derive(Clone, Debug)]
pub(crate) struct Lookup<S: FieldSpec> {
    pub(crate) name: String,
    pub(crate) inputs: Vec<Expression<S>>,
    pub(crate) table: Vec<Expression<S>>,
}

impl<S: FieldSpec> Lookup<S> {
    /// Degree of the product constraint: active * z(omega X)(A' + beta)(S' + gamma) against
    /// active * z * (A + beta)(S + gamma).
    pub(crate) fn degree(&self) -> usize {
        let degree = |expressions: &[Expression<S>]| {
            expressions.iter().map(Expression::degree).max().unwrap_or(0).max(1)
        };
        4.max(2 + degree(&self.inputs) + degree(&self.table))
    }
}

/// A named gate polynomial that must vanish on every row.
#[derive(Clone, Debug)]
pub(crate) struct Gate<S: FieldSpec> {
    pub(crate) name: String,
    pub(crate) polynomial: Expression<S>,
}

/// The shape of a circuit's constraint system.
#[derive(Clone, Debug)]
pub(crate) struct Shape<S: FieldSpec> {
    /// log2 of the number of rows.
    pub(crate) k: u32,
    /// Degree of the constraint system, as the key's domain has it.
    pub(crate) degree: usize,
    pub(crate) blinding_factors: usize,
    pub(crate) num_fixed: usize,
    pub(crate) num_instance: usize,
    /// Phase of each advice column.
    pub(crate) advice_phase: Vec<u8>,
    /// Phase after which each challenge is squeezed.
    pub(crate) challenge_phase: Vec<u8>,
    pub(crate) gates: Vec<Gate<S>>,
    pub(crate) lookups: Vec<Lookup<S>>,
    pub(crate) permutation: Vec<Column>,
    pub(crate) advice_queries: Vec<ColumnQuery>,
    /// Openings of instance columns, where these are committed to.
    pub(crate) instance_queries: Vec<ColumnQuery>,
    pub(crate) fixed_queries: Vec<ColumnQuery>,
}

impl<S: FieldSpec> Shape<S> {
    /// Rows of every column, 2^k.
    pub(crate) fn n(&self) -> usize {
        1 << self.k
    }

    /// Rows a circuit may use; also the row l_last is 1 on.
    pub(crate) fn usable_rows(&self) -> usize {
        self.n() - self.blinding_factors - 1
    }

    pub(crate) fn num_advice(&self) -> usize {
        self.advice_phase.len()
    }

    /// Phases of the circuit, at least 1.
    pub(crate) fn phases(&self) -> u8 {
        self.advice_phase.iter().max().map_or(1, |phase| phase + 1)
    }

    /// Pieces of degree n the quotient is split in; also the number of cosets that determine it.
    pub(crate) fn quotient_pieces(&self) -> usize {
        self.degree - 1
    }

    /// Columns per permutation product.
    pub(crate) fn permutation_chunk(&self) -> usize {
        self.degree - 2
    }

    pub(crate) fn permutation_sets(&self) -> usize {
        self.permutation.len().div_ceil(self.permutation_chunk())
    }

    /// The rotation at which a permutation product is opened to link it to the next one.
    pub(crate) fn last_rotation(&self) -> i32 {
        -(self.blinding_factors as i32 + 1)
    }

    /// The highest degree of any constraint, with its name.
    pub(crate) fn highest_constraint(&self) -> (String, usize) {
        let gates =
            self.gates.iter().map(|gate| (format!("gate \"{}\"", gate.name), gate.polynomial.degree()));
        let lookups =
            self.lookups.iter().map(|lookup| (format!("lookup \"{}\"", lookup.name), lookup.degree()));
        let permutation = std::iter::once(("the permutation".to_owned(), 3));
        permutation.chain(gates).chain(lookups).max_by_key(|(_, degree)| *degree).unwrap_or_default()
    }
}
