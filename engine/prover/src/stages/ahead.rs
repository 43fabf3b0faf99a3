//! Commitments to columns that are complete while others are still being synthesised.
//!
//! A circuit is synthesised on the thread that asked for the proof, and the other threads would have nothing to
//! do meanwhile. Circuits that fill one column after the other leave a column for good when they go on
//! to the next; nobody promises it, so a column that is written to after all is committed to anew.
//!
//! ```text
//!  Witness::assign ──▶ Outbox ──columns──▶ run ──▶ pool
//!        ▲                                  │
//!        └──────── columns, at the end ─────┤
//!  commit_phase ◀──────── commitments ──────┘
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};

use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Kernels, Projective};
use parhelion_scheduler::{Control, ExecutorExt, Interruptible, Sequential};

use crate::memory::Buffer;

/// Columns by their index.
type Columns<S> = Vec<(usize, Buffer<S>)>;

/// Where a witness leaves columns that seem to be complete.
#[derive(Debug)]
pub(crate) struct Outbox<S: FieldSpec> {
    /// Open as long as this is there.
    columns: Option<Sender<(usize, Buffer<S>)>>,
    returned: Receiver<Columns<S>>,
    enough: Arc<AtomicBool>,
}

/// Where they are committed to.
#[derive(Debug)]
pub(crate) struct Inbox<S: FieldSpec> {
    columns: Receiver<(usize, Buffer<S>)>,
    returned: Sender<Columns<S>>,
    enough: Arc<AtomicBool>,
}

/// Both ends.
pub(crate) fn boxes<S: FieldSpec>() -> (Outbox<S>, Inbox<S>) {
    let (columns, inbox) = channel();
    let (returns, returned) = channel();
    let enough = Arc::new(AtomicBool::new(false));
    let out = Outbox { columns: Some(columns), returned, enough: Arc::clone(&enough) };
    (out, Inbox { columns: inbox, returned: returns, enough })
}

impl<S: FieldSpec> Outbox<S> {
    /// Sends a column, or gives it back if nobody takes any.
    pub(crate) fn send(&self, index: usize, column: Buffer<S>) -> Result<(), Buffer<S>> {
        match &self.columns {
            Some(columns) => columns.send((index, column)).map_err(|refused| refused.0.1),
            None => Err(column),
        }
    }

    /// All columns that were sent, when those that are being committed to are done. None if that was
    /// interrupted.
    pub(crate) fn close(mut self) -> Columns<S> {
        self.end();
        self.returned.recv().unwrap_or_default()
    }

    fn end(&mut self) {
        self.enough.store(true, Ordering::Relaxed);
        self.columns = None;
    }
}

impl<S: FieldSpec> Drop for Outbox<S> {
    fn drop(&mut self) {
        self.end();
    }
}

/// Commits to columns on the threads of `kernels`, but for one, which synthesises, until the outbox is
/// closed. Returns the commitments with the indices of their columns.
pub(crate) fn run<C: CurveSpec>(
    kernels: &Kernels,
    control: &Control,
    bases: &[Affine<C>],
    inbox: Inbox<C::Scalar>,
) -> Vec<(usize, Projective<C>)> {
    let Inbox { columns, returned, enough } = inbox;
    let executor = kernels.executor();
    let alone =
        kernels.with_executor(Arc::new(Interruptible::new(Arc::new(Sequential), Some(control.clone()))));
    let (mut done, mut commitments): (Columns<C::Scalar>, _) = (Vec::new(), Vec::new());
    while let Ok(first) = columns.recv() {
        let others = columns.try_iter().take(executor.threads().saturating_sub(2));
        let batch: Columns<C::Scalar> = std::iter::once(first).chain(others).collect();
        if !enough.load(Ordering::Relaxed) {
            let commit = |position: usize| alone.msm_columns(bases, &[&*batch[position].1]);
            let sums = control.run(|| executor.enter_pool(|| executor.map(batch.len(), commit)));
            // Whoever waits for the columns finds out why there are none.
            let Ok(sums) = sums else { return Vec::new() };
            commitments.extend(batch.iter().map(|(index, _)| *index).zip(sums.into_iter().flatten()));
        }
        done.extend(batch);
    }
    // If nobody waits for them any more, they go back to the pool.
    let _ = returned.send(done);
    commitments
}
