//! Circuits to advice columns, phase by phase.

mod columns;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};
use std::mem::take;
use std::sync::Arc;

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};
use parhelion_scheduler::Sequential;
use smallvec::SmallVec;

use super::ahead::Outbox;
use crate::Error;
use crate::memory::{Buffer, Memory};
use crate::storage::{Stored, StoredRef};

/// A value a circuit assigns. Fractions are inverted together when their column is closed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cell<S: FieldSpec> {
    Value(Fp<S>),
    Fraction(Fp<S>, Fp<S>),
}

/// The last rows of a column: as many as fit here without the heap, for most circuits.
pub(crate) type Blinds<S> = SmallVec<[Fp<S>; 8]>;

/// Denominators by row.
type Denominators<S> = HashMap<usize, Fp<S>>;

/// Memory for the fractions of a column, passed on from the columns before.
#[derive(Debug)]
struct Fractions<S: FieldSpec> {
    idle: Vec<Denominators<S>>,
    rows: Vec<usize>,
    inverses: Vec<Fp<S>>,
}

/// The advice columns of one circuit while it is being synthesised.
///
/// Values go straight into columns of n field elements; what is never assigned stays zero. Circuits
/// fill one column after the other, or some side by side, so only so many are open at a time, and the
/// one that was left longest ago is packed. A circuit that comes back to it finds it again, and may
/// have twice as many open from then on. Where somebody is free to commit to columns ahead, those that the
/// circuit has left for a while go there before that.
#[derive(Debug)]
pub(crate) struct Witness<'m, S: FieldSpec> {
    kernels: &'m Kernels,
    /// For single columns: not worth a call to other threads.
    alone: Kernels,
    memory: &'m Memory,
    n: usize,
    usable_rows: usize,
    columns: Vec<AdviceColumn<S>>,
    /// Columns of the current phase that are open; and how many there may be.
    open: Vec<usize>,
    window: usize,
    /// Cells that were assigned so far, in any column: the time of day here.
    assigned: usize,
    /// When to look next for columns that the circuit seems to be done with, and for how long it has to have
    /// left them.
    look: usize,
    patience: usize,
    /// The column assigned to last, which is open.
    last: Option<usize>,
    fractions: Fractions<S>,
    /// What the synthesis took so far.
    pub(crate) taken: Taken,
    /// The phase that is being assigned. Columns of earlier phases are committed to.
    pub(crate) phase: u8,
    /// Challenges squeezed so far.
    pub(crate) challenges: Vec<Option<Fp<S>>>,
    /// Who commits to columns ahead of the others, if anybody does.
    outbox: Option<Outbox<'m, S>>,
    /// Columns that the circuit has turned back to since they were sent, if they were.
    pub(crate) reopened: HashSet<usize>,
}

/// What memory a synthesis took, besides columns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// Buffers of the values that the circuit may read back.
    pub(crate) cells: usize,
    /// The most columns that the circuit went back and forth between: with so many open, none is opened
    /// twice.
    pub(crate) reach: usize,
    /// Columns that were open before their phase.
    pub(crate) early: usize,
    /// Bytes of columns that were packed, and then opened again.
    pub(crate) holes: usize,
    /// The longest that the circuit left a column alone and came back to it, in cells of other columns.
    pub(crate) absence: usize,
}

/// When a cell is assigned: in the phase of its column, before, or after.
#[derive(Clone, Copy, Debug)]
enum Admitted {
    Now,
    Early,
    Committed,
}

/// How many columns may be open in the end, if there were `window` at first.
pub(crate) fn widened(window: usize, reach: usize) -> usize {
    let mut window = window.max(1);
    while window < reach {
        window *= 2;
    }
    window
}

impl Taken {
    /// The larger of both.
    pub(crate) fn max(self, other: Self) -> Self {
        Self {
            cells: self.cells.max(other.cells),
            reach: self.reach.max(other.reach),
            early: self.early.max(other.early),
            holes: self.holes.max(other.holes),
            absence: self.absence.max(other.absence),
        }
    }
}

#[derive(Debug)]
struct AdviceColumn<S: FieldSpec> {
    phase: u8,
    /// When the circuit turned from it to another column.
    left: usize,
    state: State<S>,
    /// Of the cells that were assigned fractions since the column was opened.
    denominators: Denominators<S>,
    /// The rows after the usable ones, once its phase has begun.
    blinds: Blinds<S>,
}

