//! What all workers and handles of a pool see.

use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use crossbeam_deque::Stealer;

use super::injector::Injector;
use super::job::JobRef;
use super::record::{EventKind, Recorder};
use super::search::Welcome;
use super::sleep::Sleep;
use crate::sync::{AtomicBool, Ordering};

/// The shared state of a pool.
pub(crate) struct Shared {
    pub(crate) sleep: Sleep,
    pub(super) injector: Injector<JobRef>,
    /// What is only begun by a worker that has nothing to wait for.
    pub(super) apart: Injector<JobRef>,
    /// The public ends of the workers' deques, by worker.
    pub(super) stealers: Vec<Stealer<JobRef>>,
    /// For each worker all the others, near ones first.
    pub(super) neighbours: Vec<Vec<usize>>,
    pub(super) recorder: Option<Recorder>,
    pub(super) spin: Spin,
    /// The number of the next submission.
    pub(super) sequence: AtomicU64,
    terminate: AtomicBool,
}

/// How long a worker looks for work before it parks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spin {
    /// Looks with a short pause in between.
    pub(super) hot: u32,
    /// After these, the time during which it yields between looks. `None` for as long as waking it
    /// would take, which is never more than twice as long as best.
    pub(super) yielding: Option<Duration>,
}

impl Shared {
    pub(super) fn new(
        stealers: Vec<Stealer<JobRef>>,
        neighbours: Vec<Vec<usize>>,
        recorder: Option<Recorder>,
        spin: Spin,
    ) -> Self {
        Self {
            sleep: Sleep::new(stealers.len()),
            injector: Injector::new(),
            apart: Injector::new(),
            stealers,
            neighbours,
            recorder,
            spin,
            sequence: AtomicU64::new(0),
            terminate: AtomicBool::new(false),
        }
    }

    pub(super) fn threads(&self) -> usize {
        self.stealers.len()
    }

    /// Hands in work from outside of the pool.
    pub(super) fn inject(&self, job: JobRef) {
        self.injector.push(job.sequence(), job);
        self.sleep.announce(&[]);
    }

    /// Hands in work that is not to be done on top of other work. Everybody is woken: of one it is not known
    /// whether it waits for something.
    pub(super) fn inject_apart(&self, job: JobRef) {
        self.apart.push(job.sequence(), job);
        self.sleep.notify_all();
    }

    /// The oldest welcome work from outside.
    pub(super) fn take(&self, welcome: Welcome) -> Option<JobRef> {
        let apart = || welcome.apart.then(|| self.apart.pop(welcome.newest)).flatten();
        self.injector.pop(welcome.newest).or_else(apart)
    }

    /// Whether this work from outside had not been begun, and will not be.
    pub(super) fn take_back(&self, is_it: impl Fn(&JobRef) -> bool) -> bool {
        [&self.injector, &self.apart].into_iter().any(|queue| queue.remove(&is_it).is_some())
    }

    /// The number of a new submission.
    pub(super) fn next_sequence(&self) -> u64 {
        self.sequence.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
    }

    /// Whether a worker that takes what is `welcome` would find anything.
    pub(super) fn has_work(&self, welcome: Welcome) -> bool {
        self.injector.has(welcome.newest)
            || (welcome.apart && self.apart.has(welcome.newest))
            || self.stealers.iter().any(|stealer| !stealer.is_empty())
    }

    /// Lets the workers end when there is no more work.
    pub(super) fn terminate(&self) {
        self.terminate.store(true, Ordering::Release);
        self.sleep.notify_all();
    }

    pub(super) fn is_terminating(&self) -> bool {
        self.terminate.load(Ordering::Acquire)
    }

    /// Notes an event of `worker`, if events are recorded.
    #[inline]
    pub(super) fn record(&self, worker: usize, event: impl FnOnce() -> EventKind) {
        if let Some(recorder) = &self.recorder {
            recorder.record(worker, event());
        }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("threads", &self.threads()).finish_non_exhaustive()
    }
}
