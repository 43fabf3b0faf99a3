//! Forking on whichever pool the calling thread belongs to.

use std::time::Duration;

use super::join::join;
use super::worker::{Sharing, Worker};

/// The place where a computation is going on.
pub(super) trait Fork {
    /// Runs two closures, possibly at once, each with the place where it runs.
    fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&Self) -> RA + Send,
        B: FnOnce(&Self) -> RB + Send,
        RA: Send,
        RB: Send;

    /// Whether to share a loop that takes about `expected` here.
    fn is_worth_sharing(&self, expected: Duration) -> bool;

    /// Whether a loop should split off a part now.
    fn is_asked(&self) -> bool;
}

impl Fork for Worker {
    #[inline]
    fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&Self) -> RA + Send,
        B: FnOnce(&Self) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        join(self, Sharing::Always, a, b)
    }

    fn is_worth_sharing(&self, expected: Duration) -> bool {
        self.is_worth_sharing(expected)
    }

    #[inline]
    fn is_asked(&self) -> bool {
        self.is_asked()
    }
}

/// The rayon pool beside a pool, on one of its threads.
#[derive(Clone, Copy, Debug)]
pub(super) struct OnRayon;

impl Fork for OnRayon {
    fn join<A, B, RA, RB>(&self, a: A, b: B) -> (RA, RB)
    where
        A: FnOnce(&Self) -> RA + Send,
        B: FnOnce(&Self) -> RB + Send,
        RA: Send,
        RB: Send,
    {
        rayon::join(|| a(&Self), || b(&Self))
    }

    fn is_worth_sharing(&self, expected: Duration) -> bool {
        expected >= Duration::from_micros(10)
    }

    fn is_asked(&self) -> bool {
        true
    }
}
