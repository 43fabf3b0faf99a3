//! Keys and parameters of something else, or damaged ones.

use std::sync::Arc;

use halo2_axiom::plonk::{ProvingKey, permutation};
use halo2_axiom::poly::commitment::ParamsProver;
use parhelion::{Error, MultiOpen};
use parhelion_tests::bench::{Bench, params};
use parhelion_tests::circuits::{Copies, Gate, GateSelector, Lookup, Recipe, ZooCircuit};

use super::{K, assert_error, bench, bench_of, prover, recipe, refusal, refused};

#[test]
fn key_of_another_circuit() {
    let fewer = Recipe::default().with(Copies { columns: 3, rows: 16 });
    let other_gate = Recipe::default().with(Gate {
        degree: 3,
        rotations: vec![0],
        rows: 16,
        selector: GateSelector::Simple,
    });
    let gate = Gate { degree: 4, rotations: vec![0], rows: 16, selector: GateSelector::Simple };
    let pairs = [(recipe(), fewer), (Recipe::default().with(gate), other_gate)];
    for (key, circuit) in pairs {
        let mut bench = bench_of(&key);
        bench.circuits[0] = ZooCircuit::new(circuit, 1);
        let columns = bench.vk().cs().num_instance_columns();
        bench.instances = vec![vec![vec![]; columns]];
        let error = refused(&bench);
        assert!(matches!(error, Error::KeyMismatch { .. } | Error::Unsatisfied { .. }), "{error}");
    }
}

/// Same shape, other fixed columns: only the witness can tell.
#[test]
fn key_with_other_fixed_columns() {
    let lookup = |table_rows| Lookup {
        arguments: 1,
        width: 1,
        shared_table: false,
        gated: false,
        rotation: 0,
        table_rows,
        rows: 16,
    };
    let mut bench = bench_of(&Recipe::default().with(lookup(2)));
    bench.circuits[0] = ZooCircuit::new(Recipe::default().with(lookup(9)), 1);
    assert_error!(refused(&bench), Error::LookupValueMissing { .. }, "lookup 0", "not in the table");
}

#[test]
fn damaged_srs() {
    let good = params(K);
    let points = |count: usize| good.get_g()[..count].to_vec();
    let n = 1 << K;
    for (g, g_lagrange) in [(n - 1, n), (0, n), (n, n - 1), (n, 0), (0, 0)] {
        let mut bench = bench();
        let damaged = good.from_parts(K, points(g), Some(points(g_lagrange)), good.g2(), good.s_g2());
        bench.params = Arc::new(damaged);
        assert_error!(refused(&bench), Error::DamagedParams(_), "damaged SRS");
    }
}

#[test]
fn damaged_key() {
    let good = bench();
    let pk = &*good.pk;
    let damage = |fixed_values: usize, fixed_polys: usize, values: usize, polys: usize| {
        let sigma = pk.permutation();
        let key = ProvingKey::from_parts(
            pk.get_vk().clone(),
            pk.l0().clone(),
            pk.l_last().clone(),
            pk.l_active_row().clone(),
            pk.fixed_values()[fixed_values..].to_vec(),
            pk.fixed_polys()[fixed_polys..].to_vec(),
            permutation::ProvingKey::from_parts(
                sigma.permutations()[values..].to_vec(),
                sigma.polys()[polys..].to_vec(),
            ),
        );
        Bench { pk: Arc::new(key), ..bench() }
    };
    damage(0, 0, 0, 0).ours(&prover(MultiOpen::Shplonk), 1).expect("the undamaged key");
    for bad in [damage(1, 0, 0, 0), damage(0, 1, 0, 0), damage(0, 0, 1, 0), damage(0, 0, 0, 1)] {
        assert_error!(refused(&bad), Error::DamagedKey { .. }, "damaged key", "expected", "got");
    }
    let prover = prover(MultiOpen::Shplonk);
    let compact =
        |bench: Bench<ZooCircuit>| prover.prepare_compact(&bench.params, (*bench.pk).clone()).map(|_| ());
    assert_error!(refusal(|| compact(damage(0, 0, 0, 1))), Error::DamagedKey { .. }, "damaged key");
}
