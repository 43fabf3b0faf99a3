//! What every executor must do, run on every executor of the crate.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use parhelion_scheduler::{
    Error, Executor, ExecutorExt, Pin, RayonExecutor, Sequential, WorkStealing, available_threads,
};

/// The sequential executor, pools of 1 to 4 threads of both kinds, rayon's global pool, and a pinned
/// rayon pool.
fn executors() -> Vec<Box<dyn Executor>> {
    let pools = (1..=4).map(|threads| {
        let pool = RayonExecutor::new(threads).expect("a small pool starts");
        assert_eq!(pool.threads(), threads);
        Box::new(pool) as Box<dyn Executor>
    });
    let ours = (1..=4).map(|threads| {
        let pool = WorkStealing::new(threads).expect("a small pool starts");
        assert_eq!(Executor::threads(&pool), threads);
        Box::new(pool) as Box<dyn Executor>
    });
    let others = [
        Box::new(Sequential) as Box<dyn Executor>,
        Box::new(RayonExecutor::ambient()),
        Box::new(RayonExecutor::pinned(2, &Pin::PhysicalCores).expect("a small pool starts")),
    ];
    others.into_iter().chain(pools).chain(ours).collect()
}

#[test]
fn every_task_runs_exactly_once() {
    for executor in executors() {
        for tasks in [0, 1, 2, 3, 7, 64, 1000] {
            let runs: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            executor.run(tasks, &|index| {
                runs[index].fetch_add(1, Ordering::Relaxed);
            });
            let runs: Vec<usize> = runs.into_iter().map(AtomicUsize::into_inner).collect();
            assert_eq!(runs, vec![1; tasks], "{executor:?}, {tasks} tasks");
        }
    }
}

#[test]
fn runs_may_be_nested() {
    for executor in executors() {
        let sum = AtomicUsize::new(0);
        executor.run(5, &|outer| {
            executor.run(6, &|middle| {
                executor.run(7, &|inner| {
                    sum.fetch_add(outer * 100 + middle * 10 + inner, Ordering::Relaxed);
                });
            });
        });
        // Each digit's sum, times how often the other two loops repeat it.
        let expected = 100 * 10 * 42 + 10 * 15 * 35 + 21 * 30;
        assert_eq!(sum.into_inner(), expected, "{executor:?}");
    }
}

#[test]
fn a_panic_reaches_the_caller_and_the_executor_stays_usable() {
    for executor in executors() {
        for round in 0..3 {
            let caught = catch_unwind(AssertUnwindSafe(|| {
                executor.run(16, &|index| {
                    if index == 5 {
                        std::panic::panic_any(format!("task {index} of round {round}"));
                    }
                });
            }));
            let payload = caught.expect_err("the panic must not be swallowed");
            let message = payload.downcast_ref::<String>().expect("the payload is carried as it was");
            assert_eq!(*message, format!("task 5 of round {round}"), "{executor:?}");
            assert_eq!(
                executor.map(8, |i| i * i),
                [0, 1, 4, 9, 16, 25, 36, 49],
                "{executor:?} after a panic"
            );
        }
        let caught =
            catch_unwind(AssertUnwindSafe(|| executor.within_pool(|| -> usize { panic!("within") })));
        assert!(caught.is_err(), "{executor:?}");
        assert_eq!(executor.within_pool(|| 3), 3, "{executor:?} after a panic within");
    }
}

#[test]
fn map_keeps_the_order() {
    for executor in executors() {
        let expected: Vec<String> = (0..500).map(|i| format!("{i}")).collect();
        assert_eq!(executor.map(500, |i| format!("{i}")), expected, "{executor:?}");
        assert!(executor.map(0, |i| i).is_empty(), "{executor:?}");
    }
}

#[test]
fn for_each_hands_every_item_over_by_value_with_its_index() {
    for executor in executors() {
        let items: Vec<Box<usize>> = (0..100).map(|i| Box::new(i * 3)).collect();
        let seen = Mutex::new(Vec::new());
        executor.for_each(items, |index, item: Box<usize>| seen.lock().unwrap().push((index, *item)));
        let mut seen = seen.into_inner().unwrap();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).map(|i| (i, i * 3)).collect::<Vec<_>>(), "{executor:?}");
        executor.for_each(Vec::<usize>::new(), |_, _| panic!("there is no item"));
    }
}

