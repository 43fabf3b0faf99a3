//! Any number of tasks that borrow from the frame that waits for them.

use std::fmt;
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, PoisonError};

use super::WorkStealing;
use super::job::{HeapJob, Payload};
use super::shared::Shared;
use super::worker::Worker;
use crate::sync::{AtomicUsize, Mutex, Ordering};

/// Tasks that are waited for together, see [`WorkStealing::scope`].
pub struct Scope<'scope> {
    /// `None` if tasks run where they are spawned.
    shared: Option<Arc<Shared>>,
    /// The worker that waits.
    owner: usize,
    sequence: u64,
    /// Tasks that have not ended, and the body.
    pending: AtomicUsize,
    panic: Mutex<Option<Payload>>,
    /// Invariant: what tasks borrow must live exactly as long as the caller says.
    marker: PhantomData<Box<dyn FnOnce(&Scope<'scope>) + Send + Sync + 'scope>>,
}

impl<'scope> Scope<'scope> {
    fn new(shared: Option<Arc<Shared>>, owner: usize, sequence: u64) -> Self {
        let (pending, panic) = (AtomicUsize::new(1), Mutex::new(None));
        Self { shared, owner, sequence, pending, panic, marker: PhantomData }
    }

    /// Adds a task, which may add more. It may begin at once, on any worker.
    pub fn spawn(&self, task: impl FnOnce(&Scope<'scope>) + Send + 'scope) {
        let Some(shared) = &self.shared else {
            return self.guard(|| task(self));
        };
        self.pending.fetch_add(1, Ordering::Relaxed);
        let scope = Shareable(self);
        let work = move |worker: &Worker| {
            let scope = scope;
            // SAFETY: the scope is not left before `pending` is zero, and this task is counted.
            let scope = unsafe { &*scope.0 };
            scope.guard(|| task(scope));
            scope.end(worker.shared());
        };
        // SAFETY: what the task borrows lives as long as `'scope`, which ends after the scope has been left.
        let job = unsafe { HeapJob::reference(work, self.sequence) };
        Worker::with_current(|worker| match worker {
            Some(worker) if Arc::ptr_eq(worker.shared(), shared) => worker.spawn(job),
            _ => shared.inject(job),
        });
    }

    /// Runs `work` and keeps the first panic.
    fn guard(&self, work: impl FnOnce()) {
        if let Err(payload) = catch_unwind(AssertUnwindSafe(work)) {
            self.panic.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(payload);
        }
    }

    /// One task fewer. After the last one the scope may be gone.
    fn end(&self, shared: &Shared) {
        let owner = self.owner;
        if self.pending.fetch_sub(1, Ordering::AcqRel) == 1 {
            shared.sleep.notify(owner);
        }
    }
}

/// A scope as seen by its tasks.
struct Shareable<'a>(*const Scope<'a>);

// SAFETY: a scope holds atomics, a mutex over a `Send` payload and shared state: it is `Sync`.
unsafe impl Send for Shareable<'_> {}

impl fmt::Debug for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("pending", &self.pending).finish_non_exhaustive()
    }
}

impl WorkStealing {
    /// Runs `body` on a worker and returns its result when all tasks that it spawned, and those that they
    /// spawned, have ended. The first panic goes on here, after that.
    ///
    /// ```
    /// let pool = parhelion_scheduler::WorkStealing::new(2)?;
    /// let mut halves = [0, 0];
    /// let [left, right] = &mut halves;
    /// pool.scope(|scope| {
    ///     scope.spawn(|_| *left = 1);
    ///     scope.spawn(|_| *right = 2);
    /// });
    /// assert_eq!(halves, [1, 2]);
    /// # Ok::<(), parhelion_scheduler::Error>(())
    /// ```
    pub fn scope<'scope, R: Send>(&self, body: impl FnOnce(&Scope<'scope>) -> R + Send) -> R {
        if self.handle.companion.is_here() {
            return finish(&Scope::new(None, 0, 0), body, |_| {});
        }
        self.on_worker(|worker| {
            let shared = worker.shared();
            let scope = Scope::new(Some(Arc::clone(shared)), worker.index(), worker.sequence());
            finish(&scope, body, |scope| {
                scope.end(shared);
                worker.work_until(|| scope.pending.load(Ordering::Acquire) == 0);
            })
        })
    }
}

/// Runs the body, waits, and lets the first panic go on.
fn finish<'scope, R>(
    scope: &Scope<'scope>,
    body: impl FnOnce(&Scope<'scope>) -> R,
    wait: impl FnOnce(&Scope<'scope>),
) -> R {
    let mut result = None;
    scope.guard(|| result = Some(body(scope)));
    wait(scope);
    let panic = scope.panic.lock().unwrap_or_else(PoisonError::into_inner).take();
    match (panic, result) {
        (Some(payload), _) => resume_unwind(payload),
        (None, Some(result)) => result,
        (None, None) => unreachable!("the body ends or panics"),
    }
}
