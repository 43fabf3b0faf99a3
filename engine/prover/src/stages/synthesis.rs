//! Circuits to advice columns, phase by phase.

use std::collections::HashMap;
use std::mem::take;

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};

use super::ahead::Outbox;
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
    /// Who commits to columns ahead of the others, if anybody does.
    pub(crate) outbox: Option<Outbox<S>>,
    /// The cell that was assigned last.
    last: (usize, usize),
    /// A column that was left near its end, and whether that is some time ago.
    left: Option<(usize, bool)>,
    /// Columns that were written to after they had been sent.
    pub(crate) rewritten: Vec<usize>,
}

/// A column that is left for another in its last rows may be complete.
const LAST_ROWS: usize = 64;

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
            outbox: None,
            last: (0, 0),
            left: None,
            rewritten: Vec::new(),
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
        if column != self.last.0 {
            self.change_column(column);
        }
        self.last = (column, row);
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
        // A column that was sent and did not come back belongs to a proof that ends.
        if let Some(cell) = self.columns[column].get_mut(row) {
            *cell = value;
        }
        Ok(())
    }

    /// The circuit goes on in another column.
    fn change_column(&mut self, column: usize) {
        let (before, row) = self.last;
        if self.columns[column].is_empty() {
            // It was left, but not for good.
            self.rewritten.push(column);
            self.take_back();
        }
        match self.left {
            Some((left, _)) if left == column => self.left = None,
            _ if row + LAST_ROWS >= self.usable_rows && self.column_phase[before] == self.phase => {
                self.left = Some((before, false));
            }
            _ => {}
        }
    }

    /// Called every few hundred cells: sends a column that was left at least that long ago.
    pub(crate) fn look_ahead(&mut self) {
        let Some(outbox) = &self.outbox else { return };
        match self.left {
            Some((column, true)) if self.denominators[column].is_empty() => {
                if let Err(refused) = outbox.send(column, take(&mut self.columns[column])) {
                    self.columns[column] = refused;
                    self.outbox = None;
                }
                self.left = None;
            }
            Some((column, false)) => self.left = Some((column, true)),
            _ => {}
        }
    }

    /// Puts the columns that were sent back into their places. No more are sent.
    pub(crate) fn take_back(&mut self) {
        let Some(outbox) = self.outbox.take() else { return };
        for (index, column) in outbox.close() {
            self.columns[index] = column;
        }
    }

    /// Whether the current phase is one of the circuit's, rather than past its last.
    pub(crate) fn has_phase(&self) -> bool {
        self.column_phase.iter().max().map_or(self.phase == 0, |&last| self.phase <= last)
    }

    /// Indices of the columns of the current phase, ascending.
    pub(crate) fn current_columns(&self) -> Vec<usize> {
        self.columns_of(self.phase)
    }

    /// Indices of the columns of a phase, ascending.
    pub(crate) fn columns_of(&self, phase: u8) -> Vec<usize> {
        (0..self.columns.len()).filter(|&column| self.column_phase[column] == phase).collect()
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
    fn a_column_that_is_left_is_sent_and_comes_back() {
        let memory = Memory::new(Pool::default().workspace(), 3);
        let mut w = Witness::new(&memory, &[0, 0, 0], 0, 8, 6).unwrap();
        let (outbox, inbox) = crate::stages::ahead::boxes::<Bn254FrSpec>();
        w.outbox = Some(outbox);
        let fill = |w: &mut Witness<_>, column, with| {
            (0..6).for_each(|row| w.assign(column, row, Some(Cell::Value(value(with)))).unwrap());
        };
        fill(&mut w, 0, 5);
        fill(&mut w, 1, 6);
        w.look_ahead();
        assert_eq!(w.column(0).len(), 8, "not yet");
        w.look_ahead();
        assert_eq!(w.column(0).len(), 0, "sent");
        let kernels = Kernels::sequential();
        std::thread::scope(|scope| {
            let bases = vec![parhelion_field_kernels::Bn254G1Affine::generator(); 8];
            let (kernels, control) = (&kernels, parhelion_scheduler::Control::default());
            let ahead =
                scope.spawn(move || crate::stages::ahead::run(kernels, &control, &bases, inbox).len());
            // The circuit comes back to it.
            fill(&mut w, 0, 7);
            assert!(ahead.join().unwrap() <= 1);
        });
        assert_eq!((w.column(0)[..6].to_vec(), w.rewritten.clone()), (vec![value(7); 6], vec![0]));
        assert_eq!(w.column(1)[..6], [value(6); 6]);
        fill(&mut w, 2, 1);
        (0..3).for_each(|_| w.look_ahead());
        assert_eq!(w.column(1).len(), 8, "once bitten");
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