#[test]
fn chunks_cover_the_data_once() {
    for executor in executors() {
        for (len, chunk) in [(0, 4), (1, 4), (3, 4), (4, 4), (5, 4), (1000, 7), (1000, 1), (1000, 2000)] {
            let mut data = vec![0usize; len];
            executor.for_each_chunk_mut(&mut data, chunk, |index, piece| {
                assert!(piece.len() <= chunk);
                for (offset, value) in piece.iter_mut().enumerate() {
                    *value += index * chunk + offset + 1;
                }
            });
            assert_eq!(data, (1..=len).collect::<Vec<_>>(), "{executor:?}, {len} items in pieces of {chunk}");
        }
    }
}

#[test]
fn chunk_len_covers_and_respects_the_minimum() {
    for executor in executors() {
        for (len, min) in [(0, 0), (1, 1), (10, 64), (1 << 16, 1 << 10), (12345, 1)] {
            let chunk = executor.chunk_len(len, min);
            assert!(chunk >= min.max(1), "{executor:?}: {chunk} is shorter than {min}");
            let pieces = len.div_ceil(chunk);
            assert!(pieces <= 4 * executor.threads(), "{executor:?}: {pieces} pieces");
        }
    }
}

#[test]
fn join_returns_both_results() {
    for executor in executors() {
        let text = String::from("left");
        assert_eq!(executor.join(|| text.len(), || vec![1u8; 3]), (4, vec![1u8; 3]), "{executor:?}");
        let ((a, b), c) = executor.join(|| executor.join(|| 1, || 2), || 3);
        assert_eq!((a, b, c), (1, 2, 3), "{executor:?}");
    }
}

#[test]
fn tasks_aside_borrow_and_have_ended_when_the_body_has() {
    for executor in executors() {
        let here = std::thread::current().id();
        let mut squares = vec![0; 100];
        let body = executor.alongside_of(|aside| {
            for (number, square) in squares.iter_mut().enumerate() {
                aside.spawn(Box::new(move || *square = number * number));
            }
            std::thread::current().id()
        });
        assert_eq!(body, here, "{executor:?}");
        assert!(squares.iter().enumerate().all(|(number, square)| *square == number * number));
        // From a thread of the executor's, and with loops in tasks.
        let sum = AtomicUsize::new(0);
        executor.enter_pool(|| {
            executor.alongside_of(|aside| {
                for number in 0..10 {
                    let (executor, sum) = (&executor, &sum);
                    aside.spawn(Box::new(move || {
                        executor.run(10, &|index| _ = sum.fetch_add(number * index, Ordering::Relaxed));
                    }));
                }
            });
        });
        assert_eq!(sum.into_inner(), 45 * 45, "{executor:?}");
    }
}

#[test]
fn a_body_may_wait_for_its_tasks() {
    for executor in executors() {
        let (sender, receiver) = std::sync::mpsc::channel();
        let task = |number| {
            let sender = sender.clone();
            Box::new(move || sender.send(number).expect("the body waits"))
        };
        executor.alongside_of(|aside| {
            aside.spawn(task(1));
            // Threads of a pool do it by themselves.
            assert_eq!(receiver.recv(), Ok(1), "{executor:?}");
            aside.spawn(task(2));
            let got = loop {
                match receiver.try_recv() {
                    Ok(got) => break got,
                    Err(_) => _ = aside.help(),
                }
            };
            assert_eq!((got, aside.help()), (2, false), "{executor:?}");
        });
    }
}

#[test]
fn panics_aside_reach_the_caller_when_all_has_ended() {
    for executor in executors() {
        let ended = AtomicUsize::new(0);
        let panic = catch_unwind(AssertUnwindSafe(|| {
            executor.alongside_of(|aside| {
                for number in 0..5 {
                    let ended = &ended;
                    aside.spawn(Box::new(move || {
                        ended.fetch_add(1, Ordering::Relaxed);
                        assert!(number != 2, "number two");
                    }));
                }
            });
        }));
        let panic = panic.expect_err("a task panics");
        assert!(panic.downcast_ref::<&str>().is_some_and(|message| message.contains("number two")));
        // Where tasks run on the spot, the panic ends the body.
        assert!([3, 5].contains(&ended.into_inner()), "{executor:?}");

        let dropped = Arc::new(());
        let panic = catch_unwind(AssertUnwindSafe(|| {
            executor.alongside_of(|aside| {
                let held = Arc::clone(&dropped);
                aside.spawn(Box::new(move || drop(held)));
                panic!("the body");
            })
        }));
        assert!(panic.is_err_and(|panic| panic.downcast_ref::<&str>() == Some(&"the body")), "{executor:?}");
        assert_eq!(Arc::strong_count(&dropped), 1, "{executor:?}: run or dropped");
        assert_eq!(executor.map(3, |i| i), [0, 1, 2], "{executor:?} goes on");
    }
}

