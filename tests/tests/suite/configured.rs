//! Circuits that are configured once.

use std::sync::Arc;

use halo2_axiom::transcript::TranscriptWriterBuffer;
use parhelion::{ConfiguredKey, Error, MultiOpen, PreparedKey, Prover};
use parhelion_tests::bench::{Bench, Blake2b, rng, with_slices};
use parhelion_tests::circuits::{Gate, GateSelector, Recipe, ZooCircuit};
use parhelion_tests::zoo;

/// A key that is shared.
type Shared = Arc<PreparedKey<'static>>;

#[test]
fn proofs_are_the_same() {
    for case in zoo() {
        let bench = Bench::of(&case, true);
        let prover = Prover::builder().threads(2).multi_open(MultiOpen::Shplonk).build().expect("prover");
        let key = Arc::new(prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("key"));
        let configured = ConfiguredKey::new(Arc::clone(&key), &bench.circuits[0]).expect(case.name);
        for seed in [1, 2] {
            let expected = bench.ours_with(&prover, configured.key(), seed).expect(case.name).bytes;
            let proof = with_slices(&bench.instances, |instances| {
                let mut transcript = Blake2b::init(Vec::new());
                let circuits = &bench.circuits;
                let done =
                    prover.prove_configured(&configured, circuits, instances, rng(seed), &mut transcript);
                done.map(|()| transcript.finalize())
            });
            assert!(proof.expect(case.name) == expected, "{}: other bytes", case.name);
        }
    }
}

#[test]
fn circuits_of_another_key_are_refused() {
    let gates = |count: usize| {
        let gate = Gate { degree: 3, rotations: vec![0], rows: 10, selector: GateSelector::Simple };
        let recipe = (0..count).fold(Recipe::default(), |recipe, _| recipe.with(gate.clone()));
        ZooCircuit::new(recipe, 1)
    };
    let [own, other] = [gates(1), gates(2)];
    let bench = Bench::new(5, vec![own.clone()], vec![own.instances()], false);
    let prover = Prover::builder().threads(1).build().expect("prover");
    let key: Shared = Arc::new(prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("key"));
    assert!(ConfiguredKey::new(Arc::clone(&key), &own).is_ok());
    let error = ConfiguredKey::new(key, &other).expect_err("two gates");
    assert!(matches!(error, Error::KeyMismatch { .. }), "{error}");
}
