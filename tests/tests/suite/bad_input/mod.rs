//! Whatever is passed in: an error that says what was expected and what was got, never a panic.

mod keys;
mod shapes;
mod transcript;
mod witness;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use parhelion::{Error, MultiOpen, Prover};
use parhelion_tests::bench::{Bench, MULTI_OPENS};
use parhelion_tests::circuits::{Copies, Fault, Gate, GateSelector, Instances, Lookup, Recipe, ZooCircuit};

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

use assert_error;

#[test]
fn the_bench_itself_is_good() {
    for multi_open in MULTI_OPENS {
        let proof = bench().ours(&prover(multi_open), 1).expect("proof");
        bench().verify(multi_open, &proof.bytes).expect("accepted");
    }
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
