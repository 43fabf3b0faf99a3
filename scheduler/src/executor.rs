//! The one trait parallel code is written against, and loops built on it.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use crate::aside::{OnTheSpot, Spawn};

/// Runs numbered tasks, possibly at once.
///
/// Implementations must run every task of a call exactly once before returning,
/// and must allow calls from inside a task (nested parallelism). If a task
/// panics, the panic reaches the caller and the executor stays usable.
pub trait Executor: Debug + Send + Sync {
    /// How many tasks may run at the same time (at least 1).
    fn threads(&self) -> usize;

    /// Runs `task(0)`, ..., `task(tasks - 1)`, in any order, and returns when
    /// all have ended.
    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync));

    /// Runs both, possibly at once, and returns when both have ended.
    fn run_pair(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        let (a, b) = (Mutex::new(a), Mutex::new(b));
        self.run(2, &|index| match index {
            0 => (*a.lock().unwrap_or_else(PoisonError::into_inner))(),
            _ => (*b.lock().unwrap_or_else(PoisonError::into_inner))(),
        });
    }

    /// Runs `work` on one of this executor's threads, if it has any: calls that `work` makes need
    /// no hand-over. By default it runs where the caller is.
    fn enter(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    /// As [`enter`](Self::enter), but never on top of other work, for what lasts long or waits at a
    /// [`Gate`](crate::Gate). By default it runs where the caller is.
    fn enter_apart(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    /// Runs `work` where code that parallelises with rayon on its own (circuit
    /// synthesis, library key generation) uses this executor's threads rather
    /// than a second set.
    fn within(&self, work: &mut (dyn FnMut() + Send));

    /// Calls `body` on the calling thread, with a place to hand in tasks that run on this executor's threads while
    /// it goes on. Returns when the body and all tasks have ended. Tasks that nobody has begun when the body
    /// ends run on the calling thread; if it panics they are dropped. By default, all run where they are handed in.
    ///
    /// ```
    /// use parhelion_scheduler::{ExecutorExt, WorkStealing};
    ///
    /// let pool = WorkStealing::new(2)?;
    /// let mut squares = [0; 3];
    /// let sum = pool.alongside_of(|aside| {
    ///     for (square, number) in squares.iter_mut().zip(1..) {
    ///         aside.spawn(Box::new(move || *square = number * number));
    ///     }
    ///     (1..=3).sum::<i32>()
    /// });
    /// assert_eq!((sum, squares), (6, [1, 4, 9]));
    /// # Ok::<(), parhelion_scheduler::Error>(())
    /// ```
    fn alongside<'scope>(&self, body: &mut dyn FnMut(&dyn Spawn<'scope>)) {
        body(&OnTheSpot);
    }

    /// A handle for one long computation of several at once: what is called through it belongs
    /// together, and is done before what belongs to handles that were made later. `None` if the executor
    /// has no such order.
    fn in_line(&self) -> Option<Arc<dyn Executor>> {
        None
    }
}

/// Loops over an [`Executor`]. Results never depend on the number of threads.
pub trait ExecutorExt: Executor {
    /// The length of equal pieces that gives each thread a few pieces of `len`
    /// items, but no piece shorter than `min`, nor (if `min` allows) longer than 2^16 items: between
    /// pieces is where work can be [ended early](crate::checkpoint).
    fn chunk_len(&self, len: usize, min: usize) -> usize {
        let pieces = if self.threads() == 1 { 1 } else { self.threads() * 4 };
        len.div_ceil(pieces).min(1 << 16).max(min).max(1)
    }

    /// Calls `f(index, item)` for each item, handing every item over by value.
    fn for_each<T: Send>(&self, items: impl IntoIterator<Item = T>, f: impl Fn(usize, T) + Sync) {
        let slots: Vec<Mutex<Option<T>>> = items.into_iter().map(|item| Mutex::new(Some(item))).collect();
        self.run(slots.len(), &|index| {
            let item = slots[index].lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some(item) = item {
                f(index, item);
            }
        });
    }

