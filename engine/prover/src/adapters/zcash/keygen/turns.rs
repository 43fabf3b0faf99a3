//! Fixed values of a circuit that several threads ask for by turns.
//!
//! A circuit is a sequence of regions, the same on each thread that synthesises it. The first thread that gets to
//! a region takes it: it asks for the values of its fixed cells and notes them, while the others go by.
//! Put in order, the notes of all threads are what one thread would have been told. What follows a region
//! belongs to it: floor planners fill the rest of a table's columns after they have left it.

use std::sync::atomic::{AtomicUsize, Ordering};

use halo2_proofs::plonk::{Assigned, Column, Fixed};

/// What a circuit does to a fixed column.
pub(super) enum Note<F> {
    /// Sets the cell of a row.
    Cell(Column<Fixed>, usize, Assigned<F>),
    /// Sets all cells from a row on.
    Fill(Column<Fixed>, usize, Assigned<F>),
}

/// The regions that one thread takes.
pub(super) struct Turns<'a, F> {
    /// The next region that nobody has taken.
    next: &'a AtomicUsize,
    /// Which region this thread is in; what comes before the first is region 0.
    region: usize,
    taking: bool,
    notes: Vec<(usize, Note<F>)>,
}

impl<'a, F> Turns<'a, F> {
    /// Of a thread at the beginning of a circuit.
    pub(super) fn new(next: &'a AtomicUsize) -> Self {
        let mut turns = Self { next, region: 0, taking: false, notes: Vec::new() };
        turns.take();
        turns
    }

    /// Goes on to the next region.
    pub(super) fn advance(&mut self) {
        self.region += 1;
        self.take();
    }

    /// Takes this region, unless somebody has. All those before are taken: this thread has gone through them.
    fn take(&mut self) {
        let (this, next) = (self.region, self.region + 1);
        self.taking = self.next.compare_exchange(this, next, Ordering::Relaxed, Ordering::Relaxed).is_ok();
    }

    /// Whether the values of this region are this thread's to ask for.
    pub(super) fn is_taking(&self) -> bool {
        self.taking
    }

    pub(super) fn note(&mut self, note: Note<F>) {
        self.notes.push((self.region, note));
    }

    /// What was noted, by region.
    pub(super) fn into_notes(self) -> Vec<(usize, Note<F>)> {
        self.notes
    }
}
