//! Loops over ranges and slices, cut into batches.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::fork::Fork;
use super::{ForkWork, WorkStealing};

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

/// What a batch should take: far above the cost of a join, far below that of waiting for the last one.
const BATCH: Duration = Duration::from_nanos(1000);
/// How long to measure on a worker.
const PROBE: Duration = Duration::from_nanos(150);
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

/// Something that can be cut.
trait Pieces: Sized + Send {
    fn count(&self) -> usize;

    /// The first `count` and the others.
    fn split_at(self, count: usize) -> (Self, Self);
}

impl Pieces for Range<usize> {
    fn count(&self) -> usize {
        self.len()
    }

    fn split_at(self, count: usize) -> (Self, Self) {
        let middle = self.start + count;
        (self.start..middle, middle..self.end)
    }
}

/// Chunks of a slice, the first of them with number `first`.
struct Chunks<'a, T> {
    first: usize,
    chunk: usize,
    data: &'a mut [T],
}

impl<T: Send> Pieces for Chunks<'_, T> {
    fn count(&self) -> usize {
        self.data.len().div_ceil(self.chunk)
    }

    fn split_at(self, count: usize) -> (Self, Self) {
        let Self { first, chunk, data } = self;
        let middle = (count * chunk).min(data.len());
        let (left, right) = data.split_at_mut(middle);
        (Self { first, chunk, data: left }, Self { first: first + count, chunk, data: right })
    }
}

/// A loop to be measured on the worker it is on.
struct Measurement<'a, P, M, J> {
    pieces: P,
    map: &'a M,
    reduce: &'a J,
}

impl<P, R, M, J> ForkWork<R> for Measurement<'_, P, M, J>
where
    P: Pieces,
    R: Send,
    M: Fn(P) -> R + Sync,
    J: Fn(R, R) -> R + Sync,
{
    fn run(self, fork: &impl Fork) -> R {
        let Self { pieces, map, reduce } = self;
        let (sofar, rest) = probe(pieces, PROBE, map, reduce);
        let result = match rest {
            None => sofar,
            Some(rest) => {
                let shared = fork.is_worth_sharing(rest.expected());
                let grain = if shared { rest.grain() } else { usize::MAX };
                let rest = divide_lazily(fork, rest.pieces, grain, map, reduce);
                join_results(sofar, Some(rest), reduce)
            }
        };
        result.unwrap_or_else(|| unreachable!("there was at least one item"))
    }
}

/// A loop whose grain is known, and the result of what came before.
struct Division<'a, P, R, M, J> {
    /// Whether the places to divide at must not depend on the clock.
    fixed: bool,
    sofar: Option<R>,
    pieces: P,
    grain: usize,
    map: &'a M,
    reduce: &'a J,
}

impl<P, R, M, J> ForkWork<R> for Division<'_, P, R, M, J>
where
    P: Pieces,
    R: Send,
    M: Fn(P) -> R + Sync,
    J: Fn(R, R) -> R + Sync,
{
    fn run(self, fork: &impl Fork) -> R {
        let Self { fixed, sofar, pieces, grain, map, reduce } = self;
        let rest = match fixed {
            true => divide(fork, pieces, grain, map, reduce),
            false => divide_lazily(fork, pieces, grain, map, reduce),
        };
        match sofar {
            Some(sofar) => reduce(sofar, rest),
            None => rest,
        }
    }
}

/// Goes through the pieces grain by grain, and halves what is left when there is nothing of this
/// worker in public. So a loop that nobody helps with is halved as often as a binary
/// logarithm says, one that is stolen from a little more often; the places depend on the clock.
fn divide_lazily<P: Pieces, R: Send, F: Fork>(
    fork: &F,
    mut pieces: P,
    grain: usize,
    map: &(impl Fn(P) -> R + Sync),
    reduce: &(impl Fn(R, R) -> R + Sync),
) -> R {
    let mut sofar = None;
    loop {
        let count = pieces.count();
        let rest = if count <= grain {
            map(pieces)
        } else if fork.is_asked() {
            let (left, right) = pieces.split_at(count / 2);
            let (left, right) = fork.join(
                |fork| divide_lazily(fork, left, grain, map, reduce),
                |fork| divide_lazily(fork, right, grain, map, reduce),
            );
            reduce(left, right)
        } else {
            let (now, later) = pieces.split_at(grain);
            let now = map(now);
            sofar = Some(match sofar {
                Some(sofar) => reduce(sofar, now),
                None => now,
            });
            pieces = later;
            continue;
        };
        return match sofar {
            Some(sofar) => reduce(sofar, rest),
            None => rest,
        };
    }
}

/// Halves until nothing is above the grain: the same places whatever happens.
fn divide<P: Pieces, R: Send, F: Fork>(
    fork: &F,
    pieces: P,
    grain: usize,
    map: &(impl Fn(P) -> R + Sync),
    reduce: &(impl Fn(R, R) -> R + Sync),
) -> R {
    let count = pieces.count();
    if count <= grain {
        return map(pieces);
    }
    let (left, right) = pieces.split_at(count / 2);
    let (left, right) = fork
        .join(|fork| divide(fork, left, grain, map, reduce), |fork| divide(fork, right, grain, map, reduce));
    reduce(left, right)
}

/// What is left after a measurement.
struct Rest<P> {
    pieces: P,
    /// How many items took how long, in the last batch: the one that the clock disturbs least.
    measured: usize,
    elapsed: Duration,
}

impl<P: Pieces> Rest<P> {
    /// What the rest will take if it goes on like this.
    fn expected(&self) -> Duration {
        let nanoseconds = self.elapsed.as_nanos() * self.pieces.count() as u128 / self.measured as u128;
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// How many items take about [`BATCH`].
    fn grain(&self) -> usize {
        let items = BATCH.as_nanos() * self.measured as u128 / self.elapsed.as_nanos().max(1);
        usize::try_from(items).unwrap_or(usize::MAX).max(1)
    }
}

/// Works on growing batches for about `time`. The rest is `None` if there is none.
fn probe<P: Pieces, R>(
    mut pieces: P,
    time: Duration,
    map: &impl Fn(P) -> R,
    reduce: &impl Fn(R, R) -> R,
) -> (Option<R>, Option<Rest<P>>) {
    let (mut sofar, mut batch) = (None, 1);
    let started = Instant::now();
    let mut before = Duration::ZERO;
    loop {
        if pieces.count() <= batch {
            return (join_results(sofar, Some(map(pieces)), reduce), None);
        }
        let (now, later) = pieces.split_at(batch);
        sofar = join_results(sofar, Some(map(now)), reduce);
        pieces = later;
        let after = started.elapsed();
        if after >= time {
            return (sofar, Some(Rest { pieces, measured: batch, elapsed: after - before }));
        }
        batch *= 4;
        before = after;
    }
}

fn join_results<R>(a: Option<R>, b: Option<R>, reduce: &impl Fn(R, R) -> R) -> Option<R> {
    match (a, b) {
        (Some(a), Some(b)) => Some(reduce(a, b)),
        (a, b) => a.or(b),
    }
}
