//! The work-stealing pool: what it promises beyond the executor's contract.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use parhelion_scheduler::{Error, EventKind, Executor, ExecutorExt, Gate, Grain, Pin, Scratch, WorkStealing};

fn pool(threads: usize) -> WorkStealing {
    WorkStealing::new(threads).expect("a small pool starts")
}

fn fibonacci(pool: &WorkStealing, n: u64) -> u64 {
    if n < 2 {
        return n;
    }
    let (a, b) = pool.join(|| fibonacci(pool, n - 1), || fibonacci(pool, n - 2));
    a + b
}

fn payload_of(work: impl FnOnce()) -> String {
    let payload = catch_unwind(AssertUnwindSafe(work)).expect_err("the panic goes on");
    payload.downcast_ref::<&str>().expect("the payload is carried as it was").to_string()
}

#[test]
fn deep_recursion_from_outside_and_inside() {
    for threads in [1, 2, 3, 8] {
        let pool = pool(threads);
        assert_eq!(fibonacci(&pool, 22), 17711);
        assert_eq!(pool.enter(|| fibonacci(&pool, 22)), 17711);
    }
}

#[test]
fn many_callers_at_once() {
    let pool = pool(2);
    std::thread::scope(|scope| {
        for caller in 0..8u64 {
            let pool = &pool;
            scope.spawn(move || {
                for round in 0..50 {
                    let sum = pool.map_reduce(1000, Grain::Items(7), |r| r.sum::<usize>(), |a, b| a + b);
                    assert_eq!(sum, Some(499_500), "caller {caller}, round {round}");
                }
            });
        }
    });
}

#[test]
fn sixty_four_threads_do_what_one_does() {
    let pool = pool(64);
    assert_eq!(fibonacci(&pool, 20), 6765);
    let mut data = vec![0u64; 10_000];
    for _ in 0..20 {
        pool.for_each_chunk_mut(&mut data, 13, |index, chunk| {
            chunk.iter_mut().for_each(|value| *value = value.wrapping_mul(31).wrapping_add(index as u64));
        });
    }
    let mut expected = vec![0u64; 10_000];
    for _ in 0..20 {
        parhelion_scheduler::Sequential.for_each_chunk_mut(&mut expected, 13, |index, chunk| {
            chunk.iter_mut().for_each(|value| *value = value.wrapping_mul(31).wrapping_add(index as u64));
        });
    }
    assert_eq!(data, expected);
}

#[test]
fn a_panic_in_either_half_of_a_join_reaches_the_caller() {
    for threads in [1, 2, 4] {
        let pool = pool(threads);
        for round in 0..200 {
            assert_eq!(payload_of(|| _ = pool.join(|| panic!("a"), || round)), "a");
            assert_eq!(payload_of(|| _ = pool.join(|| round, || panic!("b"))), "b");
            assert_eq!(payload_of(|| _ = pool.join(|| panic!("a"), || panic!("b"))), "a");
            // The second half borrows from a frame that the panic goes through.
            let local = vec![round; 100];
            let inner = || pool.join(|| panic!("deep"), || local.iter().sum::<i32>());
            assert_eq!(payload_of(|| _ = pool.join(inner, || local.len())), "deep");
        }
        assert_eq!(fibonacci(&pool, 15), 610);
    }
}

#[test]
fn a_panic_in_any_task_of_a_scope_or_loop_reaches_the_caller() {
    let pool = pool(3);
    for guilty in 0..40 {
        let ended = AtomicUsize::new(0);
        let scope = || {
            pool.scope(|scope| {
                for task in 0..40 {
                    let ended = &ended;
                    scope.spawn(move |scope| {
                        scope.spawn(move |_| _ = ended.fetch_add(1, Ordering::Relaxed));
                        assert!(task != guilty, "guilty");
                    });
                }
            });
        };
        assert_eq!(payload_of(scope), "guilty");
        assert_eq!(ended.into_inner(), 40, "all tasks end before the scope does");
        let check = |range: std::ops::Range<usize>| assert!(!range.contains(&guilty), "guilty");
        for grain in [Grain::Items(1), Grain::Items(3), Grain::Measured] {
            assert_eq!(payload_of(|| pool.for_each_batch(40, grain, check)), "guilty");
        }
    }
    let body = || {
        pool.scope(|scope| {
            scope.spawn(|_| ());
            panic!("body")
        })
    };
    assert_eq!(payload_of(body), "body");
    assert_eq!(pool.scope(|_| 7), 7);
}

