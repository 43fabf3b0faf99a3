//! Proofs that are ended early: soon, with an error, and without harm to anything else.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use parhelion::{CancelToken, Error, MultiOpen, Observer, PreparedKey, Prover, Stage};
use parhelion_scheduler::{Executor, RayonExecutor, Sequential, WorkStealing};
use parhelion_tests::bench::Bench;
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::{Case, heavy_zoo, zoo};

/// What an end may take at most on a machine that does other things as well. How long it does take is in
/// `docs/src/embedding.md`.
const SOON: Duration = Duration::from_millis(250);

fn executors() -> Vec<Arc<dyn Executor>> {
    vec![
        Arc::new(Sequential),
        Arc::new(RayonExecutor::new(2).expect("threads")),
        Arc::new(WorkStealing::new(1).expect("threads")),
        Arc::new(WorkStealing::new(3).expect("threads")),
    ]
}

fn prover(executor: Arc<dyn Executor>) -> Prover {
    Prover::builder().executor(executor).multi_open(MultiOpen::Gwc).build().expect("prover")
}

fn case(name: &str) -> Case {
    zoo().into_iter().chain(heavy_zoo()).find(|case| case.name == name).expect("in the zoo")
}

/// Cancels `bench`'s proof `delay` after it began. Returns how long it took to end after that, or nothing
/// if the proof was done before.
fn cancel_after(
    prover: &Prover,
    bench: &Bench<ZooCircuit>,
    key: &PreparedKey<'_>,
    delay: Duration,
) -> Option<Duration> {
    let token = CancelToken::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let canceller = scope.spawn(|| {
            let started = Instant::now();
            while started.elapsed() < delay && !done.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_micros(100).min(delay));
            }
            token.cancel();
            Instant::now()
        });
        let result = bench.ours_with(&prover.with_token(&token), key, 3);
        let ended = Instant::now();
        done.store(true, Ordering::Relaxed);
        let cancelled = canceller.join().expect("no panic");
        match result {
            Ok(_) => None,
            Err(Error::Cancelled) => Some(ended.saturating_duration_since(cancelled)),
            Err(error) => panic!("{error}"),
        }
    })
}

#[test]
fn a_proof_can_be_cancelled_at_any_moment() {
    let case = case("everything at k = 9");
    let bench = Bench::of(&case, false);
    let mut worst = Duration::ZERO;
    for executor in executors() {
        let prover = prover(Arc::clone(&executor));
        let key = prover.prepare(&bench.params, &bench.pk).expect("key");
        let started = Instant::now();
        let expected = bench.ours_with(&prover, &key, 3).expect("proof");
        let whole = started.elapsed();
        let mut cancelled = 0;
        for moment in 0..40u32 {
            // All over the proof, in no order.
            let delay = whole * (moment * 17 % 40) / 40;
            if let Some(latency) = cancel_after(&prover, &bench, &key, delay) {
                worst = worst.max(latency);
                cancelled += 1;
            }
            assert_eq!(prover.pool().stats().live, 0, "{executor:?}: buffers are out");
        }
        assert!(cancelled > 20, "{executor:?}: {cancelled} of 40 were cancelled");
        assert!(bench.ours_with(&prover, &key, 3).expect("proof") == expected, "{executor:?}");
    }
    println!("the slowest end took {worst:?}");
    assert!(worst < SOON, "{worst:?}");
}

#[test]
fn nothing_begins_after_the_end() {
    let bench = Bench::of(&case("everything"), false);
    for executor in executors() {
        let prover = prover(executor);
        let key = prover.prepare(&bench.params, &bench.pk).expect("key");
        let token = CancelToken::new();
        let handle = prover.with_token(&token);
        bench.ours_with(&handle, &key, 3).expect("nobody has cancelled");
        token.cancel();
        assert!(matches!(bench.ours_with(&handle, &key, 3), Err(Error::Cancelled)));
        let late = prover.with_deadline(Instant::now());
        assert!(matches!(bench.ours_with(&late, &key, 3), Err(Error::Deadline)));
        let never = prover.with_deadline(Instant::now() + Duration::from_secs(3600));
        bench.ours_with(&never, &key, 3).expect("in time");
        assert_eq!(prover.pool().stats().live, 0);
    }
}

