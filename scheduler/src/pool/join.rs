//! Two things at once: the primitive that loops are made of.

use super::job::StackJob;
use super::worker::{Sharing, Worker};

/// Runs `a` here and `b` here or elsewhere. Panics go on after both have ended; that of `a` first.
#[inline]
pub(super) fn join<A, B, RA, RB>(worker: &Worker, sharing: Sharing, a: A, b: B) -> (RA, RB)
where
    A: FnOnce(&Worker) -> RA,
    B: FnOnce(&Worker) -> RB + Send,
    RB: Send,
{
    let job = StackJob::new(b, worker.index(), worker.sequence());
    // SAFETY: `job` stays in place until `frame` ends, which is not before the reference is back
    // in its hands or has run. It is the only reference.
    let place = worker.frames.push(unsafe { job.reference() });
    let frame = Frame { worker, job: &job, place };
    worker.share(sharing, place);
    let result_a = a(worker);
    let result_b = if frame.end() {
        // SAFETY: `end` says that the reference is back.
        match unsafe { job.reclaim() } {
            Some(b) => b(worker),
            None => unreachable!("a job that came back has not run"),
        }
    } else {
        // SAFETY: `end` says that the job has run.
        unsafe { job.result() }
    };
    (result_a, result_b)
}

/// The join in the middle of which `a` is. If `a` unwinds, dropping this keeps the job in
/// place until nobody else can reach it; a second half that nobody began is then never run.
struct Frame<'a, F: FnOnce(&Worker) -> R + Send, R: Send> {
    worker: &'a Worker,
    job: &'a StackJob<F, R>,
    place: usize,
}

impl<F: FnOnce(&Worker) -> R + Send, R: Send> Frame<'_, F, R> {
    /// Ends the frame. True if the job came back, false if it has run.
    #[inline]
    fn end(self) -> bool {
        let back = self.settle();
        std::mem::forget(self);
        back
    }

    #[inline]
    fn settle(&self) -> bool {
        self.worker.frames.pop(self.place).is_some() || self.retrieve()
    }

    /// The job was published: takes it back from the deque, or works until whoever has it is done.
    #[inline(never)]
    fn retrieve(&self) -> bool {
        let (worker, done) = (self.worker, self.job.done());
        while !done.is_set() {
            match worker.pop() {
                Some(job) if self.job.is(&job) => return true,
                // Spawned by `a`, or an older frame's: it is this worker's turn to do it.
                Some(job) => worker.execute(job),
                None => worker.work_until(|| done.is_set()),
            }
        }
        false
    }
}

impl<F: FnOnce(&Worker) -> R + Send, R: Send> Drop for Frame<'_, F, R> {
    fn drop(&mut self) {
        self.settle();
    }
}
