//! Which cells go to which gate column.

use std::iter::once;
use std::ops::Range;

use ::halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use ::halo2_base::gates::flex_gate::threads::SinglePhaseCoreManager;
use halo2_axiom::halo2curves::bn256::Fr;

use super::{Columns, PackError};

/// Rows that a gate goes across.
const GATE: usize = 4;

/// The cells of all contexts, one after the other, cut into columns.
///
/// A column begins with the last cell of the one before, so that gates that overlap there find it.
#[derive(Clone, Debug)]
pub(super) struct Segments {
    /// The last row of each column but the last.
    pub(super) break_points: Vec<usize>,
    /// Cells of all contexts.
    pub(super) cells: usize,
    usable_rows: usize,
    columns: [usize; 4],
}

impl Segments {
    /// As the library cuts the builder's cells.
    pub(super) fn of(builder: &BaseCircuitBuilder<Fr>, columns: &Columns) -> Result<Self, PackError> {
        let (first, later) =
            builder.core().phase_manager.split_first().ok_or(PackError::Builder("it has no first phase"))?;
        let later_lookups = builder.lookup_manager().iter().skip(1).any(|manager| manager.total_rows() > 0);
        if later_lookups || later.iter().any(|phase| phase.total_advice() > 0) {
            return Err(PackError::Builder("it has cells in a later phase"));
        }
        let given = first.break_points.borrow().clone();
        let break_points = if builder.witness_gen_only() {
            given.ok_or(PackError::NoBreakPoints)?
        } else {
            let found = find(first, columns.usable_rows)?;
            match given {
                Some(given) if given != found => return Err(PackError::BreakPoints { given, found }),
                _ => found,
            }
        };
        let segments = Self {
            break_points,
            cells: first.total_advice(),
            usable_rows: columns.usable_rows,
            columns: kinds(columns),
        };
        segments.check(columns)?;
        Ok(segments)
    }

    /// Refuses more cells than there is room for.
    fn check(&self, columns: &Columns) -> Result<(), PackError> {
        let room = columns.gates.len() * columns.usable_rows;
        let full = self.cells > 0 && self.break_points.len() >= columns.gates.len();
        let too_long = self.ranges().any(|range| range.len() > columns.usable_rows);
        if full || too_long {
            return Err(PackError::Room { what: "cells with their break points", got: self.cells, room });
        }
        Ok(())
    }

    /// Whether these are columns for this circuit.
    pub(super) fn fit(&self, columns: &Columns) -> bool {
        self.usable_rows == columns.usable_rows && self.columns == kinds(columns)
    }

    /// The cells of each gate column, numbered through all contexts.
    pub(super) fn ranges(&self) -> impl DoubleEndedIterator<Item = Range<usize>> + ExactSizeIterator {
        let mut start = 0;
        let starts: Vec<usize> = once(0)
            .chain(self.break_points.iter().map(|last| {
                start += last;
                start
            }))
            .map(|start| start.min(self.cells))
            .collect();
        let cells = self.cells;
        let end = move |next: Option<&usize>| next.map_or(cells, |next| (next + 1).min(cells));
        (0..starts.len()).map(move |column| starts[column]..end(starts.get(column + 1)))
    }
}

/// How many columns there are of each kind.
fn kinds(columns: &Columns) -> [usize; 4] {
    [columns.gates.len(), columns.lookups.len(), columns.constants, columns.instances]
}

/// Where columns end: with the last usable row, or before a gate that would go beyond it.
fn find(phase: &SinglePhaseCoreManager<Fr>, usable_rows: usize) -> Result<Vec<usize>, PackError> {
    if usable_rows <= GATE {
        return Err(PackError::Room { what: "rows of a gate", got: GATE, room: usable_rows });
    }
    let (mut break_points, mut row) = (Vec::new(), 0);
    for context in &phase.threads {
        if context.selector.len() != context.advice.len() {
            return Err(PackError::Builder("a context has not as many selectors as cells"));
        }
        for (cell, &gate) in context.selector.iter().enumerate() {
            if (gate && row + GATE > usable_rows) || row + 1 >= usable_rows {
                if context.selector[(cell + 2).saturating_sub(GATE)..cell].iter().any(|&gate| gate) {
                    return Err(PackError::Builder("gates overlap by more than a cell"));
                }
                break_points.push(row);
                row = 0;
            }
            row += 1;
        }
    }
    Ok(break_points)
}
