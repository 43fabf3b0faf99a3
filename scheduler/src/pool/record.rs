//! What the workers did and when, as plain data.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use crossbeam_utils::CachePadded;

/// What a worker did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// It began a piece of work that it stole, or that came from outside. Second
    /// halves of joins that nobody stole are parts of what encloses them.
    Start {
        /// The submission that the work belongs to.
        submission: u64,
    },
    /// It ended the piece of work begun last.
    End {
        /// The submission that the work belongs to.
        submission: u64,
    },
    /// It stole.
    Steal {
        /// The worker from whose deque.
        victim: usize,
    },
    /// It went to sleep.
    Park,
    /// It woke up.
    Unpark,
}

/// One event of one worker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Nanoseconds since the pool was built, on a clock that never goes back.
    pub nanoseconds: u64,
    /// The worker, counted from 0.
    pub worker: usize,
    /// What it did.
    pub kind: EventKind,
}

/// The events of a pool since they were taken last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// In the order of time.
    pub events: Vec<Event>,
    /// How many older events were overwritten because a worker's ring was full.
    pub overwritten: u64,
}

/// One ring of events for each worker.
///
/// A worker takes only the lock of its own ring, which is free except while somebody reads.
#[derive(Debug)]
pub(crate) struct Recorder {
    epoch: Instant,
    capacity: usize,
    rings: Vec<CachePadded<Mutex<Ring>>>,
}

#[derive(Debug, Default)]
struct Ring {
    events: VecDeque<(u64, EventKind)>,
    overwritten: u64,
}

impl Recorder {
    /// Rings of `capacity` (at least 1) events for `workers` workers, allocated here.
    pub(super) fn new(workers: usize, capacity: usize) -> Self {
        let capacity = capacity.max(1);
        let ring = || Ring { events: VecDeque::with_capacity(capacity), overwritten: 0 };
        Self {
            epoch: Instant::now(),
            capacity,
            rings: (0..workers).map(|_| CachePadded::new(Mutex::new(ring()))).collect(),
        }
    }

    pub(super) fn record(&self, worker: usize, kind: EventKind) {
        let nanoseconds = u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let mut ring = self.rings[worker].lock().unwrap_or_else(PoisonError::into_inner);
        if ring.events.len() == self.capacity {
            ring.events.pop_front();
            ring.overwritten += 1;
        }
        ring.events.push_back((nanoseconds, kind));
    }

    /// Takes all events out.
    pub(super) fn take(&self) -> Record {
        let mut record = Record::default();
        for (worker, ring) in self.rings.iter().enumerate() {
            let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
            record.overwritten += std::mem::take(&mut ring.overwritten);
            record.events.extend(ring.events.drain(..).map(|(nanoseconds, kind)| Event {
                nanoseconds,
                worker,
                kind,
            }));
        }
        record.events.sort_by_key(|event| event.nanoseconds);
        record
    }
}
