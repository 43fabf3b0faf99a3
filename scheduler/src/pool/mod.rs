//! The work-stealing pool. Its protocols are in `README.md` beside this file.

mod builder;
mod call;
mod companion;
mod executor;
mod fork;
mod frames;
mod gate;
mod injector;
mod job;
mod join;
mod latch;
mod loops;
mod record;
mod scope;
mod search;
mod shared;
mod sleep;
mod submit;
mod worker;

#[cfg(all(test, loom))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

pub use builder::Builder;
pub use gate::{Gate, Pass};
pub use loops::Grain;
pub use record::{Event, EventKind, Record};
pub use scope::Scope;
pub use submit::Submission;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use companion::Companion;
use shared::Shared;
use worker::{Sharing, Worker};

use crate::Error;

/// A pool of worker threads that steal work from each other, each pinned to a CPU.
///
/// Clones share the same threads. Dropping the last clone waits until all submitted work has
/// ended and joins every thread; if a worker drops it, the threads end by themselves. Several pools live
/// side by side, and nothing global is touched.
///
/// All calls may be made from any thread. From outside of the pool they hand their work in and
/// block (a small loop is done on the spot, see [`Grain`]); a worker keeps working while it waits. So
/// a caller with many calls to make moves into the pool once, with [`enter`](Self::enter).
#[derive(Clone, Debug)]
pub struct WorkStealing {
    handle: Arc<Handle>,
    /// The submission that calls through this handle belong to; `None` for one each.
    sequence: Option<u64>,
}

/// Owns the threads.
#[derive(Debug)]
struct Handle {
    shared: Arc<Shared>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    places: Vec<Option<usize>>,
    companion: Companion,
}

impl WorkStealing {
    /// Starts a pool of `threads` threads with the default settings.
    ///
    /// # Errors
    /// As for [`Builder::build`].
    pub fn new(threads: usize) -> Result<Self, Error> {
        Self::builder().threads(threads).build()
    }

    /// Settings for a pool.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A handle with a place in the queue: everything called through it (and its clones) from outside
    /// belongs to one submission. Workers take what belongs to the oldest submission first, so that of
    /// several long computations on one pool the first is finished first.
    #[must_use]
    pub fn in_line(&self) -> Self {
        Self { handle: Arc::clone(&self.handle), sequence: Some(self.shared().next_sequence()) }
    }

    /// The number of workers.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.shared().threads()
    }

    /// The CPU that each worker was to be pinned to.
    #[must_use]
    pub fn placement(&self) -> &[Option<usize>] {
        &self.handle.places
    }

    /// The worker of this pool that the calling thread is, counted from 0.
    #[must_use]
    pub fn current_worker(&self) -> Option<usize> {
        Worker::with_current(|worker| self.own(worker).map(Worker::index))
    }

    /// Takes out the events since the last call: empty unless [`Builder::record`] was set.
    #[must_use]
    pub fn take_record(&self) -> Record {
        self.shared().recorder.as_ref().map(record::Recorder::take).unwrap_or_default()
    }

    /// Runs two closures, possibly at once, and returns both results.
    ///
    /// On a worker this costs a few nanoseconds unless the second is stolen. While all workers are
    /// busy the second may be kept private until this worker passes another join; [`Executor::run_pair`](crate::Executor::run_pair)
    /// shows it at once, at some ten nanoseconds. If one panics,
    /// the call ends when both have; if the first panics before anybody began the second,
    /// that is dropped.
    #[inline]
    pub fn join<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        self.join_sharing(Sharing::OnDemand, a, b)
    }

    #[inline]
    fn join_sharing<A: Send, B: Send>(
        &self,
        sharing: Sharing,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        Worker::with_current(|worker| match self.own(worker) {
            Some(worker) => join::join(worker, sharing, |_| a(), |_| b()),
            None => self.join_from_outside(a, b),
        })
    }

    #[cold]
    fn join_from_outside<A: Send, B: Send>(
        &self,
        a: impl FnOnce() -> A + Send,
        b: impl FnOnce() -> B + Send,
    ) -> (A, B) {
        match self.handle.companion.is_here() {
            true => rayon::join(a, b),
            false => self.on_worker(|worker| join::join(worker, Sharing::Always, |_| a(), |_| b())),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.handle.shared
    }

    /// `worker` if it belongs to this pool.
    #[inline]
    fn own<'a>(&self, worker: Option<&'a Worker>) -> Option<&'a Worker> {
        worker.filter(|worker| Arc::ptr_eq(worker.shared(), self.shared()))
    }
}

/// The worker that the calling thread is, of whichever pool.
pub(crate) fn worker_index() -> Option<usize> {
    Worker::with_current(|worker| worker.map(Worker::index))
}

impl Handle {
    fn threads(&self) -> MutexGuard<'_, Vec<JoinHandle<()>>> {
        self.threads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        self.shared.terminate();
        let here = Worker::with_current(|worker| {
            worker.is_some_and(|worker| Arc::ptr_eq(worker.shared(), &self.shared))
        });
        // Others may be waiting for what this worker is doing.
        if !here {
            join_all(std::mem::take(&mut *self.threads()));
        }
    }
}

/// Joins `threads`.
fn join_all(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        // Workers do not unwind: jobs carry their panics to whoever waits for them.
        let _ = thread.join();
    }
}
