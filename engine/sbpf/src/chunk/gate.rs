//! One quotient at a time.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use parhelion::{Observer, Stage};
use parhelion_scheduler::{Gate, Pass};

/// Waits at a gate when its proof comes to the quotient, and leaves after it, or when it is dropped.
///
/// The quotient takes most of the memory of a proof: there it has the values of its columns on cosets. Others do
/// meanwhile what else there is to a proof.
#[derive(Debug)]
pub(super) struct Turn {
    gate: Arc<Gate>,
    pass: Mutex<Option<Pass>>,
}

impl Turn {
    /// For one proof, whose observer it has to be.
    pub(super) fn new(gate: &Arc<Gate>) -> Arc<Self> {
        Arc::new(Self { gate: Arc::clone(gate), pass: Mutex::default() })
    }

    fn set(&self, pass: Option<Pass>) {
        *self.pass.lock().unwrap_or_else(PoisonError::into_inner) = pass;
    }
}

impl Observer for Turn {
    fn stage_started(&self, stage: Stage) {
        if stage == Stage::Quotient {
            self.set(Some(self.gate.enter()));
        }
    }

    fn stage_finished(&self, stage: Stage, _: Duration) {
        if stage == Stage::Quotient {
            self.set(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use super::*;

    #[test]
    fn one_at_a_time_is_inside() {
        let (gate, inside) = (Arc::<Gate>::default(), AtomicUsize::new(0));
        thread::scope(|scope| {
            for number in 0..8 {
                let (gate, inside) = (&gate, &inside);
                scope.spawn(move || {
                    let turn = Turn::new(gate);
                    turn.stage_started(Stage::Commit);
                    // Some fail before they come to it.
                    if number % 4 != 0 {
                        turn.stage_started(Stage::Quotient);
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        thread::sleep(Duration::from_millis(2));
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                        // Some are dropped in it.
                        if number % 4 != 1 {
                            turn.stage_finished(Stage::Quotient, Duration::ZERO);
                            turn.stage_started(Stage::Open);
                        }
                    }
                });
            }
        });
        assert!(format!("{gate:?}").contains("taken: false"));
    }
}
