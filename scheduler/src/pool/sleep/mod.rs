//! Who is searching, who is parked, and how nobody sleeps through work. The protocol is in
//! `README.md` in the folder above; `models.rs` there checks it with loom.

mod costs;

use std::time::{Duration, Instant};

use crossbeam_utils::CachePadded;

use crate::sync::{AtomicUsize, Mutex, Ordering, Thread, current, fence, park, park_timeout};
use costs::WakeCosts;

/// Workers that look for work, in the low half of [`Sleep::idle`].
const SEARCHING: usize = 1;
/// Workers that are parked, in the high half.
const PARKED: usize = 1 << (usize::BITS / 2);

/// The largest number of workers the counters hold.
pub(crate) const MAX_WORKERS: usize = if PARKED - 1 < 1 << 16 { PARKED - 1 } else { 1 << 16 };

/// States of one worker.
const AWAKE: usize = 0;
const ASLEEP: usize = 1;
const NOTIFIED: usize = 2;

/// The sleeping quarters of a pool.
#[derive(Debug)]
pub(crate) struct Sleep {
    idle: CachePadded<AtomicUsize>,
    beds: Vec<CachePadded<Bed>>,
    costs: WakeCosts,
}

#[derive(Debug)]
struct Bed {
    state: AtomicUsize,
    owner: Mutex<Owner>,
}

/// The thread that sleeps here, and when it was called last.
#[derive(Debug, Default)]
struct Owner {
    thread: Option<Thread>,
    called: Option<Instant>,
}

/// How a worker came back from [`Sleep::park`]. In each case it counts as searching.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Woken {
    /// There was something to do after all; it did not sleep.
    Stayed,
    /// Somebody woke it.
    Notified,
    /// The time was over.
    TimedOut,
}

impl Sleep {
    pub(crate) fn new(workers: usize) -> Self {
        let bed = || Bed { state: AtomicUsize::new(AWAKE), owner: Mutex::new(Owner::default()) };
        Self {
            idle: CachePadded::new(AtomicUsize::new(0)),
            beds: (0..workers).map(|_| CachePadded::new(bed())).collect(),
            costs: WakeCosts::default(),
        }
    }

    /// The calling thread is worker `index`, from now on.
    pub(crate) fn register(&self, index: usize) {
        self.owner(index).thread = Some(current());
    }

    /// What waking a worker costs the one who does it. Measured; a guess at first.
    pub(crate) fn wake_cost(&self) -> Duration {
        self.costs.caller()
    }

    /// How long it takes until a parked worker that is woken adds anything: what the one who wakes it
    /// spends, and the time until it runs. Measured; a guess at first.
    pub(crate) fn wake_time(&self) -> Duration {
        self.costs.total()
    }

    /// The calling worker starts to look for work.
    pub(crate) fn start_search(&self) {
        self.idle.fetch_add(SEARCHING, Ordering::SeqCst);
    }

