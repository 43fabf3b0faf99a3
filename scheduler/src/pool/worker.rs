//! A worker: where it looks for work, and what it does while it waits.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_deque::{Steal, Worker as Deque};

use super::frames::Frames;
use super::job::JobRef;
use super::record::EventKind;
use super::shared::Shared;
use super::sleep::Woken;

/// How long a worker that waits inside of one submission leaves younger ones to others.
const PATIENCE: Duration = Duration::from_millis(2);
/// The first nap of an idle worker: it makes up for a join published without a fence.
const NAP: Duration = Duration::from_micros(500);
/// A loop worth sharing with a worker that is searching.
const WORTH_STEALING: Duration = Duration::from_nanos(800);
/// The least and the longest time to look for work before a nap.
const SPIN: (Duration, Duration) = (Duration::from_micros(50), Duration::from_millis(1));

thread_local! {
    static CURRENT: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

/// One thread of a pool. Lives on that thread's stack.
pub(crate) struct Worker {
    index: usize,
    shared: Arc<Shared>,
    deque: Deque<JobRef>,
    pub(super) frames: Frames,
    /// The submission that the running work belongs to.
    sequence: Cell<u64>,
    /// Outermost joins since the last one that was shared without need.
    unshared: Cell<u32>,
    /// The length of loops that were not shared because nobody was awake.
    unshared_loops: Cell<Duration>,
}

/// When a join makes pending work public.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Whenever nothing is. For pieces of loops, where the next join may be far away.
    Always,
    /// When somebody is idle.
    OnDemand,
}

impl Worker {
    /// The worker that the calling thread is, of whichever pool.
    #[inline]
    pub(crate) fn with_current<R>(f: impl FnOnce(Option<&Worker>) -> R) -> R {
        let worker = CURRENT.with(Cell::get);
        // SAFETY: `main` sets the pointer to a local of its own and clears it before that goes;
        // in between it is valid on this thread, and `f` cannot keep the reference.
        f(unsafe { worker.as_ref() })
    }

