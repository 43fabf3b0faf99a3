//! How often proofs ask the heap, counted in a program of their own: every allocation of the process counts.

use halo2_axiom::transcript::TranscriptWriterBuffer;
use parhelion::{ConfiguredKey, MultiOpen, Prover};
use parhelion_tests::bench::{Bench, Blake2b, rng, with_slices};
use parhelion_tests::zoo;

parhelion_allocators::install!(static HEAP = system);

/// The most allocations of a warm proof of the circuit with a bit of everything. What there is goes to
/// small vectors: lists of columns for each group of constraints, of queries, of points.
const BOUND: u64 = 900;

/// Proofs of which the least is taken: the test's own thread allocates now and then.
const PROOFS: usize = 3;

#[test]
fn a_warm_proof_allocates_little() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("this case");
    let bench = Bench::of(&case, false);
    for threads in [1, 2] {
        let prover =
            Prover::builder().threads(threads).multi_open(MultiOpen::Shplonk).build().expect("prover");
        let key = prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("key");
        let configured = ConfiguredKey::new(&key, &bench.circuits[0]).expect("of this circuit");
        let allocations = |configured: Option<&ConfiguredKey<_, _>>| {
            with_slices(&bench.instances, |instances| {
                let mut transcript = Blake2b::init(Vec::new());
                let before = HEAP.stats().allocations;
                let done = match configured {
                    Some(key) => {
                        prover.prove_configured(key, &bench.circuits, instances, rng(1), &mut transcript)
                    }
                    None => prover.prove(&key, &bench.circuits, instances, rng(1), &mut transcript),
                };
                done.expect("a proof");
                HEAP.stats().allocations - before
            })
        };
        allocations(Some(&configured));
        let least = |configured| (0..PROOFS).map(|_| allocations(configured)).min().unwrap_or(u64::MAX);
        let (warm, unconfigured) = (least(Some(&configured)), least(None));
        println!("{threads} threads: {warm} allocations, {unconfigured} with a circuit that is configured");
        assert!(warm <= BOUND, "{threads} threads: {warm} allocations");
        assert!(warm < unconfigured, "{threads} threads: {warm} allocations, {unconfigured} unconfigured");
    }
}