#[derive(Debug, Default)]
enum State<S: FieldSpec> {
    /// Nothing was assigned yet.
    #[default]
    Blank,
    Open(Buffer<S>),
    Closed(Stored<S>),
    /// Being committed to and packed, see `ahead.rs`.
    Away,
}

impl<S: FieldSpec> AdviceColumn<S> {
    /// Takes the values out, if the column is not closed.
    fn take(
        &mut self,
        (kernels, memory): (&Kernels, &Memory),
        fractions: &mut Fractions<S>,
        n: usize,
    ) -> Result<Option<Buffer<S>>, Error> {
        let mut values = match take(&mut self.state) {
            State::Open(values) => values,
            State::Blank => self.blank(memory, n)?,
            state => {
                self.state = state;
                return Ok(None);
            }
        };
        // A denominator of zero makes the cell zero.
        let Fractions { idle, rows, inverses } = fractions;
        for (row, denominator) in self.denominators.drain() {
            rows.push(row);
            inverses.push(denominator);
        }
        kernels.batch_invert(inverses);
        rows.drain(..).zip(inverses.drain(..)).for_each(|(row, inverse)| values[row] *= inverse);
        if self.denominators.capacity() > 0 {
            idle.push(take(&mut self.denominators));
        }
        Ok(Some(values))
    }

    /// The values of a column that nothing was assigned to.
    fn blank(&self, memory: &Memory, n: usize) -> Result<Buffer<S>, Error> {
        let mut values = memory.zeros(n)?;
        values[n - self.blinds.len()..].copy_from_slice(&self.blinds);
        Ok(values)
    }
}

impl<'m, S: FieldSpec> Witness<'m, S> {
    /// Blank columns of these phases, of which `window` may be open at once.
    pub(crate) fn new(
        (kernels, memory): (&'m Kernels, &'m Memory),
        column_phase: &[u8],
        challenges: usize,
        (n, usable_rows): (usize, usize),
        window: usize,
    ) -> Self {
        let column = |&phase: &u8| AdviceColumn {
            phase,
            left: 0,
            state: State::Blank,
            denominators: HashMap::new(),
            blinds: Blinds::new(),
        };
        Self {
            kernels,
            alone: kernels.with_executor(Arc::new(Sequential)),
            memory,
            n,
            usable_rows,
            columns: column_phase.iter().map(column).collect(),
            open: Vec::new(),
            window: window.max(1),
            assigned: 0,
            look: 0,
            patience: n / 2,
            last: None,
            fractions: Fractions { idle: Vec::new(), rows: Vec::new(), inverses: Vec::new() },
            taken: Taken::default(),
            phase: 0,
            challenges: vec![None; challenges],
            outbox: None,
            reopened: HashSet::new(),
        }
    }

    /// Has columns committed to ahead that the circuit seems to be done with, as far as is known from `absence`.
    pub(crate) fn send_to(&mut self, outbox: Outbox<'m, S>, absence: usize) {
        self.patience = self.patience.max(absence.saturating_add(1));
        self.outbox = Some(outbox);
    }

