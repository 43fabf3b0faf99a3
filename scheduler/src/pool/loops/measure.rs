//! Loops that begin under the clock, to learn their grain.

use std::time::{Duration, Instant};

use super::super::call::ForkWork;
use super::super::fork::Fork;
use super::divide::divide_lazily;
use super::pieces::Pieces;

/// What a batch should take: far above the cost of a join, far below that of waiting for the last one.
const BATCH: Duration = Duration::from_nanos(1000);
/// How long to measure on a worker.
const PROBE: Duration = Duration::from_nanos(150);

/// A loop to be measured on the worker it is on.
pub(super) struct Measurement<'a, P, M, J> {
    pub(super) pieces: P,
    pub(super) map: &'a M,
    pub(super) reduce: &'a J,
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

/// What is left after a measurement.
pub(super) struct Rest<P> {
    pub(super) pieces: P,
    /// How many items took how long, in the last batch: the one that the clock disturbs least.
    pub(super) measured: usize,
    pub(super) elapsed: Duration,
}

impl<P: Pieces> Rest<P> {
    /// What the rest will take if it goes on like this.
    pub(super) fn expected(&self) -> Duration {
        let nanoseconds = self.elapsed.as_nanos() * self.pieces.count() as u128 / self.measured as u128;
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX))
    }

    /// How many items take about [`BATCH`].
    pub(super) fn grain(&self) -> usize {
        let items = BATCH.as_nanos() * self.measured as u128 / self.elapsed.as_nanos().max(1);
        usize::try_from(items).unwrap_or(usize::MAX).max(1)
    }
}

/// Works on growing batches for about `time`. The rest is `None` if there is none.
pub(super) fn probe<P: Pieces, R>(
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

pub(super) fn join_results<R>(a: Option<R>, b: Option<R>, reduce: &impl Fn(R, R) -> R) -> Option<R> {
    match (a, b) {
        (Some(a), Some(b)) => Some(reduce(a, b)),
        (a, b) => a.or(b),
    }
}
