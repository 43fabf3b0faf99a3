//! Bytes that are granted first come, first served.
//!
//! `super::sync` is the standard library's; `tests/loom_queue.rs` compiles this file once more with
//! loom's and goes through the interleavings.

use std::collections::VecDeque;
use std::sync::PoisonError;
use std::time::{Duration, Instant};

use super::sync::{Condvar, Mutex, MutexGuard};

/// Why bytes are not granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// More than there are.
    NeverFits,
    /// Others hold too much, or were there first.
    Busy { available: usize, waiting: usize },
}

/// A number of bytes and those who hold or want some.
///
/// A request waits with nothing in its hands, for all of its bytes at once, behind those that came
/// before it. So the first in the queue needs only that holders finish, and everyone becomes the
/// first at some time: no deadlock and no starvation, as long as nobody who holds bytes waits.
#[derive(Debug)]
pub(crate) struct Queue {
    limit: usize,
    state: Mutex<State>,
    /// Signalled, to all, whenever the first in the queue may have got what it waits for.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    granted: usize,
    /// Tickets of those who wait, first come first.
    waiting: VecDeque<u64>,
    next_ticket: u64,
}

impl Queue {
    pub(crate) fn new(limit: usize) -> Self {
        let state = State { granted: 0, waiting: VecDeque::new(), next_ticket: 0 };
        Self { limit, state: Mutex::new(state), changed: Condvar::new() }
    }

    pub(crate) fn limit(&self) -> usize {
        self.limit
    }

    pub(crate) fn granted(&self) -> usize {
        self.lock().granted
    }

    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// Grants `bytes` if they are free and nobody waits.
    pub(crate) fn try_take(&self, bytes: usize) -> Result<(), Refusal> {
        let mut state = self.lock();
        if state.waiting.is_empty() {
            self.grant(&mut state, bytes)
        } else {
            Err(self.refusal(&state, bytes))
        }
    }

    /// Grants `bytes` if they are free, to someone who holds some already and must not wait.
    pub(crate) fn try_take_more(&self, bytes: usize) -> Result<(), Refusal> {
        self.grant(&mut self.lock(), bytes)
    }

    /// Waits for `bytes`, until `deadline` if there is one.
    pub(crate) fn take(&self, bytes: usize, deadline: Option<Instant>) -> Result<(), Refusal> {
        self.take_while(bytes, || match deadline {
            None => Some(None),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
                (!left.is_zero()).then_some(Some(left))
            }
        })
    }

    /// Waits for `bytes` for as long as `patience` says: for a time, after which it is asked again, or
    /// without an end (`Some(None)`), or no longer (`None`).
    pub(crate) fn take_while(
        &self,
        bytes: usize,
        mut patience: impl FnMut() -> Option<Option<Duration>>,
    ) -> Result<(), Refusal> {
        let mut state = self.lock();
        if bytes > self.limit {
            return Err(Refusal::NeverFits);
        }
        let ticket = state.next_ticket;
        state.next_ticket += 1;
        state.waiting.push_back(ticket);
        let result = loop {
            let first = state.waiting.front() == Some(&ticket);
            if first && self.grant(&mut state, bytes).is_ok() {
                break Ok(());
            }
            state = match patience() {
                None => break Err(self.refusal(&state, bytes)),
                Some(None) => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(Some(time)) => {
                    self.changed.wait_timeout(state, time).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        };
        state.waiting.retain(|&other| other != ticket);
        // Granted or given up: the next in the queue may be the first now, and fit.
        self.changed.notify_all();
        result
    }

    /// Takes `bytes` back.
    pub(crate) fn give(&self, bytes: usize) {
        let mut state = self.lock();
        state.granted -= bytes;
        self.changed.notify_all();
    }

    fn grant(&self, state: &mut State, bytes: usize) -> Result<(), Refusal> {
        if bytes > self.limit - state.granted {
            return Err(self.refusal(state, bytes));
        }
        state.granted += bytes;
        Ok(())
    }

    fn refusal(&self, state: &State, bytes: usize) -> Refusal {
        if bytes > self.limit {
            return Refusal::NeverFits;
        }
        Refusal::Busy { available: self.limit - state.granted, waiting: state.waiting.len() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
