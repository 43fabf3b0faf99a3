//! Linear forms of the cells of a row: as expressions for the constraints, as numbers for the
//! witness.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;

/// A cell of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// By its number in [`layout`](super::layout).
    Advice(usize),
    /// By its number in [`tables`](super::tables).
    Fixed(usize),
}

/// `constant + sum(factor * cell)`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Linear {
    pub(crate) constant: Fr,
    pub(crate) terms: Vec<(Cell, Fr)>,
}

impl Linear {
    pub(crate) fn constant(value: u64) -> Self {
        Self { constant: Fr::from(value), terms: Vec::new() }
    }

    pub(crate) fn advice(column: usize) -> Self {
        Self::default().plus(Cell::Advice(column), Fr::ONE)
    }

    pub(crate) fn fixed(column: usize) -> Self {
        Self::default().plus(Cell::Fixed(column), Fr::ONE)
    }

    /// The sum of columns.
    pub(crate) fn sum(columns: impl IntoIterator<Item = usize>) -> Self {
        columns.into_iter().fold(Self::default(), |sum, column| sum.plus(Cell::Advice(column), Fr::ONE))
    }

    pub(crate) fn plus(mut self, cell: Cell, factor: Fr) -> Self {
        self.terms.push((cell, factor));
        self
    }

    pub(crate) fn plus_constant(mut self, value: u64) -> Self {
        self.constant += Fr::from(value);
        self
    }

    /// Adds `factor * other`.
    pub(crate) fn add_scaled(&mut self, other: &Self, factor: Fr) {
        self.constant += other.constant * factor;
        for &(cell, scale) in &other.terms {
            match self.terms.iter_mut().find(|(own, _)| *own == cell) {
                Some((_, own)) => *own += scale * factor,
                None => self.terms.push((cell, scale * factor)),
            }
        }
    }

    pub(crate) fn negated(mut self) -> Self {
        self.constant = -self.constant;
        self.terms.iter_mut().for_each(|(_, factor)| *factor = -*factor);
        self
    }

    /// Its value in a row whose cells `value` gives.
    pub(crate) fn evaluate(&self, value: impl Fn(Cell) -> Fr) -> Fr {
        self.terms.iter().fold(self.constant, |sum, &(cell, factor)| {
            let cell = value(cell);
            if bool::from(cell.is_zero()) { sum } else { sum + cell * factor }
        })
    }

    /// The column it is, if it is just one.
    pub(crate) fn as_column(&self) -> Option<usize> {
        match self.terms[..] {
            [(Cell::Advice(column), factor)] if factor == Fr::ONE && bool::from(self.constant.is_zero()) => {
                Some(column)
            }
            _ => None,
        }
    }
}
