//! The values of a builder's cells, column by column.

use std::collections::BTreeMap;
use std::mem::take;
use std::ops::Range;
use std::sync::PoisonError;

use ::halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Assigned, Column};
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Fp, Kernels, Packed};

use super::Columns;
use super::segments::Segments;
use crate::adapters::axiom::handed::WholeColumns;
use crate::adapters::cast;

/// Rows that are unpacked at a time: a multiple of what is packed together.
const TILE: usize = 1024;

/// Cells to be looked up that are converted at a time.
const PIECE: usize = 1 << 14;

/// The rows of each gate column and of each lookup column that were assigned.
#[derive(Debug)]
pub(super) struct Cells {
    kernels: Kernels,
    columns: Vec<Values>,
}

#[derive(Debug)]
enum Values {
    Packed(Packed<Bn254FrSpec>),
    Plain(Vec<Bn254Fr>),
}

impl Cells {
    /// Moves the builder's values here. What it had of each is freed before the next is begun, so that there
    /// are never two copies of all.
    pub(super) fn take(
        kernels: &Kernels,
        builder: &mut BaseCircuitBuilder<Fr>,
        columns: &Columns,
        segments: &Segments,
    ) -> Self {
        let lookups = take_lookups(kernels, builder, columns.lookups.len());
        let mut gates = take_gates(kernels, builder, segments);
        gates.resize_with(columns.gates.len(), || Values::Plain(Vec::new()));
        gates.extend(lookups);
        Self { kernels: kernels.clone(), columns: gates }
    }

    /// Passes on each value with its column and row.
    pub(super) fn for_each(
        &self,
        columns: impl Iterator<Item = Column<Advice>>,
        mut assign: impl FnMut(Column<Advice>, usize, Fr),
    ) {
        let mut tile = vec![Fp::ZERO; TILE];
        for (values, column) in self.columns.iter().zip(columns) {
            match values {
                Values::Plain(values) => {
                    values
                        .iter()
                        .enumerate()
                        .for_each(|(row, value)| assign(column, row, cast::into_scalar(*value)));
                }
                Values::Packed(packed) => {
                    for first in (0..packed.len()).step_by(TILE) {
                        let tile = &mut tile[..TILE.min(packed.len() - first)];
                        self.kernels.unpack(packed, first, tile);
                        (first..)
                            .zip(tile)
                            .for_each(|(row, value)| assign(column, row, cast::into_scalar(*value)));
                    }
                }
            }
        }
    }

    /// How many columns there are.
    pub(super) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// Bytes.
    pub(super) fn size(&self) -> usize {
        let sizes = self.columns.iter().map(|values| match values {
            Values::Packed(packed) => packed.size(),
            Values::Plain(values) => size_of_val(&values[..]),
        });
        sizes.sum()
    }
}

impl WholeColumns for Cells {
    fn rows(&self, place: usize) -> usize {
        match &self.columns[place] {
            Values::Packed(packed) => packed.len(),
            Values::Plain(values) => values.len(),
        }
    }

    fn write(&self, kernels: &Kernels, place: usize, rows: &mut [Bn254Fr]) {
        match &self.columns[place] {
            Values::Packed(packed) => kernels.unpack(packed, 0, rows),
            Values::Plain(values) => rows.copy_from_slice(values),
        }
    }
}

fn pack(kernels: &Kernels, values: Vec<Bn254Fr>) -> Values {
    kernels.pack(&values).map_or(Values::Plain(values), Values::Packed)
}

