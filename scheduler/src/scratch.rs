//! Buffers that each thread makes once and uses again.

use std::sync::{Mutex, PoisonError};

use crossbeam_utils::CachePadded;

use crate::pool::worker_index;

/// Buffers kept for reuse, near the worker that used them last.
///
/// A worker that runs something else in the middle of its work (because it waits for a join) gets
/// another one, so a buffer is never seen by two pieces of work at once. Works with every executor.
///
/// ```
/// use parhelion_scheduler::{Executor, Scratch, WorkStealing};
/// let pool = WorkStealing::new(2)?;
/// let scratch = Scratch::new(pool.threads(), Vec::<u64>::new);
/// pool.run(100, &|task| scratch.with(|buffer| {
///     buffer.clear();
///     buffer.resize(1000, task as u64);
/// }));
/// assert!(scratch.into_values().count() <= 100);
/// # Ok::<(), parhelion_scheduler::Error>(())
/// ```
pub struct Scratch<T, F = fn() -> T> {
    make: F,
    places: Box<[CachePadded<Mutex<Vec<T>>>]>,
}

impl<T: Send, F: Fn() -> T + Sync> Scratch<T, F> {
    /// Places for `threads` threads. `make` makes a buffer when there is none to reuse.
    #[must_use]
    pub fn new(threads: usize, make: F) -> Self {
        let place = |_| CachePadded::new(Mutex::new(Vec::new()));
        Self { make, places: (0..threads.max(1)).map(place).collect() }
    }

    /// Lends a buffer to `work`, as the last user left it. If `work` panics, the buffer is dropped.
    pub fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        let index = worker_index().or_else(rayon::current_thread_index).unwrap_or(0);
        let place = &self.places[index % self.places.len()];
        let lock = || place.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = lock().pop();
        let mut buffer = kept.unwrap_or_else(&self.make);
        let result = work(&mut buffer);
        lock().push(buffer);
        result
    }

    /// All buffers, for instance to add up what they hold.
    pub fn into_values(self) -> impl Iterator<Item = T> {
        let places = self.places.into_iter();
        places.flat_map(|place| place.into_inner().into_inner().unwrap_or_else(PoisonError::into_inner))
    }
}

impl<T, F> std::fmt::Debug for Scratch<T, F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").field("places", &self.places.len()).finish_non_exhaustive()
    }
}