#[test]
fn a_scope_may_be_used_from_a_thread_outside() {
    let pool = pool(2);
    let runs = AtomicUsize::new(0);
    pool.scope(|scope| {
        let runs = &runs;
        std::thread::scope(|threads| {
            threads.spawn(move || {
                (0..100).for_each(|_| scope.spawn(move |_| _ = runs.fetch_add(1, Ordering::Relaxed)))
            });
        });
    });
    assert_eq!(runs.into_inner(), 100);
}

#[test]
fn submissions_give_their_result_or_panic() {
    let pool = pool(2);
    let jobs: Vec<_> = (0..100).map(|i| pool.submit(move || i * i)).collect();
    for (i, job) in jobs.into_iter().enumerate() {
        assert_eq!(job.wait().expect("no panic"), i * i);
    }
    let payload = pool.submit(|| panic!("submitted")).wait().expect_err("a panic");
    assert_eq!(*payload.downcast_ref::<&str>().expect("the payload"), "submitted");
    // A worker waits for a submission of its own pool, also if it is the only one.
    for threads in [1, 2] {
        let pool = self::pool(threads);
        let inner = pool.clone();
        assert_eq!(
            pool.submit(move || inner.submit(|| 3).wait().expect("no panic")).wait().expect("no panic"),
            3
        );
    }
}

#[test]
fn the_oldest_submission_is_first() {
    let pool = pool(1);
    let (begun, gate) = (AtomicBool::new(false), AtomicBool::new(false));
    let order = Mutex::new(Vec::new());
    let (old, young) = (pool.in_line(), pool.in_line());
    let log = |name: &'static str| order.lock().unwrap().push(name);
    std::thread::scope(|scope| {
        let blocked = scope.spawn(|| {
            pool.enter(|| {
                begun.store(true, Ordering::Release);
                while !gate.load(Ordering::Acquire) {
                    std::thread::yield_now();
                }
            })
        });
        while !begun.load(Ordering::Acquire) {
            std::thread::yield_now();
        }
        // Handed in one after the other, the younger submission first.
        for (handle, name) in [(&young, "young"), (&pool, "none"), (&old, "old"), (&old, "old again")] {
            let log = &log;
            scope.spawn(move || handle.enter(|| log(name)));
            std::thread::sleep(Duration::from_millis(20));
        }
        gate.store(true, Ordering::Release);
        blocked.join().unwrap();
    });
    assert_eq!(order.into_inner().unwrap(), ["old", "old again", "young", "none"]);
}

#[test]
fn dropping_a_busy_pool_finishes_what_was_submitted_and_joins_every_thread() {
    for threads in [1, 2, 5] {
        let runs = std::sync::Arc::new(AtomicUsize::new(0));
        let pool = pool(threads);
        let inner = pool.clone();
        let (total, in_job) = (200, runs.clone());
        for _ in 0..total {
            let runs = runs.clone();
            drop(pool.submit(move || {
                std::thread::sleep(Duration::from_micros(100));
                runs.fetch_add(1, Ordering::Relaxed);
            }));
        }
        // The last clone is dropped by a worker or by this thread, whoever is later.
        drop(pool.submit(move || {
            inner.join(|| (), || ());
            in_job.fetch_add(1, Ordering::Relaxed);
            drop(inner);
        }));
        drop(pool);
        let patience = Instant::now();
        while runs.load(Ordering::Relaxed) <= total && patience.elapsed() < Duration::from_secs(10) {
            std::thread::yield_now();
        }
        assert_eq!(runs.load(Ordering::Relaxed), total + 1);
    }
}

#[test]
fn pools_live_side_by_side_and_inside_of_each_other() {
    let (a, b) = (pool(2), pool(1));
    // Each level hands over to the other pool; the workers of one wait for the other.
    fn bounce(a: &WorkStealing, b: &WorkStealing, depth: usize) -> usize {
        match depth {
            0 => 1,
            _ => {
                let (x, y) = a.join(|| bounce(b, a, depth - 1), || bounce(b, a, depth - 1));
                x + y
            }
        }
    }
    assert_eq!(bounce(&a, &b, 9), 512);
    assert_eq!(bounce(&b, &a, 9), 512);
    assert!(a.current_worker().is_none());
    assert_eq!(b.enter(|| (a.current_worker(), b.current_worker())), (None, Some(0)));
}

