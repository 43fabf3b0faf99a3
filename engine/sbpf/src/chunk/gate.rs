//! One quotient at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use parhelion::{Observer, Stage};

/// Lets one proof at a time into the stage that takes most of the memory of a proof, the quotient: there
/// it has the values of its columns on cosets, and what they took stays with the proof until it ends. Others do
/// meanwhile what else there is to a proof, and wait when they come to it.
#[derive(Debug, Default)]
pub(super) struct Gate {
    taken: Mutex<bool>,
    left: Condvar,
}

impl Gate {
    /// For one proof, whose observer it has to be.
    pub(super) fn turn(self: &Arc<Self>) -> Arc<Turn> {
        Arc::new(Turn { gate: Arc::clone(self), taken: AtomicBool::new(false) })
    }
}

/// Waits at the gate when its proof comes to the quotient, and leaves when it is dropped.
#[derive(Debug)]
pub(super) struct Turn {
    gate: Arc<Gate>,
    taken: AtomicBool,
}

impl Observer for Turn {
    fn stage_started(&self, stage: Stage) {
        if stage == Stage::Quotient && !self.taken.swap(true, Ordering::Relaxed) {
            let Gate { taken, left } = &*self.gate;
            let taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = left.wait_while(taken, |taken| *taken);
            *taken.unwrap_or_else(PoisonError::into_inner) = true;
        }
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if *self.taken.get_mut() {
            *self.gate.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
            self.gate.left.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::thread;
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_at_a_time_is_inside() {
        let (gate, inside) = (Arc::new(Gate::default()), AtomicUsize::new(0));
        thread::scope(|scope| {
            for number in 0..8 {
                let (gate, inside) = (&gate, &inside);
                scope.spawn(move || {
                    let turn = gate.turn();
                    turn.stage_started(Stage::Commit);
                    // Some fail before they come to it.
                    if number % 4 != 0 {
                        turn.stage_started(Stage::Quotient);
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        thread::sleep(Duration::from_millis(2));
                        turn.stage_finished(Stage::Quotient, Duration::ZERO);
                        turn.stage_started(Stage::Open);
                        assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                    }
                });
            }
        });
        assert!(!*gate.taken.lock().unwrap());
    }
}
