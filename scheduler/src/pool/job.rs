//! Work as one thin pointer, whatever it is: what the deques hold.
//!
//! A job begins with its [`Header`], whose function knows the rest. It lies on the stack of the
//! frame that waits for it ([`StackJob`], [`CallJob`]) or on the heap ([`HeapJob`]). Whoever
//! takes a [`JobRef`] out of a queue owns the right to run it, once.

use std::any::Any;
use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::ptr::NonNull;

use super::latch::{Flag, Waiter};
use super::worker::Worker;

/// What a panic carries.
pub(super) type Payload = Box<dyn Any + Send>;

/// The start of every job.
pub(super) struct Header {
    /// Runs the job that starts here.
    run: unsafe fn(NonNull<Header>, &Worker),
    /// The place in the queue of the submission that this work belongs to.
    sequence: u64,
}

/// The right to run one job, once.
pub(super) struct JobRef(NonNull<Header>);

// SAFETY: every job that becomes a `JobRef` holds only `Send` closures and results; the constructors
// below ask for it.
unsafe impl Send for JobRef {}

impl JobRef {
    /// The submission that the job belongs to.
    pub(super) fn sequence(&self) -> u64 {
        // SAFETY: a job lives until it has run, and running consumes this reference.
        unsafe { self.0.as_ref() }.sequence
    }

    /// Runs the job on `worker`. Never unwinds: jobs carry their panics to whoever waits.
    pub(super) fn run(self, worker: &Worker) {
        // SAFETY: a job lives until it has run, it has not (this reference is the only right to do
        // so), and `run` was stored together with the job's type.
        unsafe { (self.0.as_ref().run)(self.0, worker) }
    }
}

/// The second half of a join, on the stack of the worker that waits for it.
#[repr(C)]
pub(super) struct StackJob<F, R> {
    header: Header,
    /// Set after the result has been written.
    done: Flag,
    /// The worker whose frame this lies in.
    owner: usize,
    work: UnsafeCell<Option<F>>,
    result: UnsafeCell<Option<Result<R, Payload>>>,
}

impl<F: FnOnce(&Worker) -> R + Send, R: Send> StackJob<F, R> {
    #[inline]
    pub(super) fn new(work: F, owner: usize, sequence: u64) -> Self {
        Self {
            header: Header { run: Self::execute, sequence },
            done: Flag::new(),
            owner,
            work: UnsafeCell::new(Some(work)),
            result: UnsafeCell::new(None),
        }
    }

    /// The right to run this job.
    ///
    /// # Safety
    /// The job must stay where it is until the reference has run (then `done` is set) or is back
    /// in the hands of the caller, and at most one reference may exist.
    #[inline]
    pub(super) unsafe fn reference(&self) -> JobRef {
        JobRef(NonNull::from(self).cast())
    }

    /// Whether `job` is this job.
    pub(super) fn is(&self, job: &JobRef) -> bool {
        job.0 == NonNull::from(self).cast()
    }

    /// Set after another worker, or this one while it waited, has run the job.
    pub(super) fn done(&self) -> &Flag {
        &self.done
    }

    /// Takes the work out, to run it here.
    ///
    /// # Safety
    /// No reference to the job may be in any queue: the caller never gave one out, or got it back.
    #[inline]
    pub(super) unsafe fn reclaim(&self) -> Option<F> {
        // SAFETY: without a reference elsewhere, only the caller's thread touches the cell.
        unsafe { (*self.work.get()).take() }
    }

    /// The result that was written by whoever ran the job; its panic goes on here.
    ///
    /// # Safety
    /// `done` must have been seen set.
    pub(super) unsafe fn result(&self) -> R {
        // SAFETY: the flag is set (release) after the last access of the other thread and was read
        // (acquire) by the caller.
        match unsafe { (*self.result.get()).take() } {
            Some(Ok(result)) => result,
            Some(Err(payload)) => resume_unwind(payload),
            None => unreachable!("a finished job has a result"),
        }
    }