#[test]
fn a_thread_started_by_a_task_may_use_the_pool() {
    for threads in [1, 2] {
        let pool = pool(threads);
        let through_a_thread =
            || std::thread::scope(|scope| scope.spawn(|| pool.in_line()).join().unwrap().threads());
        assert_eq!(pool.join(through_a_thread, through_a_thread), (threads, threads));
    }
    // One worker waits for the other, whose task waits for a younger call from outside.
    let pool = pool(2);
    let call = || {
        std::thread::sleep(Duration::from_millis(1));
        std::thread::scope(|scope| scope.spawn(|| fibonacci(&pool, 10)).join().unwrap())
    };
    assert_eq!(pool.join(|| fibonacci(&pool, 5), call), (5, 55));
}

#[test]
fn within_is_usable_from_everywhere_and_in_itself() {
    for threads in [1, 2] {
        let pool = pool(threads);
        let body = || {
            let pool = &pool;
            let sum = AtomicUsize::new(0);
            pool.run(50, &|i| _ = sum.fetch_add(i, Ordering::Relaxed));
            pool.scope(|scope| scope.spawn(|_| _ = sum.fetch_add(1000, Ordering::Relaxed)));
            let measured = pool.map_reduce(100, Grain::Measured, |r| r.len(), |a, b| a + b);
            let submitted = pool.submit(|| 5).wait().expect("no panic");
            let nested = pool.within_pool(|| pool.enter(|| pool.join(|| 1, || 2)));
            (sum.into_inner(), measured, submitted, nested)
        };
        let expected = (1225 + 1000, Some(100), 5, (1, 2));
        assert_eq!(pool.within_pool(body), expected);
        assert_eq!(pool.enter(|| pool.within_pool(body)), expected);
        assert_eq!(pool.map(4, |_| pool.within_pool(body)), [expected; 4]);
    }
}

#[test]
fn an_affinity_mask_of_one_core_is_respected() {
    std::thread::spawn(|| {
        let first = parhelion_scheduler::allowed_cpus()[0];
        if !core_affinity::set_for_current(core_affinity::CoreId { id: first }) {
            return; // The system has no masks.
        }
        assert_eq!(parhelion_scheduler::available_threads(), 1);
        let pool = WorkStealing::builder().build().expect("a pool");
        assert_eq!((pool.threads(), pool.placement()), (1, &[Some(first)][..]));
        // More threads than the mask has CPUs: everything stays on that one.
        let pool = WorkStealing::builder().threads(3).build().expect("a pool");
        assert_eq!(pool.placement(), [Some(first), None, None]);
        assert_eq!(fibonacci(&pool, 18), 2584);
        assert_eq!(pool.enter(parhelion_scheduler::allowed_cpus), [first]);
        assert_eq!(pool.within_pool(parhelion_scheduler::allowed_cpus), [first]);
        let other = first + 1;
        match WorkStealing::builder().pin(Pin::Cpus(vec![first, other])).build() {
            Err(Error::CpuNotAllowed { cpu, allowed }) => assert_eq!((cpu, allowed), (other, vec![first])),
            unexpected => panic!("{unexpected:?}"),
        }
    })
    .join()
    .expect("the checks hold");
}

#[test]
fn workers_run_where_they_are_pinned() {
    let cpus = parhelion_scheduler::allowed_cpus();
    let given: Vec<usize> = cpus.iter().rev().copied().collect();
    let pool =
        WorkStealing::builder().threads(cpus.len()).pin(Pin::Cpus(given.clone())).build().expect("a pool");
    let seen = Mutex::new(Vec::new());
    pool.run(1000, &|_| {
        let place = pool.current_worker().expect("tasks run on workers");
        seen.lock().unwrap().push((place, parhelion_scheduler::allowed_cpus()));
    });
    for (worker, mask) in seen.into_inner().unwrap() {
        assert_eq!(mask, [given[worker]]);
    }
    let free = WorkStealing::builder().threads(2).pin(Pin::None).build().expect("a pool");
    assert_eq!(free.enter(parhelion_scheduler::allowed_cpus), cpus);
}

#[test]
fn impossible_settings_are_errors() {
    let threads = |threads| WorkStealing::builder().threads(threads).build().expect_err("impossible");
    assert_eq!(threads(0).to_string(), "a pool needs at least 1 thread, got 0");
    assert_eq!(
        threads(usize::MAX).to_string(),
        format!("a pool has at most 65536 threads, got {}", usize::MAX)
    );
    let none = WorkStealing::builder().pin(Pin::Cpus(Vec::new())).build().expect_err("impossible");
    assert_eq!(none.to_string(), "threads need at least 1 CPU to be pinned to, got none");
}

