//! Telling a waiting thread that something is done.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::shared::Shared;
use crate::sync::{AtomicBool, Ordering, Thread, current, park, park_timeout};

/// Set once, by one thread, after what it announces has been written.
///
/// Whoever waits may free the flag as soon as it is seen set, so the setter copies what it needs to
/// wake the waiter *before* it calls [`set`](Flag::set).
#[derive(Debug)]
pub(crate) struct Flag(AtomicBool);

impl Flag {
    #[inline]
    pub(crate) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Publishes everything written before.
    pub(crate) fn set(&self) {
        self.0.store(true, Ordering::Release);
    }

    /// Whether it is set; if so, what was written before can be read.
    #[inline]
    pub(crate) fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// Who waits, so that it can be woken after its flag is set.
#[derive(Clone)]
pub(crate) enum Waiter {
    /// A thread that belongs to no pool. It parks.
    Thread(Thread),
    /// A worker of some pool. It works while it waits.
    Worker(Arc<Shared>, usize),
}

impl Waiter {
    /// The calling thread, as one that belongs to no pool.
    pub(crate) fn thread() -> Self {
        Self::Thread(current())
    }

    /// Wakes the waiter, whose condition has been made true before.
    pub(crate) fn wake(&self) {
        match self {
            Self::Thread(thread) => thread.unpark(),
            Self::Worker(shared, index) => shared.sleep.notify(*index),
        }
    }
}

/// Blocks a thread that belongs to no pool until `done`.
pub(crate) fn block_until(spins: u32, done: impl Fn() -> bool) {
    for _ in 0..spins {
        if done() {
            return;
        }
        std::hint::spin_loop();
    }
    while !done() {
        park();
    }
}

/// The same for a time: whether it is `done`.
pub(crate) fn wait_for(spins: u32, time: Duration, done: impl Fn() -> bool) -> bool {
    for _ in 0..spins {
        if done() {
            return true;
        }
        std::hint::spin_loop();
    }
    let started = Instant::now();
    while !done() {
        let left = time.saturating_sub(started.elapsed());
        if left.is_zero() {
            return false;
        }
        park_timeout(left);
    }
    true
}
