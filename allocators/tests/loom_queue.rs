//! The queue of a limit, under all interleavings of few threads: whoever waits is woken.

#![allow(dead_code, unreachable_pub)]

#[path = "../src/limit/queue.rs"]
mod queue;

/// What the queue is built on: loom's instead of the standard library's.
mod sync {
    pub(super) use loom::sync::{Condvar, Mutex, MutexGuard};
}

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use loom::thread;
use queue::{Queue, Refusal};

/// Runs `work` on three threads, this one among them, and checks that all was given back. Loom itself
/// fails if a thread waits for ever.
fn model(limit: usize, work: impl Fn(usize, &Queue, &AtomicUsize) + Copy + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(3);
    builder.check(move || {
        let shared = Arc::new((Queue::new(limit), AtomicUsize::new(0)));
        let threads: Vec<_> = (1..3)
            .map(|index| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || work(index, &shared.0, &shared.1))
            })
            .collect();
        work(0, &shared.0, &shared.1);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((shared.0.granted(), shared.0.waiting()), (0, 0));
    });
}

#[test]
fn everyone_who_waits_is_served_and_the_limit_holds() {
    model(4, |index, queue, used| {
        let bytes = [3, 2, 4][index];
        queue.take(bytes, None).unwrap();
        assert!(used.fetch_add(bytes, SeqCst) + bytes <= 4);
        used.fetch_sub(bytes, SeqCst);
        queue.give(bytes);
    });
}

#[test]
fn small_requests_pass_together_and_a_large_one_is_not_forgotten() {
    model(2, |index, queue, used| {
        let bytes = [1, 1, 2][index];
        queue.take(bytes, None).unwrap();
        assert!(used.fetch_add(bytes, SeqCst) + bytes <= 2);
        used.fetch_sub(bytes, SeqCst);
        queue.give(bytes);
    });
}

#[test]
fn those_who_do_not_wait_disturb_nobody() {
    model(2, |index, queue, _| match index {
        0 | 1 => {
            queue.take(2, None).unwrap();
            queue.give(2);
        }
        _ => match queue.try_take(1) {
            Ok(()) => {
                let more = queue.try_take_more(1).is_ok();
                queue.give(1 + usize::from(more));
            }
            Err(refusal) => assert!(matches!(refusal, Refusal::Busy { .. })),
        },
    });
}

/// Two who can only go on together, behind one who needs everything: the first of them to be served
/// wakes the other, since nobody gives anything back in between.
#[test]
fn who_is_served_wakes_the_next() {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(2);
    builder.check(|| {
        let shared = Arc::new((Queue::new(2), sync::Mutex::new(0), sync::Condvar::new()));
        let one = |shared: &(Queue, sync::Mutex<usize>, sync::Condvar)| {
            let (queue, served, changed) = shared;
            queue.take(1, None).unwrap();
            let mut count = served.lock().unwrap();
            *count += 1;
            changed.notify_all();
            while *count < 2 {
                count = changed.wait(count).unwrap();
            }
            drop(count);
            queue.give(1);
        };
        shared.0.take(2, None).unwrap();
        let threads: Vec<_> = (0..2)
            .map(|_| {
                let shared = Arc::clone(&shared);
                thread::spawn(move || one(&shared))
            })
            .collect();
        shared.0.give(2);
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        assert_eq!((shared.0.granted(), shared.0.waiting()), (0, 0));
    });
}