#[test]
fn threads_have_names_and_stacks_as_asked() {
    let name = |index| format!("worker {index}");
    let pool =
        WorkStealing::builder().threads(1).stack_size(64 << 20).thread_name(name).build().expect("a pool");
    assert_eq!(pool.enter(|| std::thread::current().name().map(str::to_owned)).as_deref(), Some("worker 0"));
    fn deep(n: usize) -> usize {
        let page = std::hint::black_box([n; 512]);
        if n == 0 { 0 } else { deep(n - 1) + page[n % 512] - n + 1 }
    }
    // 32 MiB of frames.
    assert_eq!(pool.enter(|| deep(8000)), 8000);
}

#[test]
fn events_tell_what_happened() {
    let pool = WorkStealing::builder().threads(2).record(1000).build().expect("a pool");
    assert_eq!(fibonacci(&pool, 20), 6765);
    let sleeps = || {
        pool.join(
            || std::thread::sleep(Duration::from_millis(20)),
            || std::thread::sleep(Duration::from_millis(20)),
        )
    };
    pool.enter(sleeps);
    let record = pool.take_record();
    assert!(record.events.is_sorted_by_key(|event| event.nanoseconds));
    assert!(record.events.iter().all(|event| event.worker < 2));
    let count =
        |wanted: fn(&EventKind) -> bool| record.events.iter().filter(|event| wanted(&event.kind)).count();
    assert!(count(|kind| matches!(kind, EventKind::Start { .. })) >= 2);
    assert!(count(|kind| matches!(kind, EventKind::Steal { .. })) >= 1, "{record:?}");
    let small = WorkStealing::builder().threads(1).record(4).build().expect("a pool");
    (0..10).for_each(|_| small.enter(|| ()));
    let record = small.take_record();
    assert_eq!(record.events.len(), 4);
    // The end of the last call may still be on its way.
    assert!(record.overwritten >= 15);
    assert!(self::pool(1).take_record().events.is_empty());
}

#[test]
fn scratch_is_reused_and_never_shared() {
    let pool = pool(3);
    let made = AtomicUsize::new(0);
    let scratch = Scratch::new(pool.threads(), || {
        made.fetch_add(1, Ordering::Relaxed);
        (AtomicBool::new(false), 0usize)
    });
    pool.run(2000, &|_| {
        scratch.with(|(busy, uses)| {
            assert!(!busy.swap(true, Ordering::SeqCst));
            *uses += 1;
            // Whatever runs in the middle gets another buffer.
            pool.join(|| scratch.with(|(busy, _)| assert!(!busy.load(Ordering::SeqCst))), || ());
            busy.store(false, Ordering::SeqCst);
        });
    });
    let total: usize = scratch.into_values().map(|(_, uses)| uses).sum();
    assert_eq!(total, 2000);
    assert!(made.into_inner() <= 200, "buffers are reused");
}

#[test]
fn measured_loops_cover_everything_once_whatever_an_item_costs() {
    for threads in [1, 2, 4] {
        let pool = pool(threads);
        for (len, spins) in [(0, 0), (1, 0), (2, 100_000), (100, 0), (100, 1000), (10_000, 0), (10_000, 20)] {
            for inside in [false, true] {
                let mut data = vec![0u32; len];
                let mut work = || {
                    pool.for_each_batch_mut(&mut data, Grain::Measured, |first, piece| {
                        for (offset, value) in piece.iter_mut().enumerate() {
                            (0..spins).for_each(|_| std::hint::spin_loop());
                            *value += (first + offset) as u32 + 1;
                        }
                    })
                };
                if inside {
                    pool.enter(work)
                } else {
                    work()
                }
                assert!(data.iter().copied().eq(1..=len as u32), "{len} items, {threads} threads");
                // Concatenation is associative, not commutative.
                let joined = pool.map_reduce(
                    len,
                    Grain::Measured,
                    |r| r.collect::<Vec<_>>(),
                    |mut a, b| {
                        a.extend(b);
                        a
                    },
                );
                assert_eq!(joined.unwrap_or_default(), (0..len).collect::<Vec<_>>());
            }
        }
    }
}