    /// Splits `data` into pieces of `len` (the last may be shorter) and calls
    /// `f(piece index, piece)` for each.
    fn for_each_chunk_mut<T: Send>(&self, data: &mut [T], len: usize, f: impl Fn(usize, &mut [T]) + Sync) {
        if data.len() <= len {
            if !data.is_empty() {
                f(0, data);
            }
            return;
        }
        self.for_each(data.chunks_mut(len), f);
    }

    /// `f(0), ..., f(count - 1)`, in that order.
    fn map<R: Send>(&self, count: usize, f: impl Fn(usize) -> R + Sync) -> Vec<R> {
        let slots: Vec<Mutex<Option<R>>> = (0..count).map(|_| Mutex::new(None)).collect();
        self.run(count, &|index| {
            let result = f(index);
            *slots[index].lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
        });
        let result = |slot: Mutex<Option<R>>| slot.into_inner().unwrap_or_else(PoisonError::into_inner);
        let missing = || unreachable!("an executor returns only when every task has run");
        slots.into_iter().map(|slot| result(slot).unwrap_or_else(missing)).collect()
    }

    /// Runs two closures, possibly at once, and returns both results.
    fn join<A: Send, B: Send>(&self, a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
        let (mut a, mut b) = (Some(a), Some(b));
        let (mut left, mut right) = (None, None);
        self.run_pair(&mut || left = a.take().map(|a| a()), &mut || right = b.take().map(|b| b()));
        match (left, right) {
            (Some(left), Some(right)) => (left, right),
            _ => unreachable!("an executor returns only when every task has run"),
        }
    }

    /// `map` of each of the pieces of `piece` numbers (0 counts as 1) that `0..len` is cut into, joined by
    /// `reduce` from left to right. `None` for an empty range. How the range is cut does not depend on the
    /// executor, so nor does the result, whatever `reduce` is.
    fn map_reduce<R: Send>(
        &self,
        len: usize,
        piece: usize,
        map: impl Fn(Range<usize>) -> R + Sync,
        reduce: impl FnMut(R, R) -> R,
    ) -> Option<R> {
        let piece = piece.max(1);
        let results = self.map(len.div_ceil(piece), |index| {
            let start = index * piece;
            map(start..len.min(start.saturating_add(piece)))
        });
        results.into_iter().reduce(reduce)
    }

    /// Runs `work` as [`Executor::within`] does and returns its result.
    fn within_pool<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let (mut work, mut result) = (Some(work), None);
        self.within(&mut || result = work.take().map(|work| work()));
        result.unwrap_or_else(|| unreachable!("an executor returns only when the work has run"))
    }

    /// Calls `body` as [`Executor::alongside`] does and returns its result.
    fn alongside_of<'scope, R>(&self, body: impl FnOnce(&dyn Spawn<'scope>) -> R) -> R {
        let (mut body, mut result) = (Some(body), None);
        self.alongside(&mut |aside| result = body.take().map(|body| body(aside)));
        result.unwrap_or_else(|| unreachable!("an executor returns only when the body has run"))
    }

    /// Runs `work` as [`Executor::enter`] does and returns its result.
    fn enter_pool<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let (mut work, mut result) = (Some(work), None);
        self.enter(&mut || result = work.take().map(|work| work()));
        result.unwrap_or_else(|| unreachable!("an executor returns only when the work has run"))
    }

    /// Runs `work` as [`Executor::enter_apart`] does and returns its result.
    fn enter_pool_apart<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        let (mut work, mut result) = (Some(work), None);
        self.enter_apart(&mut || result = work.take().map(|work| work()));
        result.unwrap_or_else(|| unreachable!("an executor returns only when the work has run"))
    }
}

impl<E: Executor + ?Sized> ExecutorExt for E {}
