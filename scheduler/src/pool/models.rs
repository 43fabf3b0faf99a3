//! Loom models of the protocols in `README.md`: every interleaving and every reordering that the memory model
//! allows, up to a bound on preemptions. Run by `ci/loom.sh`. A worker that sleeps through its work is a deadlock,
//! which loom reports.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::gate::Gate;
use super::injector::Injector;
use super::latch::{Flag, block_until};
use super::sleep::{Sleep, Woken};
use crate::sync::{AtomicBool, AtomicUsize, Ordering};

/// Checks with LOOM_MAX_PREEMPTIONS preemptions, or 3, but at most `most`.
fn model_up_to(most: usize, check: impl Fn() + Send + Sync + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(builder.preemption_bound.unwrap_or(3).min(most));
    builder.check(check);
}

fn model(check: impl Fn() + Send + Sync + 'static) {
    model_up_to(usize::MAX, check);
}

/// The parts of a pool that do not depend on what work is.
struct Pool {
    sleep: Sleep,
    injector: Injector<usize>,
    apart: Injector<usize>,
    terminate: AtomicBool,
    done: AtomicUsize,
}

impl Pool {
    fn new(workers: usize) -> Arc<Self> {
        Arc::new(Self {
            sleep: Sleep::new(workers),
            injector: Injector::new(),
            apart: Injector::new(),
            terminate: AtomicBool::new(false),
            done: AtomicUsize::new(0),
        })
    }

    fn inject(&self, sequence: u64, work: usize) {
        self.injector.push(sequence, work);
        self.sleep.announce(&[]);
    }

    fn inject_apart(&self, work: usize) {
        self.apart.push(0, work);
        self.sleep.notify_all();
    }

    fn end(&self) {
        self.terminate.store(true, Ordering::Release);
        self.sleep.notify_all();
    }

    /// What is from outside; of what is to be done apart only if this worker is `idle`.
    fn take(&self, idle: bool) -> Option<usize> {
        self.injector.pop(u64::MAX).or_else(|| idle.then(|| self.apart.pop(u64::MAX)).flatten())
    }

    fn has_work(&self, idle: bool) -> bool {
        self.injector.has(u64::MAX) || (idle && self.apart.has(u64::MAX))
    }

    /// The loop of a worker, as in `worker.rs`, without spinning. Ends when `done`.
    fn work_until(&self, index: usize, idle: bool, done: impl Fn() -> bool) {
        while !done() {
            match self.take(idle).or_else(|| self.search(index, idle, &done)) {
                Some(work) => self.done.fetch_add(work, Ordering::AcqRel),
                None => return,
            };
        }
    }

    fn search(&self, index: usize, idle: bool, done: &impl Fn() -> bool) -> Option<usize> {
        self.sleep.start_search();
        let found = loop {
            if done() {
                break None;
            }
            if let Some(work) = self.take(idle) {
                break Some(work);
            }
            let _: Woken = self.sleep.park(index, None, || {
                done() || self.terminate.load(Ordering::Acquire) || self.has_work(idle)
            });
        };
        if self.sleep.end_search() && self.has_work(true) {
            self.sleep.wake_one(&[]);
        }
        found
    }

    fn worker(pool: &Arc<Self>, index: usize) -> thread::JoinHandle<()> {
        let pool = Arc::clone(pool);
        thread::spawn(move || {
            pool.sleep.register(index);
            pool.work_until(index, true, || pool.terminate.load(Ordering::Acquire) && !pool.has_work(true));
        })
    }
}

#[test]
fn a_flag_publishes_the_result() {
    model(|| {
        let job = Arc::new((Flag::new(), UnsafeCell::new(0)));
        let setter = {
            let (job, waiter) = (Arc::clone(&job), thread::current());
            thread::spawn(move || {
                // SAFETY: the waiter reads only after the flag.
                job.1.with_mut(|result| unsafe { *result = 7 });
                job.0.set();
                waiter.unpark();
            })
        };
        block_until(0, || job.0.is_set());
        // SAFETY: the setter wrote before the flag.
        assert_eq!(job.1.with(|result| unsafe { *result }), 7);
        setter.join().unwrap();
    });
}

#[test]
fn a_parked_worker_is_woken_by_its_flag() {
    model(|| {
        let pool = Pool::new(1);
        let flag = Arc::new(Flag::new());
        let waiter = {
            let (pool, flag) = (Arc::clone(&pool), Arc::clone(&flag));
            thread::spawn(move || {
                pool.sleep.register(0);
                pool.work_until(0, false, || flag.is_set());
            })
        };
        flag.set();
        pool.sleep.notify(0);
        waiter.join().unwrap();
    });
}

#[test]
fn injected_work_is_done_and_the_end_reaches_a_sleeper() {
    model(|| {
        let pool = Pool::new(1);
        let worker = Pool::worker(&pool, 0);
        pool.inject(0, 1);
        pool.inject(1, 2);
        pool.end();
        worker.join().unwrap();
        assert_eq!(pool.done.load(Ordering::Acquire), 3);
    });
}

