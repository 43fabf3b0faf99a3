//! Circuits to advice columns, phase by phase.

use std::collections::HashMap;
use std::mem::take;

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};

use crate::Error;
use crate::memory::{Buffer, Memory};
use crate::storage::Stored;

/// A value a circuit assigns. Fractions are inverted together when their phase ends.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<S: FieldSpec> {
    Value(Fp<S>),
    Fraction(Fp<S>, Fp<S>),
}

/// The advice columns of one circuit while it is being synthesised.
///
/// Values go straight into columns of n field elements; what is never assigned stays zero.
#[derive(Debug)]
pub(crate) struct Witness<S: FieldSpec> {
    /// Empty once committed to.
    columns: Vec<Buffer<S>>,
    /// Columns that are committed to.
    stored: Vec<Option<Stored<S>>>,
    column_phase: Vec<u8>,
    usable_rows: usize,
    /// Denominators of the cells that were assigned fractions, per column.
    denominators: Vec<HashMap<usize, Fp<S>>>,
    /// The phase that is being assigned. Columns of earlier phases are committed to.
    pub(crate) phase: u8,
    /// Challenges squeezed so far.
    pub(crate) challenges: Vec<Option<Fp<S>>>,
}

impl<S: FieldSpec> Witness<S> {
    pub(crate) fn new(
        memory: &Memory,
        column_phase: &[u8],
        challenges: usize,
        n: usize,
        usable_rows: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            columns: column_phase.iter().map(|_| memory.zeros(n)).collect::<Result<_, _>>()?,
            stored: column_phase.iter().map(|_| None).collect(),
            column_phase: column_phase.to_vec(),
            usable_rows,
            denominators: vec![HashMap::new(); column_phase.len()],
            phase: 0,
            challenges: vec![None; challenges],
        })
    }

    /// Sets a cell. `None` is an unknown value: an error in the columns of this phase, nothing in
    /// those of a later one. Columns that are committed to stay as they are.
    pub(crate) fn assign(&mut self, column: usize, row: usize, cell: Option<Cell<S>>) -> Result<(), Error> {
        let columns = self.columns.len();
        let Some(&phase) = self.column_phase.get(column) else {
            return Err(Error::ColumnOutOfRange { what: "advice", column, columns });
        };
        if row >= self.usable_rows {
            return Err(Error::RowOutOfRange { what: "advice cell", row, usable: self.usable_rows });
        }
        if phase < self.phase {
            return Ok(());
        }
        let value = match cell {
            None if phase > self.phase => return Ok(()),
            None => return Err(Error::UnknownWitness { column, row }),
            Some(Cell::Value(value)) => {
                let denominators = &mut self.denominators[column];
                if !denominators.is_empty() {
                    denominators.remove(&row);
                }
                value
            }
            Some(Cell::Fraction(numerator, denominator)) => {
                self.denominators[column].insert(row, denominator);
                numerator
            }
        };
        self.columns[column][row] = value;
        Ok(())
    }

    /// Whether the current phase is one of the circuit's, rather than past its last.
    pub(crate) fn has_phase(&self) -> bool {
        self.column_phase.iter().max().map_or(self.phase == 0, |&last| self.phase <= last)
    }

    /// Indices of the columns of the current phase, ascending.
    pub(crate) fn current_columns(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&column| self.column_phase[column] == self.phase).collect()
    }

    /// How many columns there are.
    #[cfg(feature = "zcash")]
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    pub(crate) fn column(&self, index: usize) -> &[Fp<S>] {
        &self.columns[index]
    }

    pub(crate) fn column_mut(&mut self, index: usize) -> &mut [Fp<S>] {
        &mut self.columns[index]
    }

    /// Divides the fractions of the current phase out, with one inversion. A denominator of zero
    /// makes the cell zero.
    pub(crate) fn resolve_fractions(&mut self, kernels: &Kernels) {
        let cells: Vec<(usize, usize)> = self
            .current_columns()
            .into_iter()
            .flat_map(|column| self.denominators[column].keys().map(move |&row| (column, row)))
            .collect();
        let mut inverses: Vec<Fp<S>> =
            cells.iter().map(|(column, row)| self.denominators[*column][row]).collect();
        kernels.batch_invert(&mut inverses);
        for ((column, row), inverse) in cells.into_iter().zip(inverses) {
            self.columns[column][row] *= inverse;
        }
        for column in self.current_columns() {
            self.denominators[column] = HashMap::new();
        }
    }

    /// Ends the current phase: its columns will not change any more.
    pub(crate) fn end_phase(&mut self, kernels: &Kernels, memory: &Memory) -> Result<(), Error> {
        let current = self.current_columns();
        let columns = current.iter().map(|&column| take(&mut self.columns[column])).collect();
        for (column, stored) in current.into_iter().zip(Stored::pack_all(kernels, memory, columns)?) {
            self.stored[column] = Some(stored);
        }
        self.phase += 1;
        Ok(())
    }

    pub(crate) fn into_columns(self) -> Vec<Stored<S>> {
        let columns = self.columns.into_iter().zip(self.stored);
        columns.map(|(column, stored)| stored.unwrap_or_else(|| Stored::Plain(column))).collect()
    }
}