#[test]
fn both_threads_take_part_in_long_work() {
    let pool = pool(2);
    let meet = std::sync::Barrier::new(2);
    // Ends only if both halves run at once.
    for _ in 0..100 {
        pool.join(|| meet.wait(), || meet.wait());
        pool.run(2, &|_| _ = meet.wait());
        pool.scope(|scope| (0..2).for_each(|_| scope.spawn(|_| _ = meet.wait())));
    }
    for _ in 0..3 {
        std::thread::sleep(Duration::from_millis(5));
        pool.join(|| meet.wait(), || meet.wait());
    }
}

/// Waits for something that another thread is about to do.
fn wait_for(what: &str, done: impl Fn() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < Duration::from_secs(60), "{what}: never");
        std::thread::yield_now();
    }
}

#[test]
fn what_goes_apart_is_on_top_of_nothing() {
    let pool = pool(2);
    let (stolen, ran, go) = (AtomicBool::new(false), AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            // Both workers are in this: one waits for the piece that the other has.
            pool.join(
                || wait_for("the other half", || stolen.load(Ordering::SeqCst)),
                || {
                    stolen.store(true, Ordering::SeqCst);
                    wait_for("permission", || go.load(Ordering::SeqCst));
                },
            );
        });
        wait_for("a steal", || stolen.load(Ordering::SeqCst));
        scope.spawn(|| pool.enter_apart(|| ran.store(true, Ordering::SeqCst)));
        // The worker that waits loses its patience, and begins what comes from elsewhere.
        std::thread::sleep(Duration::from_millis(20));
        assert_eq!(pool.enter(|| 7), 7);
        assert!(!ran.load(Ordering::SeqCst), "it began on top of a join");
        go.store(true, Ordering::SeqCst);
    });
    assert!(ran.load(Ordering::SeqCst));
    // On a worker there is nowhere else to go, nor may a panic end the pool.
    assert!(pool.enter(|| pool.enter_apart(|| pool.current_worker().is_some())));
    assert_eq!(payload_of(|| pool.enter_apart(|| panic!("apart"))), "apart");
    assert_eq!(pool.enter_apart(|| fibonacci(&pool, 15)), 610);
}

#[test]
fn no_more_goes_apart_at_once_than_there_are_workers() {
    for threads in [1, 2, 3] {
        let (pool, now, most) = (pool(threads), AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..12 {
                scope.spawn(|| {
                    pool.enter_apart(|| {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        assert_eq!(fibonacci(&pool, 18), 2584);
                        now.fetch_sub(1, Ordering::SeqCst);
                    });
                });
            }
        });
        assert!(most.load(Ordering::SeqCst) <= threads);
    }
}

#[test]
fn a_worker_before_a_gate_works_for_the_one_inside() {
    let (pool, gate) = (pool(2), Arc::<Gate>::default());
    for _ in 0..20 {
        let meet = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    pool.enter_apart(|| {
                        let pass = gate.enter();
                        // Ends only if both workers take part, though one of them is in line at first.
                        pool.run(2, &|_| _ = meet.wait());
                        drop(pass);
                    });
                });
            }
        });
    }
    assert_eq!(format!("{gate:?}"), "Gate { taken: false, waiting: 0 }");
}

#[test]
fn a_gate_lets_in_one_at_a_time_as_they_come() {
    let (pool, gate) = (pool(3), Arc::<Gate>::default());
    let (inside, order) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let first = gate.enter();
    std::thread::scope(|scope| {
        let mut visits = Vec::new();
        for number in 0..6 {
            let (pool, gate, inside, order) = (&pool, &gate, &inside, &order);
            let visit = move || {
                let pass = gate.enter();
                assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                order.lock().unwrap().push(number);
                assert_eq!(fibonacci(pool, 15), 610);
                assert_eq!(inside.fetch_sub(1, Ordering::SeqCst), 1);
                drop(pass);
            };
            // Workers and other threads, in turns.
            visits.push(scope.spawn(move || if number % 2 == 0 { pool.enter_apart(visit) } else { visit() }));
            wait_for("one more in line", || {
                format!("{gate:?}").ends_with(&format!("waiting: {} }}", number + 1))
            });
        }
        drop(first);
        visits.into_iter().for_each(|visit| visit.join().unwrap());
    });
    assert_eq!(*order.lock().unwrap(), [0, 1, 2, 3, 4, 5]);
    // A panic inside leaves as well.
    let inside = Arc::clone(&gate);
    let panicking = || {
        let _pass = inside.enter();
        panic!("inside");
    };
    assert_eq!(payload_of(panicking), "inside");
    drop(gate.enter());
}
