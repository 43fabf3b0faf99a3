//! Tests of the parts that cannot be reached from outside.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use super::injector::Injector;
use super::sleep::{Sleep, Woken};

/// Two workers that wake each other in turns, a million times, with nothing but the sleep protocol
/// between them. A single lost wake-up hangs the test.
#[test]
fn no_wake_up_is_lost_in_a_million_rounds() {
    const ROUNDS: usize = 500_000;
    let shared = Arc::new((Sleep::new(2), AtomicUsize::new(0)));
    let player = |index: usize| {
        let shared = Arc::clone(&shared);
        move || {
            // On one core, so that each turn goes through the scheduler of the system.
            let cpu = crate::allowed_cpus()[0];
            core_affinity::set_for_current(core_affinity::CoreId { id: cpu });
            let (sleep, turn) = &*shared;
            sleep.register(index);
            let mut parks = 0u64;
            for round in 0..ROUNDS {
                let mine = 2 * round + index;
                sleep.start_search();
                while turn.load(Ordering::Acquire) != mine {
                    parks += u64::from(
                        sleep.park(index, None, || turn.load(Ordering::Acquire) == mine) == Woken::Notified,
                    );
                }
                let _ = sleep.end_search();
                turn.store(mine + 1, Ordering::Release);
                sleep.notify(1 - index);
            }
            parks
        }
    };
    let players = [0, 1].map(|index| thread::spawn(player(index)));
    let parks: u64 = players.map(|player| player.join().expect("no panic")).iter().sum();
    assert_eq!(shared.1.load(Ordering::Relaxed), 2 * ROUNDS);
    assert!(parks > ROUNDS as u64, "most turns should sleep, {parks} did");
    assert!(!shared.0.anyone_searching() && !shared.0.wants_wake(), "the counters are back at zero");
}

#[test]
fn a_nap_ends_by_itself_and_leaves_the_counters_right() {
    let sleep = Sleep::new(1);
    sleep.register(0);
    sleep.start_search();
    // A token that is left over ends the first one early.
    thread::current().unpark();
    for _ in 0..3 {
        assert_eq!(sleep.park(0, Some(Duration::from_millis(1)), || false), Woken::TimedOut);
        assert_eq!(sleep.park(0, None, || true), Woken::Stayed);
        assert!(sleep.anyone_searching());
    }
    assert!(!sleep.end_search());
    assert!(!sleep.anyone_searching() && !sleep.wants_wake());
}

#[test]
fn the_injector_gives_the_oldest_submission_in_the_order_of_arrival() {
    let injector = Injector::new();
    for (work, sequence) in [4, 2, 4, 1, 2, 1].into_iter().enumerate() {
        injector.push(sequence, work);
    }
    assert_eq!(injector.pop(0), None);
    let order: Vec<usize> = std::iter::from_fn(|| injector.pop(u64::MAX)).collect();
    assert_eq!(order, [3, 5, 1, 4, 0, 2]);
    assert!(!injector.has(u64::MAX));
}
