//! Commitments to columns that are complete while others are still being synthesised.
//!
//! A circuit is synthesised on the thread that asked for the proof, and the executor's threads would have nothing to
//! do meanwhile. So a column that the witness closes is committed to and packed there, if one of them is free. A circuit may
//! turn back to it all the same: then it is committed to anew.
//!
//! ```text
//!  Witness::close_oldest ──values──▶ a task of the executor's
//!        ▲                             │
//!        ├──────── packed column ──────┤
//!  commit_phase ◀──── commitment ──────┘
//! ```

use std::collections::HashMap;
use std::fmt;
use std::mem::take;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use parhelion_field_kernels::{CurveSpec, FieldSpec, Kernels, Projective};
use parhelion_scheduler::{Spawn, checkpoint};

use crate::Error;
use crate::memory::Buffer;
use crate::session::Tools;
use crate::storage::Stored;

/// A column with its number, packed.
type Returned<S> = Result<(usize, Stored<S>), Error>;

/// Commitments by the numbers of their columns.
#[derive(Debug)]
pub(crate) struct Commitments<C: CurveSpec>(Mutex<HashMap<usize, Projective<C>>>);

impl<C: CurveSpec> Default for Commitments<C> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<C: CurveSpec> Commitments<C> {
    fn insert(&self, column: usize, commitment: Projective<C>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(column, commitment);
    }

    /// Those that are new.
    pub(crate) fn take(&self) -> HashMap<usize, Projective<C>> {
        take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Where a witness leaves columns, and gets them back from.
pub(crate) struct Outbox<'a, S: FieldSpec> {
    send: Box<dyn Fn(usize, Buffer<S>) + Send + 'a>,
    /// Does what was sent and nobody has begun; false if there is nothing.
    help: Box<dyn Fn() -> bool + Send + 'a>,
    returned: Receiver<Returned<S>>,
    /// Columns that are away, and how many may be.
    away: usize,
    most: usize,
}

/// An outbox of which `most` columns are committed to and packed at a time, by tasks that go to `aside`. `alone` are
/// kernels for one thread.
pub(crate) fn outbox<'a, 'scope: 'a, C: CurveSpec>(
    aside: &'a dyn Spawn<'scope>,
    tools: Tools<'scope, C>,
    alone: &'scope Kernels,
    commitments: &'scope Commitments<C>,
    most: usize,
) -> Outbox<'a, C::Scalar> {
    let (returns, returned) = channel();
    let send = move |index, values: Buffer<C::Scalar>| {
        let mut back = Back { returns: Some(returns.clone()) };
        aside.spawn(Box::new(move || {
            if let [commitment] = alone.msm_columns(tools.key.lagrange_bases, &[&*values])[..] {
                commitments.insert(index, commitment);
            }
            back.send(Stored::pack(alone, tools.memory, values).map(|stored| (index, stored)));
        }));
    };
    Outbox { send: Box::new(send), help: Box::new(move || aside.help()), returned, away: 0, most }
}

/// The way back of one column.
struct Back<S: FieldSpec> {
    returns: Option<Sender<Returned<S>>>,
}

impl<S: FieldSpec> Back<S> {
    fn send(&mut self, column: Returned<S>) {
        if let Some(returns) = self.returns.take() {
            // Nobody waits for it where the proof has failed.
            let _ = returns.send(column);
        }
    }
}

impl<S: FieldSpec> Drop for Back<S> {
    /// Nobody waits for a column that does not come back: what its task was left with is on its way to the caller.
    fn drop(&mut self) {
        self.send(Err(Error::Cancelled));
    }
}

/// How long to wait for a column before looking whether the proof should end.
const LOOK: Duration = Duration::from_millis(10);

impl<S: FieldSpec> Outbox<'_, S> {
    /// Whether somebody is free to take a column.
    pub(crate) fn has_room(&self) -> bool {
        self.away < self.most
    }

    /// Sends a column, or gives it back if nobody is free to take it.
    pub(crate) fn send(&mut self, index: usize, column: Buffer<S>) -> Result<(), Buffer<S>> {
        if !self.has_room() {
            return Err(column);
        }
        self.away += 1;
        (self.send)(index, column);
        Ok(())
    }

    /// A column that has come back; waits for one if asked to. None if there is none to wait for.
    pub(crate) fn receive(&mut self, wait: bool) -> Result<Option<(usize, Stored<S>)>, Error> {
        let returned = loop {
            match self.returned.try_recv() {
                Ok(returned) => break returned,
                Err(_) if !wait || self.away == 0 => return Ok(None),
                Err(_) => {}
            }
            if !(self.help)()
                && let Ok(returned) = self.returned.recv_timeout(LOOK)
            {
                break returned;
            }
            checkpoint();
        };
        self.away -= 1;
        returned.map(Some)
    }
}

impl<S: FieldSpec> fmt::Debug for Outbox<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outbox").field("away", &self.away).field("most", &self.most).finish_non_exhaustive()
    }
}