    /// The calling worker has found work, or no longer wants any. True if it has to check
    /// whether there is more and then [`wake_one`](Self::wake_one): it was the last one searching,
    /// and others relied on it when they did not wake anybody.
    #[must_use]
    pub(crate) fn end_search(&self) -> bool {
        let idle = self.idle.fetch_sub(SEARCHING, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        searching(idle) == 1 && parked(idle) > 0
    }

    /// Whether a parked worker should be woken for new work: somebody is parked and
    /// nobody searches. One relaxed load, for every join.
    #[inline]
    pub(crate) fn wants_wake(&self) -> bool {
        let idle = self.idle.load(Ordering::Relaxed);
        parked(idle) > 0 && searching(idle) == 0
    }

    /// Whether some worker has nothing to do. One relaxed load.
    #[inline]
    pub(crate) fn anyone_idle(&self) -> bool {
        self.idle.load(Ordering::Relaxed) != 0
    }

    /// Whether some worker looks for work right now (tests and models ask).
    #[cfg(test)]
    pub(crate) fn anyone_searching(&self) -> bool {
        searching(self.idle.load(Ordering::Relaxed)) > 0
    }

    /// Work was made visible to all. Wakes a worker unless one is searching, trying `order` first.
    pub(crate) fn announce(&self, order: &[usize]) {
        // Between the publication and the look at the counters: see README.md.
        fence(Ordering::SeqCst);
        if self.wants_wake() {
            self.wake_one(order);
        }
    }

    /// Wakes one parked worker, if there is any: the first of `order`, then any.
    pub(crate) fn wake_one(&self, order: &[usize]) {
        let all = 0..self.beds.len();
        let _ = order.iter().copied().chain(all).any(|index| self.notify_asleep(index));
    }

    /// The condition that worker `index` may be waiting for is true now. Wakes it if it is parked.
    pub(crate) fn notify(&self, index: usize) {
        fence(Ordering::SeqCst);
        self.notify_asleep(index);
    }

    /// Wakes every parked worker.
    pub(crate) fn notify_all(&self) {
        (0..self.beds.len()).for_each(|index| self.notify(index));
    }

    fn notify_asleep(&self, index: usize) -> bool {
        let bed = &self.beds[index];
        if bed.state.load(Ordering::Relaxed) != ASLEEP
            || bed.state.compare_exchange(ASLEEP, NOTIFIED, Ordering::SeqCst, Ordering::Relaxed).is_err()
        {
            return false;
        }
        // On behalf of the sleeper, so that the next publisher already sees it searching.
        self.idle.fetch_sub(PARKED - SEARCHING, Ordering::SeqCst);
        let called = Instant::now();
        let mut owner = self.owner(index);
        owner.called = Some(called);
        let thread = owner.thread.clone();
        drop(owner);
        if let Some(thread) = thread {
            thread.unpark();
        }
        self.costs.observe_caller(called.elapsed());
        true
    }

    /// Parks worker `index`, which must be searching, until it is notified, or for
    /// `timeout`, unless `stay` (looked at after the intention to sleep is public) says otherwise.
    pub(crate) fn park(&self, index: usize, timeout: Option<Duration>, stay: impl FnOnce() -> bool) -> Woken {
        let bed = &self.beds[index];
        bed.state.store(ASLEEP, Ordering::SeqCst);
        self.idle.fetch_add(PARKED - SEARCHING, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if stay() {
            return self.rise(index, Woken::Stayed);
        }
        match timeout {
            Some(timeout) => {
                park_timeout(timeout);
                self.rise(index, Woken::TimedOut)
            }
            None => {
                while bed.state.load(Ordering::Acquire) == ASLEEP {
                    park();
                }
                bed.state.store(AWAKE, Ordering::Relaxed);
                if let Some(called) = self.owner(index).called.take() {
                    self.costs.observe_sleeper(called.elapsed());
                }
                Woken::Notified
            }
        }
    }

    /// Gets up without having been notified, if that is still so.
    fn rise(&self, index: usize, woken: Woken) -> Woken {
        let state = &self.beds[index].state;
        match state.compare_exchange(ASLEEP, AWAKE, Ordering::SeqCst, Ordering::Acquire) {
            Ok(_) => {
                self.idle.fetch_sub(PARKED - SEARCHING, Ordering::SeqCst);
                woken
            }
            // The notifier has counted us as searching. What it leaves in the thread's token makes
            // a later `park` return early, and that looks at the state again.
            Err(_) => {
                state.store(AWAKE, Ordering::Relaxed);
                Woken::Notified
            }
        }
    }

    fn owner(&self, index: usize) -> impl std::ops::DerefMut<Target = Owner> + '_ {
        self.beds[index].owner.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[inline]
fn searching(idle: usize) -> usize {
    idle & (PARKED - 1)
}

#[inline]
fn parked(idle: usize) -> usize {
    idle / PARKED
}
