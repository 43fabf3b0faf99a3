//! Our keys are the library's keys, byte for byte.

use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{ProvingKey, VerifyingKey};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::{Prover, axiom};
use parhelion_tests::bench::Bench;
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::{Case, heavy_zoo, zoo};

const FORMATS: [SerdeFormat; 2] = [SerdeFormat::RawBytes, SerdeFormat::Processed];

fn same_vk(case: &Case, ours: &VerifyingKey<G1Affine>, stock: &VerifyingKey<G1Affine>) {
    for format in FORMATS {
        assert!(ours.to_bytes(format) == stock.to_bytes(format), "{}: verifying keys differ", case.name);
    }
    assert_eq!(ours.transcript_repr(), stock.transcript_repr(), "{}", case.name);
    assert_eq!(format!("{:?}", ours.pinned()), format!("{:?}", stock.pinned()), "{}", case.name);
    assert_eq!(ours.compress_selectors(), stock.compress_selectors(), "{}", case.name);
}

fn same_pk(case: &Case, ours: &ProvingKey<G1Affine>, stock: &ProvingKey<G1Affine>) {
    same_vk(case, ours.get_vk(), stock.get_vk());
    for format in FORMATS {
        assert!(ours.to_bytes(format) == stock.to_bytes(format), "{}: proving keys differ", case.name);
    }
}

fn through_prover(case: &Case, compress_selectors: bool) {
    let prover = Prover::builder().build().expect("prover");
    let bench = Bench::of(case, compress_selectors);
    let circuit = &bench.circuits[0];
    let vk = prover.keygen_vk(&bench.params, circuit, compress_selectors).expect(case.name);
    same_vk(case, &vk, bench.vk());
    let pk = prover.keygen_pk(&bench.params, vk, circuit).expect(case.name);
    same_pk(case, &pk, &bench.pk);
}

#[test]
fn prover_without_combining_selectors() {
    zoo().iter().for_each(|case| through_prover(case, false));
}

#[test]
fn prover_combining_selectors() {
    zoo().iter().for_each(|case| through_prover(case, true));
}

#[test]
fn more_rows() {
    heavy_zoo().iter().for_each(|case| through_prover(case, true));
}

#[test]
fn drop_in_functions() {
    for case in zoo() {
        let circuit = &case.circuits()[0];
        let plain = Bench::of(&case, false);
        let params: &ParamsKZG<Bn256> = &plain.params;
        let vk = axiom::keygen_vk(params, circuit).expect(case.name);
        same_vk(&case, &vk, plain.vk());
        same_pk(&case, &axiom::keygen_pk(params, vk, circuit).expect(case.name), &plain.pk);

        let combined = Bench::of(&case, true);
        let vk = axiom::keygen_vk_custom(params, circuit, true).expect(case.name);
        same_vk(&case, &vk, combined.vk());
        same_pk(&case, &axiom::keygen_pk2(params, circuit, true).expect(case.name), &combined.pk);
    }
}

/// A key read back from its bytes proves as well as the one that was written.
#[test]
fn keys_survive_storage() {
    for case in zoo().iter().filter(|case| case.stock_proves) {
        let mut bench = Bench::of(case, true);
        let prover = Prover::builder().build().expect("prover");
        let before = bench.ours(&prover, 3).expect(case.name);
        let bytes = bench.pk.to_bytes(SerdeFormat::RawBytesUnchecked);
        let recipe = halo2_axiom::plonk::Circuit::params(&bench.circuits[0]);
        let pk = ProvingKey::from_bytes::<ZooCircuit>(&bytes, SerdeFormat::RawBytesUnchecked, recipe);
        bench.pk = std::sync::Arc::new(pk.expect(case.name));
        assert!(bench.ours(&prover, 3).expect(case.name) == before, "{}", case.name);
    }
}

/// Key generation sees no witness: a circuit without one gives the same keys.
#[test]
fn witness_does_not_matter() {
    let prover = Prover::builder().build().expect("prover");
    for case in zoo() {
        let bench = Bench::of(&case, false);
        let empty = halo2_axiom::plonk::Circuit::without_witnesses(&bench.circuits[0]);
        let vk = prover.keygen_vk(&bench.params, &empty, false).expect(case.name);
        same_vk(&case, &vk, bench.vk());
    }
}
