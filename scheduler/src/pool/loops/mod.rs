//! Loops over ranges and slices, cut into batches.

mod divide;
mod measure;
mod pieces;

use std::ops::Range;
use std::time::Duration;

use super::WorkStealing;
use divide::Division;
use measure::{Measurement, join_results, probe};
use pieces::{Chunks, Pieces};

/// How many items make a batch, the smallest piece that another worker can take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Grain {
    /// The loop begins on the calling thread, in growing batches under the clock. If the rest is not
    /// worth sharing, it ends there, too; otherwise batches are sized to take about a
    /// microsecond.
    #[default]
    Measured,
    /// This many items (0 counts as 1). The loop is shared from the beginning.
    Items(usize),
}

/// How long to measure outside of the pool, where sharing costs a hand-over.
const PROBE_OUTSIDE: Duration = Duration::from_micros(2);

impl WorkStealing {
    /// Calls `f` with ranges that cover `0..len` once.
    pub fn for_each_batch(&self, len: usize, grain: Grain, f: impl Fn(Range<usize>) + Sync) {
        self.reduce(0..len, grain, false, &f, &|(), ()| ());
    }

    /// `map` of ranges that cover `0..len` once, joined by `reduce` in the order of the ranges. `None`
    /// for an empty range.
    ///
    /// How the range is cut depends on the clock under [`Grain::Measured`]; with `Grain::Items`,
    /// only on `len`. So either `reduce` is associative, or the grain is given.
    ///
    /// ```
    /// use parhelion_scheduler::{Grain, WorkStealing};
    /// let pool = WorkStealing::new(2)?;
    /// let sum = pool.map_reduce(1000, Grain::Measured, |range| range.sum::<usize>(), |a, b| a + b);
    /// assert_eq!(sum, Some(499_500));
    /// # Ok::<(), parhelion_scheduler::Error>(())
    /// ```
    pub fn map_reduce<R: Send>(
        &self,
        len: usize,
        grain: Grain,
        map: impl Fn(Range<usize>) -> R + Sync,
        reduce: impl Fn(R, R) -> R + Sync,
    ) -> Option<R> {
        self.reduce(0..len, grain, true, &map, &reduce)
    }

    /// Calls `f` with the index of the first item and a piece of `data`, for pieces that cover it once.
    pub fn for_each_batch_mut<T: Send>(
        &self,
        data: &mut [T],
        grain: Grain,
        f: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let items = Chunks { first: 0, chunk: 1, data };
        self.reduce(items, grain, false, &|piece: Chunks<'_, T>| f(piece.first, piece.data), &|(), ()| ());
    }

    /// Splits `data` into chunks of `len` (0 counts as 1; the last may be shorter) and calls
    /// `f(chunk index, chunk)` for each. Without an allocation, unlike the same function for any executor.
    pub fn for_each_chunk_mut<T: Send>(
        &self,
        data: &mut [T],
        len: usize,
        f: impl Fn(usize, &mut [T]) + Sync,
    ) {
        let chunk = len.max(1);
        let one_by_one = |chunks: Chunks<'_, T>| {
            for (index, chunk) in (chunks.first..).zip(chunks.data.chunks_mut(chunk)) {
                f(index, chunk);
            }
        };
        self.reduce(Chunks { first: 0, chunk, data }, Grain::Items(1), false, &one_by_one, &|(), ()| ());
    }

    fn reduce<P: Pieces, R: Send>(
        &self,
        pieces: P,
        grain: Grain,
        fixed: bool,
        map: &(impl Fn(P) -> R + Sync),
        reduce: &(impl Fn(R, R) -> R + Sync),
    ) -> Option<R> {
        match (pieces.count(), grain) {
            (0, _) => None,
            (count, Grain::Items(items)) if count <= items.max(1) => Some(map(pieces)),
            (_, Grain::Items(items)) => {
                let (grain, sofar) = (items.max(1), None);
                Some(self.fork(Division { fixed, sofar, pieces, grain, map, reduce }))
            }
            (_, Grain::Measured) if self.current_worker().is_some() => {
                Some(self.fork(Measurement { pieces, map, reduce }))
            }
            (_, Grain::Measured) => {
                let (sofar, rest) = probe(pieces, PROBE_OUTSIDE, map, reduce);
                let Some(rest) = rest else { return sofar };
                // The caller would wait for a worker to wake up and do it alone.
                if rest.expected() < 2 * self.shared().sleep.wake_time() {
                    return join_results(sofar, Some(map(rest.pieces)), reduce);
                }
                let (fixed, grain) = (false, rest.grain());
                Some(self.fork(Division { fixed, sofar, pieces: rest.pieces, grain, map, reduce }))
            }
        }
    }
}
