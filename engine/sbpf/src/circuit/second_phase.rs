//! The columns of the second phase: fractions summed by groups, and their running sum.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use parhelion_scheduler::{Executor, ExecutorExt};

use super::linear::{Cell, Linear};
use super::lookups::{self, GROUP, Table, Term};
use super::tables;
use super::witness::Witness;

/// Rows whose denominators are inverted together.
const BATCH: usize = 64;

/// Rows that are done in one piece, at most.
const PIECE: usize = 4096;

/// A term whose challenges are known.
struct Known {
    numerator: Linear,
    denominator: Linear,
    /// The column, if the term is 1 over a byte in all rows.
    byte: Option<usize>,
}

impl Known {
    fn new(term: &Term, [alpha, beta]: [Fr; 2]) -> Self {
        let always = term.numerator.terms.is_empty() && term.numerator.constant == Fr::ONE;
        let byte = if term.table == Table::Byte && always { term.message[0].as_column() } else { None };
        Self { numerator: term.numerator.clone(), denominator: term.denominator(alpha, beta), byte }
    }
}

/// All columns, on the usable rows.
pub(crate) fn columns(witness: &Witness, challenges: [Fr; 2], executor: &dyn Executor) -> Vec<Vec<Fr>> {
    let terms: Vec<Known> = lookups::terms().iter().map(|term| Known::new(term, challenges)).collect();
    let last = witness.rows() - 1;
    let groups = terms.len().div_ceil(GROUP);
    let mut bytes: Vec<Fr> = (0..256).map(|byte| challenges[0] + Fr::from(byte)).collect();
    invert(&mut bytes);

    let rows = executor.chunk_len(last, BATCH).min(PIECE);
    let pieces = executor.map(last.div_ceil(rows), |piece| {
        let range = piece * rows..((piece + 1) * rows).min(last);
        let mut sums = vec![Fr::ZERO; range.len() * groups];
        for (row, sums) in range.clone().step_by(BATCH).zip(sums.chunks_mut(BATCH * groups)) {
            batch(witness, &terms, &bytes, row, sums, groups);
        }
        sums
    });

    let mut columns = vec![vec![Fr::ZERO; last + 1]; groups + 1];
    let mut total = Fr::ZERO;
    let mut row = 0;
    for piece in pieces {
        for sums in piece.chunks(groups) {
            columns[groups][row] = total;
            for (column, &sum) in sums.iter().enumerate() {
                columns[column][row] = sum;
                total += sum;
            }
            row += 1;
        }
    }
    columns[groups][last] = total;
    columns
}

/// The sums of all groups on the rows from `first` on.
fn batch(witness: &Witness, terms: &[Known], bytes: &[Fr], first: usize, sums: &mut [Fr], groups: usize) {
    let last = witness.rows() - 1;
    let mut fractions = Vec::new();
    let mut denominators = Vec::new();
    for (offset, sums) in sums.chunks_mut(groups).enumerate() {
        let row = first + offset;
        let cell = |cell: Cell| match cell {
            Cell::Advice(column) => witness.get(column, row),
            Cell::Fixed(column) => tables::value(column, row, last),
        };
        for (index, term) in terms.iter().enumerate() {
            if let Some(byte) = term.byte.and_then(|column| witness.small(column, row))
                && let Some(inverse) = bytes.get(byte as usize)
            {
                sums[index / GROUP] += inverse;
                continue;
            }
            let numerator = term.numerator.evaluate(cell);
            if !bool::from(numerator.is_zero()) {
                fractions.push((offset * groups + index / GROUP, numerator));
                denominators.push(term.denominator.evaluate(cell));
            }
        }
    }
    invert(&mut denominators);
    for ((slot, numerator), inverse) in fractions.into_iter().zip(denominators) {
        sums[slot] += numerator * inverse;
    }
}

/// Inverts all at once; zeros stay.
pub(super) fn invert(values: &mut [Fr]) {
    let mut product = Fr::ONE;
    let before: Vec<Fr> = values
        .iter()
        .map(|value| {
            let before = product;
            if !bool::from(value.is_zero()) {
                product *= value;
            }
            before
        })
        .collect();
    let mut inverse = product.invert().unwrap_or(Fr::ZERO);
    for (value, before) in values.iter_mut().zip(before).rev() {
        if !bool::from(value.is_zero()) {
            let next = inverse * *value;
            *value = inverse * before;
            inverse = next;
        }
    }
}