/// Cancels when a stage begins.
struct At(Stage, CancelToken, Mutex<Vec<Stage>>);

impl Observer for At {
    fn stage_started(&self, stage: Stage) {
        self.2.lock().expect("no panic").push(stage);
        if stage == self.0 {
            self.1.cancel();
        }
    }

    fn stage_finished(&self, stage: Stage, _: Duration) {
        assert_eq!(self.2.lock().expect("no panic").pop(), Some(stage), "left in order");
    }
}

#[test]
fn every_stage_can_be_the_last() {
    let bench = Bench::of(&case("everything"), false);
    for executor in executors() {
        let prover = prover(executor);
        let key = prover.prepare(&bench.params, &bench.pk).expect("key");
        for stage in Stage::ALL {
            let token = CancelToken::new();
            let at = Arc::new(At(stage, token.clone(), Mutex::default()));
            let handle = prover.with_token(&token).with_observer(Arc::clone(&at) as Arc<dyn Observer>);
            assert!(matches!(bench.ours_with(&handle, &key, 3), Err(Error::Cancelled)), "{stage}");
            assert!(at.2.lock().expect("no panic").is_empty(), "{stage}: a stage was never left");
            assert_eq!(prover.pool().stats().live, 0, "{stage}: buffers are out");
        }
    }
}

#[test]
fn who_waits_for_memory_can_be_cancelled() {
    let bench = Bench::of(&case("everything"), false);
    let free = Prover::builder().threads(1).build().expect("prover");
    let key = free.prepare(&bench.params, &bench.pk).expect("key");
    let limit = free.estimate(&key, 1).at_most;
    let prover = Prover::builder().threads(1).memory_limit(limit).build().expect("prover");
    let all = prover.pool().limit().reserve(limit).expect("nobody else is there");
    let waiting = prover.with_deadline(Instant::now() + Duration::from_millis(30));
    let started = Instant::now();
    assert!(matches!(bench.ours_with(&waiting, &key, 3), Err(Error::Deadline)));
    assert!(started.elapsed() < SOON, "{:?}", started.elapsed());
    let latency = cancel_after(&prover, &bench, &key, Duration::from_millis(20)).expect("it waited");
    assert!(latency < SOON, "{latency:?}");
    drop(all);
    bench.ours_with(&prover, &key, 3).expect("proof");
}

#[test]
fn ending_one_proof_leaves_others_alone() {
    let bench = Bench::of(&case("everything at k = 8"), false);
    let prover = prover(Arc::new(WorkStealing::new(2).expect("threads")));
    let key = prover.prepare(&bench.params, &bench.pk).expect("key");
    let expected = bench.ours_with(&prover, &key, 3).expect("proof");
    thread::scope(|scope| {
        let others = [0; 2].map(|_| {
            scope.spawn(|| (0..4).all(|_| bench.ours_with(&prover, &key, 3).expect("proof") == expected))
        });
        for moment in 0..20 {
            cancel_after(&prover, &bench, &key, Duration::from_millis(moment));
        }
        assert!(others.map(|other| other.join().expect("no panic")).iter().all(|same| *same));
    });
    assert_eq!(prover.pool().stats().live, 0);
}

#[test]
fn a_drop_in_circuit_that_panics_still_does() {
    // Only our own unwinding is caught.
    let bench = Bench::of(&case("everything"), false);
    struct Panics;
    impl Observer for Panics {
        fn stage_started(&self, stage: Stage) {
            assert!(stage != Stage::Quotient, "the observer's own panic");
        }
    }
    for executor in executors() {
        let prover = prover(executor);
        let watched = prover.with_observer(Arc::new(Panics)).with_token(&CancelToken::new());
        let caught =
            std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bench.ours(&watched, 3).map(|_| ())));
        let payload = caught.expect_err("the panic goes on");
        assert!(payload.downcast_ref::<&str>().is_some_and(|text| text.contains("the observer's own")));
        assert_eq!(prover.pool().stats().live, 0);
        bench.ours(&prover, 3).expect("proof");
    }
}
