//! Whatever is passed in: an error that says what was expected and what was got, never a panic.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{ProvingKey, permutation};
use halo2_axiom::poly::commitment::ParamsProver;
use halo2_axiom::transcript::TranscriptWriterBuffer;
use parhelion::oracle::Injection;
use parhelion::{Error, MultiOpen, Prover};
use parhelion_tests::bench::{Bench, Blake2b, MULTI_OPENS, params, rng, with_slices};
use parhelion_tests::circuits::{
    Copies, Fault, Gate, GateSelector, Instances, Lookup, PhaseStyle, Phases, Recipe, ZooCircuit,
};

const K: u32 = 5;

/// Columns 0 to 2: a gate. 3: looked up. 4 to 6: copies. 7 and 8: instances.
fn recipe() -> Recipe {
    Recipe::default()
        .with(Gate { degree: 4, rotations: vec![0], rows: 16, selector: GateSelector::Simple })
        .with(Lookup {
            arguments: 1,
            width: 1,
            shared_table: false,
            gated: false,
            rotation: 0,
            table_rows: 9,
            rows: 16,
        })
        .with(Copies { columns: 3, rows: 16 })
        .with(Instances { lengths: vec![4, 2], rotation: 0 })
}

fn bench_of(recipe: &Recipe) -> Bench<ZooCircuit> {
    let circuit = ZooCircuit::new(recipe.clone(), 1);
    let instances = vec![circuit.instances()];
    Bench::new(K, vec![circuit], instances, false)
}

fn bench() -> Bench<ZooCircuit> {
    bench_of(&recipe())
}

fn prover(multi_open: MultiOpen) -> Prover {
    Prover::builder().multi_open(multi_open).build().expect("prover")
}

/// The error of an attempt that must fail, and must not panic.
fn refusal<T>(attempt: impl FnOnce() -> Result<T, Error>) -> Error {
    match catch_unwind(AssertUnwindSafe(attempt)) {
        Ok(Err(error)) => error,
        Ok(Ok(_)) => panic!("bad input was accepted"),
        Err(_) => panic!("bad input made the prover panic"),
    }
}

fn refused(bench: &Bench<ZooCircuit>) -> Error {
    refusal(|| bench.ours(&prover(MultiOpen::Shplonk), 1))
}

/// Spoils one cell of a good bench.
fn with_fault(column: usize, row: usize) -> Bench<ZooCircuit> {
    let mut bench = bench();
    bench.circuits[0] = bench.circuits[0].clone().with_fault(Fault { column, row });
    bench
}

/// Checks the variant of an error and that its message holds all that is in `words`.
macro_rules! assert_error {
    ($error:expr, $pattern:pat, $($words:expr),+) => {{
        let error = $error;
        let text = error.to_string();
        assert!(matches!(error, $pattern), "{error:?}");
        $(assert!(text.contains($words), "{:?} is not in {text:?}", $words);)+
    }};
}

#[test]
fn the_bench_itself_is_good() {
    for multi_open in MULTI_OPENS {
        let proof = bench().ours(&prover(multi_open), 1).expect("proof");
        bench().verify(multi_open, &proof.bytes).expect("accepted");
    }
}

#[test]
fn unsatisfied_gate() {
    for multi_open in MULTI_OPENS {
        let bench = with_fault(1, 3);
        let error = refusal(|| bench.ours(&prover(multi_open), 1));
        assert_error!(error, Error::Unsatisfied { .. }, "constraints sum to", "quotient gives");
    }
}

#[test]
fn unsatisfied_copy_constraint() {
    assert_error!(
        refused(&with_fault(5, 3)),
        Error::CopyConstraint { circuit: 0, .. },
        "circuit 0",
        "instead of 1"
    );
}

#[test]
fn lookup_value_missing_from_its_table() {
    assert_error!(
        refused(&with_fault(3, 7)),
        Error::LookupValueMissing { circuit: 0, lookup: 0, row: 7, .. },
        "argument 0",
        "row 7"
    );
}

#[test]
fn the_second_circuit_is_the_bad_one() {
    let mut bench = with_fault(3, 7);
    bench.circuits.insert(0, ZooCircuit::new(recipe(), 1));
    bench.instances.push(bench.instances[0].clone());
    assert_error!(refused(&bench), Error::LookupValueMissing { circuit: 1, .. }, "circuit 1");
}

#[test]
fn instance_of_another_value() {
    // Rows 0 and 1 are copied, row 2 of the first column is read and compared by a gate only.
    for row in 0..2 {
        let mut bench = bench();
        let honest = bench.instances[0][0][row];
        // The circuit copies in whatever is public: only the exposed cell can disagree.
        bench.instances[0][0][row] += Fr::ONE;
        let result = catch_unwind(AssertUnwindSafe(|| bench.ours(&prover(MultiOpen::Shplonk), 1)));
        match (row, result.expect("no panic")) {
            (0, Ok(proof)) => {
                bench.verify(MultiOpen::Shplonk, &proof.bytes).expect("a proof of the new statement");
                bench.instances[0][0][row] = honest;
                assert!(bench.verify(MultiOpen::Shplonk, &proof.bytes).is_err());
            }
            (_, Err(error)) => assert_error!(error, Error::CopyConstraint { .. }, "instead of 1"),
            (row, Ok(_)) => panic!("a wrong instance in row {row} was accepted"),
        }
    }
}

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

#[test]
fn unknown_witness() {
    let mut bench = bench();
    bench.circuits[0] = halo2_axiom::plonk::Circuit::without_witnesses(&bench.circuits[0]);
    assert_error!(
        refused(&bench),
        Error::UnknownWitness { column: 0, row: 0 },
        "column 0",
        "row 0",
        "got an unknown one"
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

/// Takes `left` bytes, and refuses the rest.
#[derive(Debug)]
struct FullDisk {
    left: usize,
}

impl io::Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full"));
        }
        let taken = bytes.len().min(self.left);
        self.left -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A transcript that cannot be written is an error at every single point and scalar.
#[test]
fn failing_transcript() {
    let style = PhaseStyle::Region;
    let recipe = recipe().style(style).with(Phases { phases: 2, rows: 16, late_write: false, style });
    let bench = bench_of(&recipe);
    for multi_open in MULTI_OPENS {
        let prover = prover(multi_open);
        let key = prover.prepare(&bench.params, &bench.pk).expect("prepared key");
        let attempt = |left: usize| {
            let mut transcript = Blake2b::init(FullDisk { left });
            with_slices(&bench.instances, |instances| {
                prover.prove(&key, &bench.circuits, instances, rng(1), &mut transcript)
            })
        };
        let length = bench.ours(&prover, 1).expect("proof").bytes.len();
        for left in (0..length).step_by(32).chain([1, 31, 33, length - 1]) {
            assert_error!(refusal(|| attempt(left)), Error::Transcript(_), "transcript", "the disk is full");
        }
        attempt(length).expect("room for the whole proof");
    }
}

#[test]
fn zero_threads() {
    let error = refusal(|| Prover::builder().threads(0).build());
    assert!(error.to_string().contains('1') && error.to_string().contains('0'), "{error}");
}

/// An error leaves the prover and the key as good as they were.
#[test]
fn errors_leave_no_trace() {
    let (good, bad) = (bench(), with_fault(3, 7));
    let prover = prover(MultiOpen::Gwc);
    let before = good.ours(&prover, 2).expect("proof");
    refusal(|| bad.ours(&prover, 2));
    refusal(|| Bench { pk: Arc::clone(&good.pk), ..with_fault(1, 3) }.ours(&prover, 2));
    assert!(good.ours(&prover, 2).expect("proof") == before);
}
