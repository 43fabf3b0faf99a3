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
                if let Some((query, others)) = self.indicator() {
                    return write_indicator(algebra, query, &others);
                }
                let (left, right) = (a.write(algebra), b.write(algebra));
                algebra.mul(left, right)
            }
            Self::Scaled(a, by) => {
                let (a, by) = (a.write(algebra), algebra.constant(*by));
                algebra.mul(a, by)
            }
        }
    }

    /// If this is q·(a - q)·(b - q)···, what stands for a selector that shares its column q with others: q, and the
    /// values of the others, in order.
    fn indicator(&self) -> Option<(&Self, Vec<Fp<S>>)> {
        let (mut rest, mut others, mut query) = (self, Vec::new(), None);
        while let Self::Product(left, right) = rest {
            let Self::Sum(value, negated) = right.as_ref() else { return None };
            let (Self::Constant(value), Self::Negated(of)) = (value.as_ref(), negated.as_ref()) else {
                return None;
            };
            if query.is_some_and(|query| query != of) {
                return None;
            }
            query = Some(of);
            others.push(*value);
            rest = left;
        }
        others.reverse();
        (matches!(rest, Self::Query(..)) && query.is_some_and(|query| **query == *rest))
            .then_some((rest, others))
    }
}

/// The product of q and of c - q for the values c of other selectors.
///
/// Of selectors that share a column each lacks one factor. Those before and those behind it are multiplied apart, so
/// that all of these products together take three multiplications for each selector, as equal ones are computed once.
fn write_indicator<S: FieldSpec, A: Algebra<S>>(
    algebra: &mut A,
    query: &Expression<S>,
    others: &[Fp<S>],
) -> A::Value {
    let query = query.write(algebra);
    let factor = |algebra: &mut A, value: Fp<S>| {
        let value = algebra.constant(value);
        algebra.sub(value, query)
    };
    let before = (1..).zip(others).take_while(|(number, value)| **value == Fp::from_u64(*number)).count();
    let (before, behind) = others.split_at(before);
    let product = before.iter().fold(query, |product, value| {
        let factor = factor(algebra, *value);
        algebra.mul(product, factor)
    });
    let Some((last, behind)) = behind.split_last() else { return product };
    let last = factor(algebra, *last);
    let behind = behind.iter().rev().fold(last, |product, value| {
        let factor = factor(algebra, *value);
        algebra.mul(product, factor)
    });
    algebra.mul(product, behind)
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

#[cfg(test)]
mod tests {
    use parhelion_field_kernels::{Output, PastaFp, PastaFpSpec};

    use super::*;
    use crate::algebra::Compiler;

    type E = Expression<PastaFpSpec>;

    fn boxed(expression: E) -> Box<E> {
        Box::new(expression)
    }

    /// What stands for selector `number` of `count`, as libraries spell it.
    fn selector(number: u64, count: u64) -> E {
        let query = E::Query(Column { kind: ColumnKind::Fixed, index: 0 }, 0);
        (1..=count).filter(|other| *other != number).fold(query.clone(), |product, other| {
            let difference =
                E::Sum(boxed(E::Constant(PastaFp::from_u64(other))), boxed(E::Negated(boxed(query.clone()))));
            E::Product(boxed(product), boxed(difference))
        })
    }

    /// Computes with numbers, where the column has this value.
    struct At(PastaFp);

    impl Algebra<PastaFpSpec> for At {
        type Value = PastaFp;

        fn load(&mut self, _: crate::algebra::Source, _: i32) -> PastaFp {
            self.0
        }

        fn uniform(&mut self, uniform: Uniform<PastaFpSpec>) -> PastaFp {
            match uniform {
                Uniform::Constant(value) => value,
                other => unreachable!("{other:?} is not in a selector"),
            }
        }

        fn add(&mut self, a: PastaFp, b: PastaFp) -> PastaFp {
            a + b
        }

        fn sub(&mut self, a: PastaFp, b: PastaFp) -> PastaFp {
            a - b
        }

        fn mul(&mut self, a: PastaFp, b: PastaFp) -> PastaFp {
            a * b
        }
    }

    #[test]
    fn selectors_of_a_column_share_products() {
        for count in 1..=8 {
            let mut compiler = Compiler::new();
            let nodes: Vec<_> =
                (1..=count).map(|number| selector(number, count).write(&mut compiler)).collect();
            let outputs: Vec<Output> = nodes
                .into_iter()
                .enumerate()
                .map(|(column, node)| Output { node, column, scale: None })
                .collect();
            let muls = compiler.compile(&outputs).program.multiplications() as u64;
            assert!(muls <= 3 * count, "{muls} multiplications for {count} selectors");
            for number in 1..=count {
                for value in (0..=count).map(PastaFp::from_u64).chain([PastaFp::generator()]) {
                    let factor = |other: u64| PastaFp::from_u64(other) - value;
                    let expected = (1..=count)
                        .filter(|other| *other != number)
                        .fold(value, |product, other| product * factor(other));
                    assert_eq!(selector(number, count).write(&mut At(value)), expected);
                }
            }
        }
    }
}
