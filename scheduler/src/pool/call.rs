//! Getting onto a worker from wherever the caller is.

use std::sync::Arc;
use std::time::Duration;

use super::WorkStealing;
use super::fork::{Fork, OnRayon};
use super::job::{CallJob, JobRef};
use super::latch::{Waiter, block_until, wait_for};
use super::shared::Shared;
use super::worker::Worker;
use crate::interrupt;

/// How often a caller that may be interrupted looks whether it has been.
const LOOK: Duration = Duration::from_millis(10);

/// How work is handed in.
type Inject = fn(&Shared, JobRef);

impl WorkStealing {
    /// Runs `work` on a worker and returns its result. Calls made by `work` need no
    /// hand-over.
    ///
    /// # Panics
    /// If `work` does, with its payload. So do all calls of this type.
    pub fn enter<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self.handle.companion.is_here() {
            true => work(),
            false => self.on_worker(|_| work()),
        }
    }

    /// As [`enter`](Self::enter), for work that lasts, or that waits at a [`Gate`](crate::Gate): only a worker that
    /// waits for nothing begins it, so that nothing is ever below it that cannot go on until it ends. There are
    /// never more of such works at once than workers. On a worker of this pool it runs right there.
    pub fn enter_apart<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        match self.handle.companion.is_here() {
            true => work(),
            false => self.on_worker_of(Shared::inject_apart, |_| work()),
        }
    }

    /// Runs `work` on a worker of this pool: here, if the caller is one.
    pub(super) fn on_worker<R: Send>(&self, work: impl FnOnce(&Worker) -> R + Send) -> R {
        self.on_worker_of(Shared::inject, work)
    }

    /// The same with another way to hand it in.
    fn on_worker_of<R: Send>(&self, inject: Inject, work: impl FnOnce(&Worker) -> R + Send) -> R {
        Worker::with_current(|current| match self.own(current) {
            Some(worker) => work(worker),
            None => self.call(current, inject, work),
        })
    }

    /// Hands `work` in and waits. A worker of another pool works for that pool meanwhile.
    #[cold]
    fn call<R: Send>(
        &self,
        current: Option<&Worker>,
        inject: Inject,
        work: impl FnOnce(&Worker) -> R + Send,
    ) -> R {
        let shared = self.shared();
        let waiter = match current {
            Some(worker) => Waiter::Worker(Arc::clone(worker.shared()), worker.index()),
            None => Waiter::thread(),
        };
        let sequence = self.sequence.unwrap_or_else(|| shared.next_sequence());
        let job = CallJob::new(work, waiter, sequence);
        // SAFETY: the job stays in place until it is done, and this is the only reference.
        inject(shared, unsafe { job.reference() });
        let done = || job.done().is_set();
        match (current, interrupt::current()) {
            (Some(worker), _) => worker.work_until(done),
            (None, None) => block_until(shared.spin.hot, done),
            // Work that has begun passes checkpoints of its own. What nobody has begun is taken back: it
            // may lie behind much older work.
            (None, Some(control)) => {
                while !wait_for(shared.spin.hot, LOOK, done) {
                    if let Err(interruption) = control.check()
                        && interrupt::CAN_LEAVE
                        && !std::thread::panicking()
                        && shared.take_back(|other| job.is(other))
                    {
                        interrupt::leave(interruption);
                    }
                }
            }
        }
        // SAFETY: both ways of waiting end when the flag is set.
        unsafe { job.result() }
    }

    /// Runs `work` with whatever the calling thread can fork with; outside, moves into the pool.
    pub(super) fn fork<R: Send>(&self, work: impl ForkWork<R> + Send) -> R {
        match self.handle.companion.is_here() {
            true => work.run(&OnRayon),
            false => self.on_worker(|worker| work.run(worker)),
        }
    }
}

/// Work that forks, on whatever pool it finds itself.
pub(super) trait ForkWork<R> {
    fn run(self, fork: &impl Fork) -> R;
}
