//! One quotient at a time.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use parhelion::{Observer, Stage};

/// Lets one proof at a time into the stage that takes most of the memory of a proof, the quotient: there
/// its columns are on all cosets. Others do meanwhile what else there is to a proof, and wait
/// when they come to it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    taken: Mutex<bool>,
    left: Condvar,
}

impl Observer for Gate {
    fn stage_started(&self, stage: Stage) {
        if stage == Stage::Quotient {
            let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
            let mut taken =
                self.left.wait_while(taken, |taken| *taken).unwrap_or_else(PoisonError::into_inner);
            *taken = true;
        }
    }

    /// Told in success and failure.
    fn stage_finished(&self, stage: Stage, _: Duration) {
        if stage == Stage::Quotient {
            *self.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
            self.left.notify_one();
        }
    }
}
