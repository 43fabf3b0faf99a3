//! Work that runs while the caller goes on.

use std::fmt;
use std::ops::DerefMut;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};

use super::WorkStealing;
use super::job::{HeapJob, Payload};
use super::latch::{Flag, Waiter, block_until};
use super::worker::Worker;
use crate::sync::Mutex;

/// Work handed in with [`WorkStealing::submit`]. Dropping this lets the work go on; its result, or
/// panic, is then dropped.
#[must_use = "the result, or a panic, comes with `wait`"]
pub struct Submission<R> {
    state: Arc<State<R>>,
}

struct State<R> {
    done: Flag,
    slot: Mutex<Slot<R>>,
}

struct Slot<R> {
    result: Option<Result<R, Payload>>,
    waiter: Option<Waiter>,
}

impl<R> State<R> {
    fn slot(&self) -> impl DerefMut<Target = Slot<R>> + '_ {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn finish(&self, result: Result<R, Payload>) {
        let mut slot = self.slot();
        slot.result = Some(result);
        self.done.set();
        let waiter = slot.waiter.take();
        drop(slot);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

impl<R: Send> Submission<R> {
    /// Whether the work has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.state.done.is_set()
    }

    /// Waits for the work and returns its result. A worker keeps working while it waits.
    ///
    /// # Errors
    /// The payload of a panic of the work.
    pub fn wait(self) -> std::thread::Result<R> {
        let state = &*self.state;
        let done = || state.done.is_set();
        Worker::with_current(|worker| {
            let waiter = match worker {
                Some(worker) => Waiter::Worker(Arc::clone(worker.shared()), worker.index()),
                None => Waiter::thread(),
            };
            // Under the lock of `finish`: either it has ended, or it sees the waiter.
            let mut slot = state.slot();
            slot.waiter = slot.result.is_none().then_some(waiter);
            drop(slot);
            match worker {
                Some(worker) => worker.work_until(done),
                None => block_until(0, done),
            }
        });
        match state.slot().result.take() {
            Some(result) => result,
            None => unreachable!("a finished submission has a result"),
        }
    }
}

impl<R> fmt::Debug for Submission<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Submission").field("done", &self.state.done.is_set()).finish()
    }
}

impl WorkStealing {
    /// Hands `work` in and goes on. It begins after older submissions, or right away if somebody
    /// is idle. Dropping the pool waits for it.
    pub fn submit<R: Send + 'static>(&self, work: impl FnOnce() -> R + Send + 'static) -> Submission<R> {
        let slot = Mutex::new(Slot { result: None, waiter: None });
        let state = Arc::new(State { done: Flag::new(), slot });
        let work = {
            let state = Arc::clone(&state);
            move || state.finish(catch_unwind(AssertUnwindSafe(work)))
        };
        if self.handle.companion.is_here() {
            // The workers may all be waiting for what is running here.
            work();
        } else {
            let sequence = self.sequence.unwrap_or_else(|| self.shared().next_sequence());
            // SAFETY: the work is 'static. It catches panics.
            self.shared().inject(unsafe { HeapJob::reference(|_| work(), sequence) });
        }
        Submission { state }
    }
}
