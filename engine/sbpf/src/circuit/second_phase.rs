//! The columns of the second phase: fractions summed by groups, and their running sum. They are made one
//! after the other, so that no more than two of them are in memory.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use parhelion_scheduler::{Executor, ExecutorExt};

use super::linear::{Cell, Linear};
use super::lookups::{self, GROUP, Table, Term};
use super::tables;
use super::witness::Witness;

/// Rows whose denominators are inverted together.
const BATCH: usize = 256;

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

/// What the columns are made from.
pub(crate) struct Sums<'a> {
    witness: &'a Witness,
    executor: &'a dyn Executor,
    terms: Vec<Known>,
    /// The fractions of all bytes.
    bytes: Vec<Fr>,
    /// The groups made so far, added up in each row.
    totals: Vec<Fr>,
    column: Vec<Fr>,
}

impl<'a> Sums<'a> {
    pub(crate) fn new(witness: &'a Witness, challenges: [Fr; 2], executor: &'a dyn Executor) -> Self {
        let mut bytes: Vec<Fr> = (0..256).map(|byte| challenges[0] + Fr::from(byte)).collect();
        invert(&mut bytes);
        Self {
            witness,
            executor,
            terms: lookups::terms().iter().map(|term| Known::new(term, challenges)).collect(),
            bytes,
            totals: vec![Fr::ZERO; witness.rows()],
            column: vec![Fr::ZERO; witness.rows()],
        }
    }

    /// How many columns of groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.terms.len().div_ceil(GROUP)
    }

    /// The column of a group, on the usable rows. Each is asked for once, in any order.
    pub(crate) fn group(&mut self, group: usize) -> &[Fr] {
        let Self { witness, executor, terms, bytes, totals, column } = self;
        let terms = &terms[group * GROUP..terms.len().min((group + 1) * GROUP)];
        let last = witness.rows() - 1;
        let piece = executor.chunk_len(last, BATCH);
        executor.for_each_chunk_mut(&mut column[..last], piece, |index, sums| {
            for (batch, sums) in sums.chunks_mut(BATCH).enumerate() {
                sum(witness, terms, bytes, index * piece + batch * BATCH, sums);
            }
        });
        totals.iter_mut().zip(&column[..last]).for_each(|(total, sum)| *total += sum);
        column
    }

    /// The running sum of the groups that were asked for.
    pub(crate) fn running(mut self) -> Vec<Fr> {
        let mut running = Fr::ZERO;
        for total in &mut self.totals {
            let here = *total;
            *total = running;
            running += here;
        }
        self.totals
    }
}

/// The sums of a few terms on the rows from `first` on.
fn sum(witness: &Witness, terms: &[Known], bytes: &[Fr], first: usize, sums: &mut [Fr]) {
    let last = witness.rows() - 1;
    let mut fractions = Vec::new();
    let mut denominators = Vec::new();
    for (offset, sum) in sums.iter_mut().enumerate() {
        let row = first + offset;
        let cell = |cell: Cell| match cell {
            Cell::Advice(column) => witness.get(column, row),
            Cell::Fixed(column) => tables::value(column, row, last),
        };
        *sum = Fr::ZERO;
        for term in terms {
            if let Some(byte) = term.byte.and_then(|column| witness.small(column, row))
                && let Some(inverse) = bytes.get(byte as usize)
            {
                *sum += inverse;
                continue;
            }
            let numerator = term.numerator.evaluate(cell);
            if !bool::from(numerator.is_zero()) {
                fractions.push((offset, numerator));
                denominators.push(term.denominator.evaluate(cell));
            }
        }
    }
    invert(&mut denominators);
    for ((offset, numerator), inverse) in fractions.into_iter().zip(denominators) {
        sums[offset] += numerator * inverse;
    }
}

/// Inverts all at once; zeros stay.
pub(super) fn invert(values: &mut [Fr]) {
    if values.is_empty() {
        return;
    }
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