    unsafe fn execute(header: NonNull<Header>, worker: &Worker) {
        // SAFETY: `new` pairs this function with this type (`repr(C)`, header first), and the job
        // stays in place until `done` is set (contract of `reference`).
        let job = unsafe { header.cast::<Self>().as_ref() };
        // SAFETY: the one who runs the job is the only one to touch the cell.
        let work = unsafe { (*job.work.get()).take() };
        let result = work.map(|work| catch_unwind(AssertUnwindSafe(|| work(worker))));
        // SAFETY: the owner reads the result only after `done`.
        unsafe { *job.result.get() = result };
        let owner = job.owner;
        job.done.set();
        // From here on the job may be gone.
        worker.shared().sleep.notify(owner);
    }
}

/// A call from outside the pool, on the stack of the thread that waits for it.
#[repr(C)]
pub(super) struct CallJob<F, R> {
    header: Header,
    done: Flag,
    waiter: Waiter,
    work: UnsafeCell<Option<F>>,
    result: UnsafeCell<Option<Result<R, Payload>>>,
}

impl<F: FnOnce(&Worker) -> R + Send, R: Send> CallJob<F, R> {
    pub(super) fn new(work: F, waiter: Waiter, sequence: u64) -> Self {
        Self {
            header: Header { run: Self::execute, sequence },
            done: Flag::new(),
            waiter,
            work: UnsafeCell::new(Some(work)),
            result: UnsafeCell::new(None),
        }
    }

    /// The right to run this job.
    ///
    /// # Safety
    /// As for [`StackJob::reference`].
    pub(super) unsafe fn reference(&self) -> JobRef {
        JobRef(NonNull::from(self).cast())
    }

    /// Whether `job` is this job.
    pub(super) fn is(&self, job: &JobRef) -> bool {
        job.0 == NonNull::from(self).cast()
    }

    pub(super) fn done(&self) -> &Flag {
        &self.done
    }

    /// The result; a panic goes on here.
    ///
    /// # Safety
    /// `done` must have been seen set.
    pub(super) unsafe fn result(&self) -> R {
        // SAFETY: as for `StackJob::result`.
        match unsafe { (*self.result.get()).take() } {
            Some(Ok(result)) => result,
            Some(Err(payload)) => resume_unwind(payload),
            None => unreachable!("a finished job has a result"),
        }
    }

    unsafe fn execute(header: NonNull<Header>, worker: &Worker) {
        // SAFETY: as for `StackJob::execute`.
        let job = unsafe { header.cast::<Self>().as_ref() };
        // SAFETY: the one who runs the job is the only one to touch the cell.
        let work = unsafe { (*job.work.get()).take() };
        let result = work.map(|work| catch_unwind(AssertUnwindSafe(|| work(worker))));
        // SAFETY: the caller reads the result only after `done`.
        unsafe { *job.result.get() = result };
        let waiter = job.waiter.clone();
        job.done.set();
        // From here on the job may be gone.
        waiter.wake();
    }
}

/// Work on the heap that nobody's frame waits for.
#[repr(C)]
pub(super) struct HeapJob<F> {
    header: Header,
    work: F,
}

impl<F: FnOnce(&Worker) + Send> HeapJob<F> {
    /// Boxes `work`, which must not unwind.
    ///
    /// # Safety
    /// Whatever `work` borrows must outlive its run.
    pub(super) unsafe fn reference(work: F, sequence: u64) -> JobRef {
        let job = Box::new(Self { header: Header { run: Self::execute, sequence }, work });
        JobRef(NonNull::from(Box::leak(job)).cast())
    }

    unsafe fn execute(header: NonNull<Header>, worker: &Worker) {
        // SAFETY: `reference` leaked a box of this type and made the only reference to it.
        let job = unsafe { Box::from_raw(header.cast::<Self>().as_ptr()) };
        (job.work)(worker);
    }
}