#[test]
fn two_sleepers_share_what_is_handed_in_and_both_end() {
    // More preemptions take minutes.
    model_up_to(2, || {
        let pool = Pool::new(2);
        let workers = [Pool::worker(&pool, 0), Pool::worker(&pool, 1)];
        pool.inject(0, 1);
        pool.inject(0, 1);
        pool.end();
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        assert_eq!(pool.done.load(Ordering::Acquire), 2);
    });
}

#[test]
fn who_found_work_last_wakes_somebody_for_the_rest() {
    // The first task ends only when the second has been done: one worker must not keep both, and
    // the publisher of the second must not rely on a worker that is busy with the first.
    model(|| {
        let pool = Pool::new(2);
        let workers: Vec<_> = (0..2)
            .map(|index| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    pool.sleep.register(index);
                    let work = loop {
                        if let Some(work) = pool.injector.pop(u64::MAX) {
                            break work;
                        }
                        if let Some(work) = pool.search(index, true, &|| false) {
                            break work;
                        }
                    };
                    // Each takes one and then waits for the other without looking for work.
                    pool.done.fetch_add(work, Ordering::AcqRel);
                })
            })
            .collect();
        pool.inject(0, 1);
        pool.inject(0, 2);
        workers.into_iter().for_each(|worker| worker.join().unwrap());
        assert_eq!(pool.done.load(Ordering::Acquire), 3);
    });
}

#[test]
fn work_apart_reaches_an_idle_worker_past_one_that_waits() {
    model_up_to(2, || {
        let pool = Pool::new(2);
        let flag = Arc::new(Flag::new());
        let waiting = {
            let (pool, flag) = (Arc::clone(&pool), Arc::clone(&flag));
            thread::spawn(move || {
                pool.sleep.register(0);
                pool.work_until(0, false, || flag.is_set());
                assert!(flag.is_set());
            })
        };
        // It sets the flag when it has done the work.
        let idle = {
            let (pool, flag) = (Arc::clone(&pool), Arc::clone(&flag));
            thread::spawn(move || {
                pool.sleep.register(1);
                pool.work_until(1, true, || pool.done.load(Ordering::Acquire) == 1);
                flag.set();
                pool.sleep.notify(0);
            })
        };
        pool.inject_apart(1);
        waiting.join().unwrap();
        idle.join().unwrap();
    });
}

#[test]
fn one_at_a_time_is_inside_of_a_gate_and_nobody_is_forgotten() {
    model_up_to(2, || {
        let (gate, inside) = (std::sync::Arc::<Gate>::default(), Arc::new(UnsafeCell::new(0)));
        let visit = move |gate: &std::sync::Arc<Gate>, inside: &UnsafeCell<usize>| {
            let _pass = gate.enter();
            // SAFETY: nobody else is inside; loom checks that.
            inside.with_mut(|visits| unsafe { *visits += 1 });
        };
        let visitors: Vec<_> = (0..2)
            .map(|_| {
                let (gate, inside) = (gate.clone(), Arc::clone(&inside));
                thread::spawn(move || visit(&gate, &inside))
            })
            .collect();
        visit(&gate, &inside);
        visitors.into_iter().for_each(|visitor| visitor.join().unwrap());
        // SAFETY: all have left.
        assert_eq!(inside.with(|visits| unsafe { *visits }), 3);
    });
}

#[test]
fn counters_are_balanced_after_a_crossed_notification() {
    model(|| {
        let sleep = Arc::new(Sleep::new(1));
        let flag = Arc::new(Flag::new());
        let sleeper = {
            let (sleep, flag) = (Arc::clone(&sleep), Arc::clone(&flag));
            thread::spawn(move || {
                sleep.register(0);
                sleep.start_search();
                while !flag.is_set() {
                    let _: Woken = sleep.park(0, None, || flag.is_set());
                }
                assert!(!sleep.end_search(), "nobody else is parked");
            })
        };
        flag.set();
        sleep.notify(0);
        sleep.notify(0);
        sleeper.join().unwrap();
        assert!(!sleep.anyone_searching());
        assert!(!sleep.wants_wake());
    });
}

#[test]
fn the_injector_keeps_the_order_of_submissions() {
    model(|| {
        let injector = Arc::new(Injector::new());
        injector.push(5, 50);
        let other = {
            let injector = Arc::clone(&injector);
            thread::spawn(move || injector.push(3, 30))
        };
        let first = injector.pop(u64::MAX).expect("one is there from the beginning");
        other.join().unwrap();
        let second = injector.pop(u64::MAX).expect("both are there");
        assert!([(30, 50), (50, 30)].contains(&(first, second)));
        injector.push(9, 90);
        assert_eq!((injector.pop(8), injector.has(8)), (None, false));
        assert_eq!((injector.pop(9), injector.pop(u64::MAX)), (Some(90), None));
    });
}
