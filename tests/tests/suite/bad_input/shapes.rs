//! Counts, lengths and sizes that do not fit each other.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::oracle::Injection;
use parhelion::{Error, MultiOpen, Prover};
use parhelion_tests::bench::{Bench, params};
use parhelion_tests::circuits::{Gate, GateSelector, Recipe, ZooCircuit};

use super::{K, assert_error, bench, prover, recipe, refusal, refused};

#[test]
fn wrong_number_of_circuits() {
    let mut bench = bench();
    bench.circuits.push(bench.circuits[0].clone());
    assert_error!(refused(&bench), Error::CircuitCount { circuits: 2, instances: 1 }, "2 circuits", "got 1");
    bench.circuits.clear();
    assert_error!(refused(&bench), Error::CircuitCount { circuits: 0, instances: 1 }, "0 circuits", "got 1");
    bench.instances.clear();
    assert_error!(refused(&bench), Error::NoCircuits, "at least 1", "got 0");
}

#[test]
fn wrong_number_of_instance_columns() {
    let mut bench = bench();
    bench.instances[0].pop();
    assert_error!(
        refused(&bench),
        Error::InstanceColumnCount { circuit: 0, expected: 2, got: 1 },
        "has 2",
        "got 1"
    );
    bench.instances[0].extend([vec![], vec![]]);
    assert_error!(refused(&bench), Error::InstanceColumnCount { expected: 2, got: 3, .. }, "has 2", "got 3");
}

#[test]
fn instance_too_long() {
    let mut bench = bench();
    let usable = (1 << K) - bench.vk().cs().blinding_factors() - 1;
    bench.instances[0][1].resize(usable + 1, Fr::ZERO);
    assert_error!(
        refused(&bench),
        Error::InstanceTooLong { circuit: 0, column: 1, .. },
        &format!("{} values", usable + 1),
        &format!("{usable} usable rows")
    );
    // Trailing zeros change nothing for the circuit: exactly as many as there is room for is fine.
    bench.instances[0][1].pop();
    let proof = bench.ours(&prover(MultiOpen::Shplonk), 1).expect("proof");
    bench.verify(MultiOpen::Shplonk, &proof.bytes).expect("accepted");
}

#[test]
fn instance_too_short_for_the_circuit() {
    let mut bench = bench();
    bench.instances[0][0].truncate(2);
    assert_error!(refused(&bench), Error::Synthesis(_), "synthesis failed");
}

#[test]
fn srs_of_another_size() {
    for k in [K - 1, K + 1] {
        let mut bench = bench();
        bench.params = params(k);
        let words = [format!("k = {K}"), format!("k = {k}")];
        assert_error!(refused(&bench), Error::ParamsMismatch { key: K, .. }, &words[0], &words[1]);
    }
}

#[test]
fn k_too_small() {
    let circuit = ZooCircuit::new(recipe(), 1);
    let prover = prover(MultiOpen::Shplonk);
    // Too few rows for any circuit of this shape, then too few for what it assigns.
    let error = refusal(|| prover.keygen_vk(&params(2), &circuit, false));
    assert_error!(error, Error::NotEnoughRows { k: 2, rows: 4, needed: 8 }, "k = 2", "4 rows", "at least 8");
    for k in [3, 4] {
        let error = refusal(|| prover.keygen_vk(&params(k), &circuit, false));
        assert_error!(error, Error::RowOutOfRange { .. }, "row ", "usable rows");
    }
}

#[test]
fn more_rows_than_the_key_has() {
    let gate = |rows| {
        let gate = Gate { degree: 4, rotations: vec![0], rows, selector: GateSelector::Simple };
        ZooCircuit::new(Recipe::default().with(gate), 1)
    };
    let mut bench = Bench::new(K, vec![gate(26)], vec![vec![]], false);
    bench.ours(&prover(MultiOpen::Shplonk), 1).expect("as many as there are");
    bench.circuits[0] = gate(27);
    assert_error!(
        refused(&bench),
        Error::RowOutOfRange { row: 26, usable: 26, .. },
        "row 26",
        "26 usable rows"
    );
}

#[test]
fn injection_of_another_shape() {
    let bench = bench();
    let prover = prover(MultiOpen::Shplonk);
    let (_, good) = bench.stock(1, MultiOpen::Shplonk).expect("stock proof");
    let n = good.random_poly.len();
    let column = || vec![Fr::ZERO; n];
    let bad = [
        Injection { random_poly: vec![Fr::ONE; n - 1], ..good.clone() },
        Injection { random_poly: vec![], ..good.clone() },
        Injection { permuted_lookups: vec![], ..good.clone() },
        Injection { permuted_lookups: vec![good.permuted_lookups[0].clone(); 2], ..good.clone() },
        Injection { permuted_lookups: vec![(column(), vec![])], ..good.clone() },
        // Of the right shape, but not a permutation of the lookup.
        Injection { permuted_lookups: vec![(column(), column())], ..good.clone() },
    ];
    for (index, injection) in bad.iter().enumerate() {
        let error = refusal(|| bench.injected(&prover, 1, injection));
        assert!(index == 5 || matches!(error, Error::Injection { .. }), "{index}: {error}");
    }
    bench.injected(&prover, 1, &good).expect("the good one is accepted");
}

#[test]
fn zero_threads() {
    let error = refusal(|| Prover::builder().threads(0).build());
    assert!(error.to_string().contains('1') && error.to_string().contains('0'), "{error}");
}
