//! Where a worker looks for work, and when it gives up.

use std::time::{Duration, Instant};

use crossbeam_deque::Steal;

use super::job::JobRef;
use super::record::EventKind;
use super::sleep::Woken;
use super::worker::Worker;

/// How long a worker that waits inside of one submission leaves younger ones to others.
const PATIENCE: Duration = Duration::from_millis(2);
/// The first nap of an idle worker: it makes up for a join published without a fence.
const NAP: Duration = Duration::from_micros(500);
/// The least and the longest time to look for work before a nap.
const SPIN: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(1));

/// What a worker would take of the work from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Welcome {
    /// The youngest submission.
    pub(super) newest: u64,
    /// Whether there may be work that is not to be done on top of other work.
    pub(super) apart: bool,
}

impl Welcome {
    pub(super) const ALL: Self = Self { newest: u64::MAX, apart: true };
}

impl Worker {
    /// What to begin while waiting since `waiting`.
    pub(super) fn welcome(&self, waiting: Instant) -> Welcome {
        match self.sequence.get() {
            u64::MAX => Welcome::ALL,
            own if waiting.elapsed() < PATIENCE => Welcome { newest: own, apart: false },
            _ => Welcome { newest: u64::MAX, apart: false },
        }
    }

    /// Own work first, then that of near workers, then what comes from outside.
    pub(super) fn find(&self, welcome: Welcome) -> Option<JobRef> {
        self.pop().or_else(|| self.steal()).or_else(|| self.shared.take(welcome))
    }

    fn steal(&self) -> Option<JobRef> {
        for &victim in &self.shared.neighbours[self.index] {
            let stealer = &self.shared.stealers[victim];
            loop {
                match stealer.steal() {
                    Steal::Success(job) => {
                        self.shared.record(self.index, || EventKind::Steal { victim });
                        return Some(job);
                    }
                    Steal::Empty => break,
                    Steal::Retry => std::hint::spin_loop(),
                }
            }
        }
        None
    }

    /// Looks for work, ever more slowly, and parks in the end. `None` when `done`.
    pub(super) fn search(&self, waiting: Instant, done: &impl Fn() -> bool) -> Option<JobRef> {
        let shared = &*self.shared;
        shared.sleep.start_search();
        let mut nap = Some(NAP);
        let mut rested = false;
        let found = loop {
            if !rested && let Some(found) = self.spin(waiting, done) {
                break found;
            }
            let welcome = self.welcome(waiting);
            // A waiter with patience left wakes up when that ends.
            let patience = (welcome.newest != u64::MAX).then(|| PATIENCE.saturating_sub(waiting.elapsed()));
            let timeout = nap.take().into_iter().chain(patience).min();
            shared.record(self.index, || EventKind::Park);
            let woken = {
                // Nobody parks once the pool ends: nobody would wake it again. `done` alone does not tell,
                // as it may see work that is gone a moment later.
                let stay = || done() || shared.is_terminating() || shared.has_work(welcome);
                shared.sleep.park(self.index, timeout, stay)
            };
            shared.record(self.index, || EventKind::Unpark);
            rested = woken == Woken::TimedOut;
            if !rested {
                nap = Some(NAP);
            } else if done() {
                break None;
            } else if let Some(job) = self.find(self.welcome(waiting)) {
                break Some(job);
            }
        };
        if shared.sleep.end_search() && shared.has_work(Welcome::ALL) {
            shared.sleep.wake_one(&shared.neighbours[self.index]);
        }
        found
    }

    /// Looks for work for a while. `Some(None)` when `done`, `None` when the time is over.
    fn spin(&self, waiting: Instant, done: &impl Fn() -> bool) -> Option<Option<JobRef>> {
        let spin = self.shared.spin;
        let look = || match done() {
            true => Some(None),
            false => self.find(self.welcome(waiting)).map(Some),
        };
        for _ in 0..spin.hot {
            if let Some(found) = look() {
                return Some(found);
            }
            for _ in 0..8 {
                std::hint::spin_loop();
            }
        }
        let started = Instant::now();
        let limit = spin.yielding.unwrap_or_else(|| self.shared.sleep.wake_time().clamp(SPIN.0, SPIN.1));
        loop {
            if let Some(found) = look() {
                return Some(found);
            }
            if started.elapsed() >= limit {
                return None;
            }
            std::thread::yield_now();
        }
    }
}