/// Called when a circuit says, in the middle of its synthesis, that its current phase is complete.
pub(crate) type EndPhase<'a, S> = &'a mut dyn FnMut(&mut Witness<S>) -> Result<(), Error>;

/// Circuits that can be synthesised.
pub(crate) trait Circuits<S: FieldSpec> {
    /// How many circuits the proof is about.
    fn count(&self) -> usize;

    /// Synthesises one circuit into `witness`. Without `end_phase` the circuit is only asked for
    /// the current phase, and runs on with the later challenges unknown.
    fn synthesize(
        &self,
        circuit: usize,
        witness: &mut Witness<S>,
        end_phase: Option<EndPhase<'_, S>>,
    ) -> Result<(), Error>;
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_allocators::Pool;
    use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec};

    fn value(v: u64) -> Bn254Fr {
        Fp::from_u64(v)
    }

    fn witness() -> Witness<Bn254FrSpec> {
        Witness::new(&Memory::new(Pool::default().workspace(), 3), &[0, 1], 1, 8, 4).unwrap()
    }

    #[test]
    fn the_last_assignment_of_a_cell_counts() {
        let mut w = witness();
        w.assign(0, 0, Some(Cell::Fraction(value(6), value(3)))).unwrap();
        w.assign(0, 1, Some(Cell::Fraction(value(6), value(3)))).unwrap();
        w.assign(0, 1, Some(Cell::Value(value(6)))).unwrap();
        w.assign(0, 2, Some(Cell::Value(value(9)))).unwrap();
        w.assign(0, 2, Some(Cell::Fraction(value(9), Fp::ZERO))).unwrap();
        w.resolve_fractions(&Kernels::sequential());
        assert_eq!(w.column(0)[..4], [value(2), value(6), Fp::ZERO, Fp::ZERO]);
    }

    #[test]
    fn bad_cells_are_errors() {
        let mut w = witness();
        assert!(matches!(w.assign(2, 0, None), Err(Error::ColumnOutOfRange { column: 2, columns: 2, .. })));
        assert!(matches!(w.assign(0, 4, None), Err(Error::RowOutOfRange { row: 4, usable: 4, .. })));
        assert!(matches!(w.assign(0, 3, None), Err(Error::UnknownWitness { column: 0, row: 3 })));
        assert!(w.assign(1, 3, None).is_ok(), "a later phase may still be unknown");
    }

    #[test]
    fn committed_columns_stay() {
        let mut w = witness();
        w.assign(0, 0, Some(Cell::Value(value(1)))).unwrap();
        w.phase = 1;
        w.assign(0, 0, Some(Cell::Value(value(2)))).unwrap();
        assert_eq!(w.column(0)[0], value(1));
    }
}
