//! The joins that a worker is in the middle of, oldest first: the private part of its work.

use std::cell::UnsafeCell;

use super::job::JobRef;

/// One entry for each join whose first half runs on this worker's stack. The oldest `published`
/// of them have gone to the deque, where others can see them. Only the worker itself touches this,
/// so a join that nobody steals costs a push and a pop of plain memory.
pub(super) struct Frames(UnsafeCell<Inner>);

struct Inner {
    /// `None` in the place of a published job.
    jobs: Vec<Option<JobRef>>,
    published: usize,
}

impl Frames {
    pub(super) fn new() -> Self {
        Self(UnsafeCell::new(Inner { jobs: Vec::with_capacity(256), published: 0 }))
    }

    /// Begins a frame and returns its place.
    #[inline]
    pub(super) fn push(&self, job: JobRef) -> usize {
        // SAFETY: the type is not `Sync`, and no method calls back or hands out a reference.
        let inner = unsafe { &mut *self.0.get() };
        let place = inner.jobs.len();
        inner.jobs.push(Some(job));
        place
    }

    /// The oldest private job, which the caller makes public.
    #[inline]
    pub(super) fn publish(&self) -> Option<JobRef> {
        // SAFETY: as above.
        let inner = unsafe { &mut *self.0.get() };
        let job = inner.jobs.get_mut(inner.published)?.take();
        inner.published += 1;
        job
    }

    /// Ends the newest frame, which is the one at `place`, and returns its job if that is still private.
    #[inline]
    pub(super) fn pop(&self, place: usize) -> Option<JobRef> {
        // SAFETY: as above.
        let inner = unsafe { &mut *self.0.get() };
        debug_assert_eq!(inner.jobs.len(), place + 1, "frames end in the reverse order of their beginning");
        inner.published = inner.published.min(place);
        inner.jobs.pop().flatten()
    }
}
