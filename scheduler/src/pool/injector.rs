//! Work handed in from outside, oldest submission first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::PoisonError;

use crate::sync::{AtomicUsize, Mutex, Ordering};

/// A queue ordered by sequence number, then by arrival.
///
/// The lock is held for a few instructions, and never while work runs. `oldest` lets searching
/// workers pass by an empty queue without taking it.
#[derive(Debug)]
pub(crate) struct Injector<T> {
    queue: Mutex<Queue<T>>,
    /// The sequence number at the head, or `EMPTY`.
    oldest: AtomicUsize,
}

/// No sequence number gets there.
const EMPTY: usize = usize::MAX;

#[derive(Debug)]
struct Queue<T> {
    heap: BinaryHeap<Reverse<Entry<T>>>,
    arrivals: u64,
}

#[derive(Debug)]
struct Entry<T> {
    sequence: u64,
    arrival: u64,
    work: T,
}

impl<T> Entry<T> {
    fn key(&self) -> (u64, u64) {
        (self.sequence, self.arrival)
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl<T> Eq for Entry<T> {}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        let queue = Queue { heap: BinaryHeap::new(), arrivals: 0 };
        Self { queue: Mutex::new(queue), oldest: AtomicUsize::new(EMPTY) }
    }

    /// Adds `work` of the submission `sequence`. The caller then tells [`Sleep`](super::sleep::Sleep).
    pub(crate) fn push(&self, sequence: u64, work: T) {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let arrival = queue.arrivals;
        queue.arrivals += 1;
        queue.heap.push(Reverse(Entry { sequence, arrival, work }));
        self.announce(&queue);
    }

    /// The oldest work, if it belongs to submission `newest` or an older one.
    pub(crate) fn pop(&self, newest: u64) -> Option<T> {
        if !self.has(newest) {
            return None;
        }
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.heap.peek().is_none_or(|Reverse(entry)| entry.sequence > newest) {
            return None;
        }
        let work = queue.heap.pop().map(|Reverse(entry)| entry.work);
        self.announce(&queue);
        work
    }

    /// Takes back work that nobody has taken yet.
    pub(crate) fn remove(&self, is_it: impl Fn(&T) -> bool) -> Option<T> {
        let mut queue = self.queue.lock().unwrap_or_else(PoisonError::into_inner);
        let (found, others): (Vec<_>, Vec<_>) =
            queue.heap.drain().partition(|Reverse(entry)| is_it(&entry.work));
        queue.heap = others.into();
        self.announce(&queue);
        found.into_iter().next().map(|Reverse(entry)| entry.work)
    }

    /// Whether [`pop`](Self::pop) has something to give.
    pub(crate) fn has(&self, newest: u64) -> bool {
        let oldest = self.oldest.load(Ordering::Acquire);
        oldest != EMPTY && oldest as u64 <= newest
    }

    fn announce(&self, queue: &Queue<T>) {
        let oldest = queue.heap.peek().map_or(EMPTY, |Reverse(entry)| clamp(entry.sequence));
        self.oldest.store(oldest, Ordering::Release);
    }
}

/// Sequence numbers fit on 64-bit targets; elsewhere late ones look younger than they are at most.
fn clamp(sequence: u64) -> usize {
    usize::try_from(sequence).unwrap_or(EMPTY - 1).min(EMPTY - 1)
}
