//! Ending work early, on every executor of the crate.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parhelion_scheduler::{
    CancelToken, Control, Executor, ExecutorExt, Interruptible, Interruption, RayonExecutor, Sequential,
    WorkStealing, checkpoint,
};

fn executors() -> Vec<Arc<dyn Executor>> {
    let mut all: Vec<Arc<dyn Executor>> = vec![Arc::new(Sequential), Arc::new(RayonExecutor::ambient())];
    for threads in 1..=3 {
        all.push(Arc::new(RayonExecutor::new(threads).expect("threads")));
        all.push(Arc::new(WorkStealing::new(threads).expect("threads")));
    }
    all
}

fn busy(time: Duration) {
    let started = Instant::now();
    while started.elapsed() < time {
        std::hint::spin_loop();
    }
}

/// A computation that would take minutes, with nested loops, joins and changes of thread.
fn endless(executor: &dyn Executor) {
    let work = || {
        executor.run(1000, &|_| {
            let deep = || executor.run(1000, &|_| busy(Duration::from_micros(200)));
            executor.join(deep, || executor.within_pool(deep));
        });
    };
    executor.enter_pool(work);
}

#[test]
fn tasks_aside_are_left_with_their_body() {
    for executor in executors() {
        let token = CancelToken::new();
        let control = Control::default().with_token(token.clone());
        let interruptible = Interruptible::new(Arc::clone(&executor), Some(control.clone()));
        let forever = || -> () {
            loop {
                checkpoint();
            }
        };
        let cancelled = std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                token.cancel();
                Instant::now()
            });
            let body = || {
                interruptible.alongside_of(|aside| {
                    (0..10).for_each(|_| aside.spawn(Box::new(forever)));
                    forever();
                })
            };
            assert_eq!(control.run(body), Err(Interruption::Cancelled));
            canceller.join().expect("no panic")
        });
        assert!(cancelled.elapsed() < Duration::from_millis(500), "{executor:?}");
        assert_eq!(executor.map(100, |i| i).len(), 100, "{executor:?}");
    }
}

#[test]
fn work_is_left_soon_after_its_token_is_cancelled() {
    for executor in executors() {
        let token = CancelToken::new();
        let control = Control::default().with_token(token.clone());
        let interruptible = Interruptible::new(Arc::clone(&executor), Some(control.clone()));
        let cancelled = std::thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(30));
                token.cancel();
                Instant::now()
            });
            assert_eq!(control.run(|| endless(&interruptible)), Err(Interruption::Cancelled));
            canceller.join().expect("no panic")
        });
        let latency = cancelled.elapsed();
        // Tasks take 0.2 ms; the rest is for a machine that does other things.
        assert!(latency < Duration::from_millis(500), "{executor:?}: {latency:?}");
        // Nothing begins under it any more, and the executor goes on with other work.
        assert_eq!(control.run(|| interruptible.map(3, |i| i)), Err(Interruption::Cancelled));
        assert_eq!(executor.map(100, |i| i).len(), 100, "{executor:?}");
    }
}

#[test]
fn deadlines_end_work_and_no_other() {
    for executor in executors() {
        let control = Control::default().with_deadline(Instant::now() + Duration::from_millis(20));
        let limited = Interruptible::new(Arc::clone(&executor), Some(control.clone()));
        let free = Interruptible::new(Arc::clone(&executor), None);
        std::thread::scope(|scope| {
            // On the same threads, in the middle of each other.
            let other = scope.spawn(|| free.map(50, |i| free.map(20, |j| i * j).into_iter().sum::<usize>()));
            assert_eq!(control.run(|| endless(&limited)), Err(Interruption::Deadline));
            assert_eq!(other.join().expect("not interrupted").len(), 50);
        });
    }
}

#[test]
fn a_call_that_nobody_has_begun_is_taken_back() {
    let pool = WorkStealing::new(1).expect("threads");
    let (running, release) = (CancelToken::new(), CancelToken::new());
    let (seen, go) = (running.clone(), release.clone());
    // Keeps the only worker.
    let first = pool.submit(move || {
        seen.cancel();
        while !go.is_cancelled() {
            std::thread::yield_now();
        }
    });
    while !running.is_cancelled() {
        std::thread::yield_now();
    }
    let control = Control::default().with_deadline(Instant::now() + Duration::from_millis(30));
    let started = Instant::now();
    let ran = AtomicUsize::new(0);
    let result = control.run(|| pool.run(8, &|_| _ = ran.fetch_add(1, Ordering::Relaxed)));
    assert_eq!(result, Err(Interruption::Deadline));
    assert!(started.elapsed() < Duration::from_secs(1), "{:?}", started.elapsed());
    release.cancel();
    first.wait().expect("no panic");
    drop(pool);
    assert_eq!(ran.into_inner(), 0, "nobody began it");
}

#[test]
fn a_panic_of_a_task_is_no_interruption() {
    for executor in executors() {
        let control = Control::default().with_token(CancelToken::new());
        let interruptible = Interruptible::new(executor, Some(control.clone()));
        let caught = catch_unwind(AssertUnwindSafe(|| {
            control.run(|| interruptible.run(10, &|task| assert!(task != 7, "task seven")))
        }));
        let payload = caught.expect_err("the panic goes on");
        assert!(payload.downcast_ref::<&str>().is_some_and(|text| text.contains("task seven")));
    }
}

#[test]
fn cancelling_at_any_moment_leaves_every_pool_usable() {
    let pool = WorkStealing::new(3).expect("threads");
    for round in 0..300u64 {
        let token = CancelToken::new();
        let control = Control::default().with_token(token.clone());
        let executor = Interruptible::new(Arc::new(pool.in_line()), Some(control.clone()));
        let sum = AtomicUsize::new(0);
        let canceller = std::thread::spawn(move || {
            busy(Duration::from_micros(round * 3));
            token.cancel();
        });
        let result = control.run(|| {
            executor.run(50, &|outer| {
                executor.run(10, &|inner| {
                    sum.fetch_add(outer * inner, Ordering::Relaxed);
                    checkpoint();
                });
            });
        });
        canceller.join().expect("no panic");
        match result {
            Ok(()) => assert_eq!(sum.into_inner(), 45 * (0..50).sum::<usize>()),
            Err(interruption) => assert_eq!(interruption, Interruption::Cancelled),
        }
        assert_eq!(pool.join(|| 1, || 2), (1, 2));
    }
}
