//! Whole proofs on a prover's own threads.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use halo2_axiom::transcript::TranscriptWriterBuffer;
use parhelion::{Error, PreparedKey, Prover};
use parhelion_scheduler::{CancelToken, Executor, RayonExecutor, Sequential, WorkStealing};
use parhelion_tests::bench::{Bench, Blake2b, rng, with_slices};
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::{heavy_zoo, zoo};

fn prove(
    prover: &Prover,
    bench: &Bench<ZooCircuit>,
    key: &PreparedKey<'_>,
    seed: u64,
) -> Result<Vec<u8>, Error> {
    with_slices(&bench.instances, |instances| {
        let mut transcript = Blake2b::init(Vec::new());
        let done = prover.prove_parallel(key, &bench.circuits, instances, rng(seed), &mut transcript);
        done.map(|()| transcript.finalize())
    })
}

#[test]
fn proofs_are_the_same() {
    let executors: [Arc<dyn Executor>; 4] = [
        Arc::new(Sequential),
        Arc::new(WorkStealing::new(1).expect("threads")),
        Arc::new(WorkStealing::new(3).expect("threads")),
        Arc::new(RayonExecutor::new(2).expect("threads")),
    ];
    for executor in executors {
        let prover = Prover::builder().executor(executor).build().expect("prover");
        for case in zoo() {
            let bench = Bench::of(&case, false);
            let key = prover.prepare(&bench.params, &bench.pk).expect("key");
            let expected = bench.ours_with(&prover, &key, 5).expect(case.name).bytes;
            assert!(prove(&prover, &bench, &key, 5).expect(case.name) == expected, "{}", case.name);
        }
    }
}

#[test]
fn more_at_once_than_threads_under_a_limit_for_two() {
    let case = heavy_zoo().into_iter().find(|case| case.k == 8).expect("in the zoo");
    let bench = Bench::of(&case, false);
    let free = Prover::builder().threads(2).build().expect("prover");
    let key = free.prepare(&bench.params, &bench.pk).expect("key");
    let limit = 2 * free.estimate(&key, 1).at_most;
    for limit in [usize::MAX, limit] {
        let prover = Prover::builder().threads(2).memory_limit(limit).build().expect("prover");
        thread::scope(|scope| {
            let (prover, bench, key) = (&prover, &bench, &key);
            let proofs: Vec<_> =
                (0..6).map(|seed| scope.spawn(move || prove(prover, bench, key, seed))).collect();
            for (seed, proof) in (0..).zip(proofs) {
                let expected = bench.ours_with(&free, key, seed).expect("proof").bytes;
                assert!(proof.join().expect("no panic").expect("proof") == expected, "seed {seed}");
            }
        });
        assert!(prover.pool().stats().peak_mapped <= limit);
        assert_eq!(prover.pool().stats().live, 0);
    }
}

#[test]
fn errors_are_those_of_other_proofs() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("in the zoo");
    let bench = Bench::of(&case, false);
    let prover = Prover::builder().threads(2).build().expect("prover");
    let key = prover.prepare(&bench.params, &bench.pk).expect("key");
    let mut transcript = Blake2b::init(Vec::new());
    let error = prover.prove_parallel(&key, &bench.circuits, &[], rng(1), &mut transcript);
    assert!(matches!(error, Err(Error::CircuitCount { .. })), "{error:?}");
    let none: &[ZooCircuit] = &[];
    let error = prover.prove_parallel(&key, none, &[], rng(1), &mut transcript);
    assert!(matches!(error, Err(Error::NoCircuits)), "{error:?}");
    assert!(transcript.finalize().is_empty());
}

/// A proof that no worker has begun, because they are all busy, ends when it is told to.
#[test]
fn who_waits_for_a_thread_can_be_cancelled() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("in the zoo");
    let bench = Bench::of(&case, false);
    let pool = WorkStealing::new(1).expect("threads");
    let prover = Prover::builder().executor(Arc::new(pool.clone())).build().expect("prover");
    let key = prover.prepare(&bench.params, &bench.pk).expect("key");
    let (busy, go) = (AtomicBool::new(false), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            pool.enter(|| {
                busy.store(true, Ordering::SeqCst);
                while !go.load(Ordering::SeqCst) {
                    thread::sleep(Duration::from_millis(1));
                }
            })
        });
        while !busy.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        let token = CancelToken::new();
        let cancelled = prover.with_token(&token);
        scope.spawn(move || {
            thread::sleep(Duration::from_millis(20));
            token.cancel();
        });
        let began = Instant::now();
        assert!(matches!(prove(&cancelled, &bench, &key, 1), Err(Error::Cancelled)));
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        go.store(true, Ordering::SeqCst);
    });
    let expected = bench.ours_with(&prover, &key, 1).expect("proof").bytes;
    assert!(prove(&prover, &bench, &key, 1).expect("proof") == expected);
}
