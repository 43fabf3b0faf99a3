//! A worker: what it shows of its work, and what it does while it waits.

use std::cell::Cell;
use std::ptr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_deque::Worker as Deque;

use super::frames::Frames;
use super::job::JobRef;
use super::record::EventKind;
use super::search::Welcome;
use super::shared::Shared;
use crate::interrupt::Entered;

/// A loop worth sharing with a worker that is searching.
const WORTH_STEALING: Duration = Duration::from_nanos(800);

thread_local! {
    static CURRENT: Cell<*const Worker> = const { Cell::new(ptr::null()) };
}

/// One thread of a pool. Lives on that thread's stack.
pub(crate) struct Worker {
    pub(super) index: usize,
    pub(super) shared: Arc<Shared>,
    pub(super) deque: Deque<JobRef>,
    pub(super) frames: Frames,
    /// The submission that the running work belongs to.
    pub(super) sequence: Cell<u64>,
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
        worker.work_until(|| worker.shared.is_terminating() && !worker.shared.has_work(Welcome::ALL));
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
        // What may end that work early does not end this.
        let _apart = Entered::caught(None);
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
            match self.find(self.welcome(waiting)).or_else(|| self.search(waiting, &done)) {
                Some(job) => self.execute(job),
                None => return,
            }
        }
    }
}
