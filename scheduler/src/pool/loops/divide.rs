//! Loops whose grain is known.

use super::super::call::ForkWork;
use super::super::fork::Fork;
use super::pieces::Pieces;

/// A loop whose grain is known, and the result of what came before.
pub(super) struct Division<'a, P, R, M, J> {
    /// Whether the places to divide at must not depend on the clock.
    pub(super) fixed: bool,
    pub(super) sofar: Option<R>,
    pub(super) pieces: P,
    pub(super) grain: usize,
    pub(super) map: &'a M,
    pub(super) reduce: &'a J,
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
pub(super) fn divide_lazily<P: Pieces, R: Send, F: Fork>(
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
