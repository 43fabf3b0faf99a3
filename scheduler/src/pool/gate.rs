//! One at a time, while others wait usefully.

use std::collections::VecDeque;
use std::fmt;
use std::ops::DerefMut;
use std::sync::{Arc, PoisonError};

use super::latch::{Flag, Waiter, block_until};
use super::worker::Worker;
use crate::sync::Mutex;

/// Lets one in at a time, in the order of their coming. A worker of a [`WorkStealing`](super::WorkStealing) pool goes
/// on working for its pool while it waits; other threads sleep.
///
/// What is below a waiting worker on its stack cannot go on before it gets in. If that were needed by whoever is
/// inside, both would wait for ever. So come here from work that has nothing below it: from threads that
/// belong to no pool, or by [`enter_apart`](super::WorkStealing::enter_apart).
///
/// ```
/// use std::sync::Arc;
///
/// use parhelion_scheduler::{Gate, WorkStealing};
///
/// let (pool, gate) = (WorkStealing::new(2)?, Arc::new(Gate::default()));
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| {
///             pool.enter_apart(|| {
///                 let _pass = gate.enter();
///                 // One of the four is here.
///             })
///         });
///     }
/// });
/// # Ok::<(), parhelion_scheduler::Error>(())
/// ```
#[derive(Default)]
pub struct Gate(Mutex<State>);

#[derive(Default)]
struct State {
    taken: bool,
    waiting: VecDeque<Arc<Waiting>>,
}

/// Somebody before the gate, who is let in by setting the flag.
struct Waiting {
    admitted: Flag,
    waiter: Waiter,
}

/// Whoever has this is inside of its [`Gate`].
#[must_use = "dropping this leaves"]
#[derive(Debug)]
pub struct Pass(Arc<Gate>);

impl Gate {
    fn state(&self) -> impl DerefMut<Target = State> + '_ {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Goes inside, when it is the caller's turn.
    pub fn enter(self: &Arc<Self>) -> Pass {
        Worker::with_current(|worker| {
            let mut state = self.state();
            if state.taken {
                let waiter = match worker {
                    Some(worker) => Waiter::Worker(Arc::clone(worker.shared()), worker.index()),
                    None => Waiter::thread(),
                };
                let waiting = Arc::new(Waiting { admitted: Flag::new(), waiter });
                state.waiting.push_back(Arc::clone(&waiting));
                drop(state);
                let admitted = || waiting.admitted.is_set();
                match worker {
                    Some(worker) => worker.work_until(admitted),
                    None => block_until(0, admitted),
                }
            } else {
                state.taken = true;
            }
        });
        Pass(Arc::clone(self))
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let next = state.waiting.pop_front();
        // Passed on, it stays taken.
        state.taken = next.is_some();
        drop(state);
        if let Some(next) = next {
            next.admitted.set();
            next.waiter.wake();
        }
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Gate").field("taken", &state.taken).field("waiting", &state.waiting.len()).finish()
    }
}