    /// Where the columns are kept.
    pub(crate) fn memory(&self) -> &'m Memory {
        self.memory
    }

    /// Begins the current phase with the last rows of its columns, which are as many for each.
    pub(crate) fn begin_phase(&mut self, blinds: Vec<Blinds<S>>) {
        for (index, blinds) in self.current_columns().into_iter().zip(blinds) {
            let column = &mut self.columns[index];
            if let State::Open(values) = &mut column.state {
                // The circuit was early.
                values[self.n - blinds.len()..].copy_from_slice(&blinds);
                self.open.push(index);
            }
            column.blinds = blinds;
        }
    }

    /// Sets a cell. `None` is an unknown value: an error in the columns of this phase, nothing in
    /// those of a later one. Columns that are committed to stay as they are.
    #[inline]
    pub(crate) fn assign(&mut self, column: usize, row: usize, cell: Option<Cell<S>>) -> Result<(), Error> {
        let cell = match cell {
            // Most cells are in the column of the one before.
            Some(cell) if self.last == Some(column) && row < self.usable_rows => cell,
            cell => match self.admit(column, row, cell)? {
                Some(cell) => cell,
                None => return Ok(()),
            },
        };
        self.assigned += 1;
        let AdviceColumn { state, denominators, .. } = &mut self.columns[column];
        if let State::Open(values) = state {
            values[row] = match cell {
                Cell::Value(value) => {
                    if !denominators.is_empty() {
                        denominators.remove(&row);
                    }
                    value
                }
                Cell::Fraction(numerator, denominator) => {
                    if denominators.capacity() == 0 {
                        *denominators = self.fractions.idle.pop().unwrap_or_default();
                    }
                    denominators.insert(row, denominator);
                    numerator
                }
            };
        }
        Ok(())
    }

    /// Opens the column of a cell, if it is to be set.
    fn admit(&mut self, column: usize, row: usize, cell: Option<Cell<S>>) -> Result<Option<Cell<S>>, Error> {
        match (self.admit_place(column, row)?, cell) {
            (Admitted::Committed, _) | (Admitted::Early, None) => return Ok(None),
            (Admitted::Now, None) => return Err(Error::UnknownWitness { column, row }),
            (_, Some(_)) if self.last != Some(column) => self.turn_to(column)?,
            (_, Some(_)) => {}
        }
        Ok(cell)
    }

    /// Whether there is such a cell, and what its column's phase says.
    fn admit_place(&self, column: usize, row: usize) -> Result<Admitted, Error> {
        let columns = self.columns.len();
        let Some(AdviceColumn { phase, .. }) = self.columns.get(column) else {
            return Err(Error::ColumnOutOfRange { what: "advice", column, columns });
        };
        if row >= self.usable_rows {
            return Err(Error::RowOutOfRange { what: "advice cell", row, usable: self.usable_rows });
        }
        Ok(match phase.cmp(&self.phase) {
            Ordering::Less => Admitted::Committed,
            Ordering::Equal => Admitted::Now,
            Ordering::Greater => Admitted::Early,
        })
    }

    /// Opens a column.
    fn turn_to(&mut self, index: usize) -> Result<(), Error> {
        if let Some(last) = self.last.take() {
            self.columns[last].left = self.assigned;
        }
        if self.outbox.is_some() && self.assigned >= self.look {
            self.send_idle(index)?;
        }
        let AdviceColumn { phase, left, state, .. } = &self.columns[index];
        let (current, left) = (*phase == self.phase, *left);
        if current && !matches!(state, State::Blank) {
            self.taken.absence = self.taken.absence.max(self.assigned - left);
        }
        if matches!(self.columns[index].state, State::Open(_)) {
            if current && self.taken.reach < self.open.len() {
                let since = self.open.iter().filter(|&&open| self.columns[open].left >= left);
                self.taken.reach = self.taken.reach.max(since.count());
            }
        } else {
            if current && matches!(self.columns[index].state, State::Away) {
                self.collect(|witness| matches!(witness.columns[index].state, State::Away))?;
            }
            if let (true, State::Closed(stored)) = (current, &self.columns[index].state) {
                self.reopened.insert(index);
                self.patience = self.patience.saturating_mul(2);
                self.taken.reach = self.taken.reach.max(self.open.len() + 1);
                self.taken.holes += stored.packed_bytes().unwrap_or(0);
                if self.open.len() >= self.window {
                    self.window *= 2;
                }
            }
            while current && self.open.len() >= self.window {
                self.close_oldest()?;
            }
            let column = &mut self.columns[index];
            let values = match take(&mut column.state) {
                State::Blank => column.blank(self.memory, self.n)?,
                State::Open(values) => values,
                State::Closed(stored) => stored.unpack(&self.alone, self.memory, self.n)?,
                State::Away => unreachable!("it was waited for"),
            };
            column.state = State::Open(values);
            if current {
                self.open.push(index);
            } else {
                self.taken.early += 1;
            }
        }
        self.last = Some(index);
        Ok(())
    }

    /// Where the column is among the open ones that was left longest ago.
    fn oldest(&self) -> Option<usize> {
        (0..self.open.len()).min_by_key(|&place| self.columns[self.open[place]].left)
    }

    fn close_oldest(&mut self) -> Result<(), Error> {
        let Some(place) = self.oldest() else { return Ok(()) };
        let index = self.open.swap_remove(place);
        let means = (&self.alone, self.memory);
        let Some(values) = self.columns[index].take(means, &mut self.fractions, self.n)? else {
            return Ok(());
        };
        self.columns[index].state = match self.send_ahead(index, values)? {
            None => State::Away,
            Some(values) => State::Closed(Stored::pack(&self.alone, self.memory, values)?),
        };
        Ok(())
    }

    /// Closes columns that the circuit has left long ago, other than `next`, for as many as are free to commit to
    /// them.
    fn send_idle(&mut self, next: usize) -> Result<(), Error> {
        self.look = self.assigned.saturating_add(self.patience / 8);
        self.collect(|_| false)?;
        while self.outbox.as_ref().is_some_and(Outbox::has_room)
            && let Some(oldest) = self.oldest().map(|place| self.open[place])
            && oldest != next
            && self.assigned - self.columns[oldest].left >= self.patience
        {
            self.close_oldest()?;
        }
        Ok(())
    }

    /// Sends a column to be committed to ahead of the others; gives it back if nobody is free.
    fn send_ahead(&mut self, index: usize, values: Buffer<S>) -> Result<Option<Buffer<S>>, Error> {
        self.collect(|_| false)?;
        let Some(outbox) = &mut self.outbox else { return Ok(Some(values)) };
        let refused = outbox.send(index, values).err();
        if refused.is_none() {
            self.reopened.remove(&index);
        }
        Ok(refused)
    }

    /// Closes the columns that have come back; waits for more as long as asked to.
    fn collect(&mut self, wait: impl Fn(&Self) -> bool) -> Result<(), Error> {
        loop {
            let wait = wait(self);
            let Some(outbox) = &mut self.outbox else { return Ok(()) };
            let Some((index, stored)) = outbox.receive(wait)? else { return Ok(()) };
            self.columns[index].state = State::Closed(stored);
        }
    }

    /// Closes all columns of the current phase.
    pub(crate) fn close(&mut self) -> Result<(), Error> {
        self.last = None;
        self.open.clear();
        for indices in self.current_columns().chunks(self.window) {
            let (mut closed, mut columns) = (Vec::new(), Vec::new());
            for &index in indices {
                let (tools, fractions) = ((self.kernels, self.memory), &mut self.fractions);
                if let Some(values) = self.columns[index].take(tools, fractions, self.n)? {
                    closed.push(index);
                    columns.push(values);
                }
            }
            let stored = Stored::pack_all(self.kernels, self.memory, columns)?;
            for (index, stored) in closed.into_iter().zip(stored) {
                self.columns[index].state = State::Closed(stored);
            }
        }
        self.collect(|_| true)
    }

    /// Ends the current phase.
    pub(crate) fn end(&mut self) -> Result<(), Error> {
        self.close()?;
        self.phase += 1;
        Ok(())
    }

    /// Whether the current phase is one of the circuit's, rather than past its last.
    pub(crate) fn has_phase(&self) -> bool {
        self.columns
            .iter()
            .map(|column| column.phase)
            .max()
            .map_or(self.phase == 0, |last| self.phase <= last)
    }

    /// Indices of the columns of the current phase, ascending.
    pub(crate) fn current_columns(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&column| self.columns[column].phase == self.phase).collect()
    }

    /// How many columns there are.
    #[cfg(feature = "zcash")]
    pub(crate) fn columns(&self) -> usize {
        self.columns.len()
    }

    /// The closed columns of the current phase, with their indices, ascending.
    pub(crate) fn closed(&self) -> impl Iterator<Item = (usize, StoredRef<'_, S>)> {
        let current = self.columns.iter().enumerate().filter(|(_, column)| column.phase == self.phase);
        current.filter_map(|(index, column)| match &column.state {
            State::Closed(stored) => Some((index, stored.view())),
            State::Blank | State::Open(_) | State::Away => None,
        })
    }

    /// The columns, all of which are closed.
    pub(crate) fn into_columns(self) -> Vec<Stored<S>> {
        self.columns
            .into_iter()
            .map(|column| match column.state {
                State::Closed(stored) => stored,
                State::Open(values) => Stored::Plain(values),
                State::Blank | State::Away => unreachable!("every phase of a circuit is closed when it ends"),
            })
            .collect()
    }
}

/// Called when a circuit says, in the middle of its synthesis, that its current phase is complete.
pub(crate) type EndPhase<'a, S> = &'a mut dyn FnMut(&mut Witness<'_, S>) -> Result<(), Error>;

/// Circuits that can be synthesised.
pub(crate) trait Circuits<S: FieldSpec> {
    /// How many circuits the proof is about.
    fn count(&self) -> usize;

    /// Synthesises one circuit into `witness`. Without `end_phase` the circuit is only asked for
    /// the current phase, and runs on with the later challenges unknown.
    fn synthesize(
        &self,
        circuit: usize,
        witness: &mut Witness<'_, S>,
        end_phase: Option<EndPhase<'_, S>>,
    ) -> Result<(), Error>;

    /// The same circuits, if several threads may synthesise them at once.
    fn shared(&self) -> Option<&(dyn Circuits<S> + Sync)> {
        None
    }
}