    /// The body of worker `index`: works until the pool ends and nothing is left to do.
    pub(super) fn main(index: usize, shared: Arc<Shared>, deque: Deque<JobRef>) {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.with(|current| current.set(ptr::null()));
            }
        }
        shared.sleep.register(index);
        let worker = Worker {
            index,
            shared,
            deque,
            frames: Frames::new(),
            sequence: Cell::new(u64::MAX),
            unshared: Cell::new(0),
            unshared_loops: Cell::new(Duration::ZERO),
        };
        let _leave = Leave;
        CURRENT.with(|current| current.set(&raw const worker));
        worker.work_until(|| worker.shared.is_terminating() && !worker.shared.has_work(u64::MAX));
    }

    #[inline]
    pub(crate) fn index(&self) -> usize {
        self.index
    }

    #[inline]
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The submission that the running work belongs to.
    #[inline]
    pub(super) fn sequence(&self) -> u64 {
        self.sequence.get()
    }

    /// Puts work where others see it at once.
    pub(super) fn spawn(&self, job: JobRef) {
        self.deque.push(job);
        self.shared.sleep.announce(&self.shared.neighbours[self.index]);
    }

    /// Shows what this worker has pending, if it must: called by every join, `place` frames deep.
    #[inline]
    pub(super) fn share(&self, sharing: Sharing, place: usize) {
        let due = match sharing {
            Sharing::Always => true,
            Sharing::OnDemand => self.shared.sleep.anyone_idle() || (place == 0 && self.is_overdue()),
        };
        if due {
            self.share_oldest();
        }
    }

    /// Keeps one job of this worker in public and somebody awake to take it.
    ///
    /// There is no fence between the push and the look at the counters. If the look is too
    /// early and everybody falls asleep, this worker does the job itself, or wakes somebody at its next
    /// join, or a sleeper's first nap ends: time is lost, work never is.
    fn share_oldest(&self) {
        if self.deque.is_empty()
            && let Some(job) = self.frames.publish()
        {
            self.deque.push(job);
        }
        if self.shared.sleep.wants_wake() {
            self.wake_neighbour();
        }
    }

    /// Whether a loop that would take `expected` should be shared: with a worker that is searching for
    /// little, with one that has to be woken only if the loop is longer than that takes. Loops that
    /// are not shared add up: many in a row are reason enough to wake somebody for the next ones.
    pub(super) fn is_worth_sharing(&self, expected: Duration) -> bool {
        let sleep = &self.shared.sleep;
        if expected < WORTH_STEALING {
            return false;
        }
        if !sleep.wants_wake() {
            return true;
        }
        if expected >= sleep.wake_time() {
            return true;
        }
        let unshared = self.unshared_loops.get() + expected;
        let enough = unshared >= 8 * sleep.wake_cost();
        self.unshared_loops.set(if enough { Duration::ZERO } else { unshared });
        if enough {
            // For the next one. An eighth of the time is lost if there is none.
            self.wake_neighbour();
        }
        false
    }

    /// Whether this worker has nothing in public, or somebody should be woken: time to split a loop.
    #[inline]
    pub(super) fn is_asked(&self) -> bool {
        self.deque.is_empty() || self.shared.sleep.wants_wake()
    }

    /// True for the first outermost join of a piece of work, and for every sixteenth.
    fn is_overdue(&self) -> bool {
        let unshared = self.unshared.get();
        self.unshared.set((unshared + 1) % 16);
        unshared == 0
    }

    #[cold]
    fn wake_neighbour(&self) {
        self.shared.sleep.wake_one(&self.shared.neighbours[self.index]);
    }

    /// Takes back the youngest job in public.
    pub(super) fn pop(&self) -> Option<JobRef> {
        self.deque.pop()
    }

    /// Runs a job that is not a part of what this worker is doing.
    pub(super) fn execute(&self, job: JobRef) {
        let sequence = job.sequence();
        let outer = self.sequence.replace(sequence);
        self.unshared.set(0);
        self.shared.record(self.index, || EventKind::Start { submission: sequence });
        job.run(self);
        self.shared.record(self.index, || EventKind::End { submission: sequence });
        self.sequence.set(outer);
    }

    /// Works, searches and sleeps until `done`.
    #[cold]
    pub(crate) fn work_until(&self, done: impl Fn() -> bool) {
        let waiting = Instant::now();
        while !done() {
            let newest = self.newest_welcome(waiting);
            match self.find(newest).or_else(|| self.search(waiting, &done)) {
                Some(job) => self.execute(job),
                None => return,
            }
        }
    }

    /// The youngest submission to begin while waiting since `waiting`.
    fn newest_welcome(&self, waiting: Instant) -> u64 {
        let own = self.sequence.get();
        if own == u64::MAX || waiting.elapsed() >= PATIENCE { u64::MAX } else { own }
    }

    /// Own work first, then that of near workers, then what comes from outside.
    fn find(&self, newest: u64) -> Option<JobRef> {
        self.pop().or_else(|| self.steal()).or_else(|| self.shared.injector.pop(newest))
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
    fn search(&self, waiting: Instant, done: &impl Fn() -> bool) -> Option<JobRef> {
        let shared = &*self.shared;
        shared.sleep.start_search();
        let mut nap = Some(NAP);
        let mut rested = false;
        let found = loop {
            if !rested && let Some(found) = self.spin(waiting, done) {
                break found;
            }
            let newest = self.newest_welcome(waiting);
            // A waiter with patience left wakes up when that ends.
            let patience = (newest != u64::MAX).then(|| PATIENCE.saturating_sub(waiting.elapsed()));
            let timeout = nap.take().into_iter().chain(patience).min();
            shared.record(self.index, || EventKind::Park);
            let woken = {
                // Nobody parks once the pool ends: nobody would wake it again. `done` alone does not tell,
                // as it may see work that is gone a moment later.
                let stay = || done() || shared.is_terminating() || shared.has_work(newest);
                shared.sleep.park(self.index, timeout, stay)
            };
            shared.record(self.index, || EventKind::Unpark);
            rested = woken == Woken::TimedOut;
            if !rested {
                nap = Some(NAP);
            } else if done() {
                break None;
            } else if let Some(job) = self.find(self.newest_welcome(waiting)) {
                break Some(job);
            }
        };
        if shared.sleep.end_search() && shared.has_work(u64::MAX) {
            shared.sleep.wake_one(&shared.neighbours[self.index]);
        }
        found
    }

    /// Looks for work for a while. `Some(None)` when `done`, `None` when the time is over.
    fn spin(&self, waiting: Instant, done: &impl Fn() -> bool) -> Option<Option<JobRef>> {
        let spin = self.shared.spin;
        let look = || match done() {
            true => Some(None),
            false => self.find(self.newest_welcome(waiting)).map(Some),
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