#[test]
fn results_do_not_depend_on_the_executor() {
    // Neither associative nor commutative.
    let reduce = |a: f64, b: f64| a / 3.0 + b;
    let map = |range: std::ops::Range<usize>| range.map(|i| 1.0 / (i as f64 + 1.0)).fold(0.5, reduce);
    for executor in executors() {
        for (len, piece) in [(0, 1), (1, 1), (1000, 1), (1000, 7), (1000, 0), (5, usize::MAX)] {
            let expected = Sequential.map_reduce(len, piece, map, reduce);
            assert_eq!(executor.map_reduce(len, piece, map, reduce), expected, "{executor:?}");
        }
        assert_eq!(executor.enter_pool(|| executor.enter_pool(|| 5)), 5, "{executor:?}");
    }
}

#[test]
fn work_within_uses_the_pool_of_the_executor() {
    for threads in 1..=4 {
        let executor = RayonExecutor::new(threads).expect("a small pool starts");
        assert_eq!(executor.within_pool(rayon::current_num_threads), threads);
        let name = executor.within_pool(|| std::thread::current().name().map(str::to_owned));
        assert!(name.is_some_and(|name| name.starts_with("parhelion-")));
    }
    for threads in 1..=4 {
        let executor = WorkStealing::new(threads).expect("a small pool starts");
        for _ in 0..3 {
            assert_eq!(executor.within_pool(rayon::current_num_threads), threads);
            assert_eq!(executor.enter(|| executor.within_pool(rayon::current_num_threads)), threads);
        }
    }
    let here = std::thread::current().id();
    assert_eq!(Sequential.within_pool(|| std::thread::current().id()), here);
}

#[test]
fn tasks_stay_on_the_threads_of_the_pool() {
    for threads in 1..=4 {
        let executor = RayonExecutor::new(threads).expect("a small pool starts");
        let ids: Mutex<HashSet<ThreadId>> = Mutex::default();
        executor.run(200, &|_| {
            ids.lock().unwrap().insert(std::thread::current().id());
        });
        let ids = ids.into_inner().unwrap();
        assert!(
            !ids.is_empty() && ids.len() <= threads,
            "{} threads ran tasks, expected at most {threads}",
            ids.len()
        );
        assert!(
            !ids.contains(&std::thread::current().id()),
            "several tasks belong to the pool, not to the caller"
        );
    }
}

#[test]
fn an_existing_pool_can_be_used() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().expect("a small pool starts");
    let executor = RayonExecutor::from_pool(std::sync::Arc::new(pool));
    assert_eq!(executor.threads(), 3);
    assert_eq!(executor.map(4, |i| i + 1), [1, 2, 3, 4]);
}

#[test]
fn the_ambient_executor_uses_the_pool_it_is_called_in() {
    let ambient = RayonExecutor::ambient();
    for threads in 1..=4 {
        let pool = RayonExecutor::new(threads).expect("a small pool starts");
        let (inside, names) = pool.within_pool(|| {
            let name = |_| std::thread::current().name().unwrap_or_default().to_owned();
            (ambient.threads(), ambient.map(50, name))
        });
        assert_eq!(inside, threads);
        assert!(names.iter().all(|name| name.starts_with("parhelion-")), "{names:?}");
    }
    assert_eq!(ambient.threads(), rayon::current_num_threads());
}

#[test]
fn zero_threads_is_an_error() {
    let error = RayonExecutor::new(0).expect_err("no pool has 0 threads");
    assert!(matches!(error, Error::NoThreads));
    assert_eq!(error.to_string(), "a pool needs at least 1 thread, got 0");
    assert!(available_threads() >= 1);
}
