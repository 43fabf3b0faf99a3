//! Several proofs at once on one pool.

use std::sync::Arc;
use std::thread;

use parhelion::{MultiOpen, Pin, PreparedKey, Prover};
use parhelion_scheduler::{Executor, RayonExecutor, WorkStealing};
use parhelion_tests::bench::{Bench, Proof};
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::{heavy_zoo, zoo};

/// A proof for each seed, at once.
fn at_once(
    prover: &Prover,
    bench: &Bench<ZooCircuit>,
    key: &PreparedKey<'_>,
    seeds: std::ops::Range<u64>,
) -> Vec<Proof> {
    thread::scope(|scope| {
        let proofs: Vec<_> =
            seeds.map(|seed| scope.spawn(move || bench.ours_with(prover, key, seed))).collect();
        proofs.into_iter().map(|proof| proof.join().expect("no panic").expect("proof")).collect()
    })
}

fn one_by_one(
    prover: &Prover,
    bench: &Bench<ZooCircuit>,
    key: &PreparedKey<'_>,
    seeds: std::ops::Range<u64>,
) -> Vec<Proof> {
    seeds.map(|seed| bench.ours_with(prover, key, seed).expect("proof")).collect()
}

#[test]
fn proofs_at_once_are_those_made_one_by_one() {
    let case = heavy_zoo().into_iter().find(|case| case.k == 9).expect("in the zoo");
    let bench = Bench::of(&case, false);
    let executors: [Arc<dyn Executor>; 3] = [
        Arc::new(WorkStealing::new(2).expect("threads")),
        Arc::new(WorkStealing::builder().threads(3).pin(Pin::None).build().expect("threads")),
        Arc::new(RayonExecutor::new(2).expect("threads")),
    ];
    for executor in executors {
        let prover = Prover::builder().executor(executor).build().expect("prover");
        let key = prover.prepare(&bench.params, &bench.pk).expect("key");
        let expected = one_by_one(&prover, &bench, &key, 0..6);
        assert!(at_once(&prover, &bench, &key, 0..6) == expected, "{prover:?}");
        assert_eq!(prover.pool().stats().live, 0);
    }
}

#[test]
fn a_limit_for_two_holds_for_six() {
    let case = heavy_zoo().into_iter().find(|case| case.k == 8).expect("in the zoo");
    let bench = Bench::of(&case, false);
    let free = Prover::builder().threads(2).build().expect("prover");
    let key = free.prepare(&bench.params, &bench.pk).expect("key");
    let limit = 2 * free.estimate(&key, 1).at_most;
    let prover = Prover::builder().threads(2).memory_limit(limit).build().expect("prover");
    let expected = one_by_one(&prover, &bench, &key, 0..6);
    assert!(at_once(&prover, &bench, &key, 0..6) == expected);
    assert!(prover.pool().stats().peak_mapped <= limit);
}

#[test]
fn proofs_of_several_provers_and_inside_of_rayon() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("in the zoo");
    let bench = Bench::of(&case, false);
    let provers =
        [1, 2, 3].map(|threads| Prover::builder().threads(threads).multi_open(MultiOpen::Gwc).build());
    let provers = provers.map(|prover| prover.expect("prover"));
    let expected = bench.ours(&provers[0], 4).expect("proof");
    thread::scope(|scope| {
        let bench = &bench;
        let proofs: Vec<_> = provers.iter().map(|prover| scope.spawn(|| bench.ours(prover, 4))).collect();
        for proof in proofs {
            assert!(proof.join().expect("no panic").expect("proof") == expected);
        }
    });
    // Where the prover's own rayon threads are, and on those of another pool.
    for prover in &provers {
        assert!(prover.within(|| bench.ours(prover, 4)).expect("proof") == expected);
        let rayon = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads");
        let (a, b) = rayon.install(|| rayon::join(|| bench.ours(prover, 4), || bench.ours(prover, 4)));
        assert!(a.expect("proof") == expected && b.expect("proof") == expected);
    }
}