/// The columns of cells to be looked up: row by row, as they were asked for.
fn take_lookups(kernels: &Kernels, builder: &mut BaseCircuitBuilder<Fr>, columns: usize) -> Vec<Values> {
    if columns == 0 {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    for manager in builder.lookup_manager().iter().take(1) {
        let mut cells = manager.cells_to_lookup.lock().unwrap_or_else(PoisonError::into_inner);
        for mut cells in take(&mut *cells).into_values().rev() {
            // From the last to the first, so that what was seen can be freed.
            while !cells.is_empty() {
                let piece = cells.split_off(cells.len() - cells.len().min(PIECE));
                pieces.push(numbers(kernels, piece.iter().map(|[cell]| cell.value)));
                shrink(&mut cells);
            }
        }
    }
    let values: Vec<Bn254Fr> = pieces.into_iter().rev().flatten().collect();
    (0..columns)
        .map(|column| pack(kernels, values.iter().copied().skip(column).step_by(columns).collect()))
        .collect()
}

/// The columns of the gates, from the last to the first.
fn take_gates(kernels: &Kernels, builder: &mut BaseCircuitBuilder<Fr>, segments: &Segments) -> Vec<Values> {
    let threads = builder.core_mut().phase_manager.first_mut().map(|phase| take(&mut phase.threads));
    let contexts = threads.into_iter().flatten().map(|mut context| take(&mut context.advice));
    let mut contexts = Contexts::new(contexts);
    let mut columns: Vec<Values> = segments
        .ranges()
        .rev()
        .map(|range| pack(kernels, numbers(kernels, contexts.take(range).into_iter())))
        .collect();
    columns.reverse();
    columns
}

/// Values of contexts by the number of their first cell, taken from the end.
struct Contexts(BTreeMap<usize, Vec<Assigned<Fr>>>);

impl Contexts {
    fn new(contexts: impl Iterator<Item = Vec<Assigned<Fr>>>) -> Self {
        let mut first = 0;
        Self(
            contexts
                .filter(|values| !values.is_empty())
                .map(|values| {
                    first += values.len();
                    (first - values.len(), values)
                })
                .collect(),
        )
    }

    /// The values of these cells, of which only the first is asked for again.
    fn take(&mut self, range: Range<usize>) -> Vec<Assigned<Fr>> {
        let mut taken = Vec::with_capacity(range.len());
        // The cells from the middle on come before those of the contexts that follow, so these are put together
        // from the back.
        while let Some(mut entry) = self.0.last_entry()
            && taken.len() < range.len()
        {
            let (first, values) = (*entry.key(), entry.get_mut());
            let from = range.start.saturating_sub(first);
            taken.extend(values.drain(from..).rev());
            if from > 0 {
                shrink(values);
                break;
            }
            entry.remove();
        }
        taken.reverse();
        // The first cell ends the column before, too.
        if let Some(shared) = taken.first().copied()
            && range.start > 0
        {
            self.push(range.start, shared);
        }
        taken
    }

    fn push(&mut self, cell: usize, value: Assigned<Fr>) {
        match self.0.last_entry() {
            Some(mut last) if last.key() + last.get().len() == cell => last.get_mut().push(value),
            _ => _ = self.0.insert(cell, vec![value]),
        }
    }
}

/// Frees what a vector has no use for, now and then: where the allocator must copy what stays, that is a few times.
fn shrink<T>(values: &mut Vec<T>) {
    if values.len() < values.capacity() - values.capacity() / 8 {
        values.shrink_to_fit();
    }
}

/// Values with their fractions worked out; one by zero is zero.
fn numbers(kernels: &Kernels, values: impl ExactSizeIterator<Item = Assigned<Fr>>) -> Vec<Bn254Fr> {
    let (mut numbers, mut rows, mut denominators) =
        (Vec::with_capacity(values.len()), Vec::new(), Vec::new());
    for (row, value) in values.enumerate() {
        numbers.push(match value {
            Assigned::Zero => Fp::ZERO,
            Assigned::Trivial(value) => cast::from_scalar(value),
            Assigned::Rational(numerator, denominator) => {
                rows.push(row);
                denominators.push(cast::from_scalar(denominator));
                cast::from_scalar(numerator)
            }
        });
    }
    kernels.batch_invert(&mut denominators);
    rows.into_iter().zip(denominators).for_each(|(row, inverse)| numbers[row] *= inverse);
    numbers
}
