//! Witnesses that do not satisfy the circuit.

use std::panic::{AssertUnwindSafe, catch_unwind};

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Circuit;
use parhelion::{Error, MultiOpen};
use parhelion_tests::bench::{Bench, MULTI_OPENS, rng};
use parhelion_tests::circuits::{Fault, ZooCircuit};
use parhelion_tests::{random_case, random_cases};
use rand_core::RngCore;

use super::{assert_error, bench, prover, recipe, refusal, refused, with_fault};

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
fn unknown_witness() {
    let mut bench = bench();
    bench.circuits[0] = bench.circuits[0].without_witnesses();
    assert_error!(
        refused(&bench),
        Error::UnknownWitness { column: 0, row: 0 },
        "column 0",
        "row 0",
        "got an unknown one"
    );
}

/// Circuits thrown together by chance, with a cell spoilt by chance: we make a proof exactly
/// if the library's verifier would accept one. Not every cell is constrained.
#[test]
fn random_faults() {
    let mut refused = 0;
    let cases = random_cases(100);
    for seed in 0..cases {
        let case = random_case(seed);
        let mut bench = Bench::of(&case, false);
        let columns = bench.vk().cs().num_advice_columns();
        if columns == 0 {
            continue;
        }
        let dice = &mut rng(seed);
        let mut below = |bound: usize| dice.next_u64() as usize % bound;
        let fault = Fault { column: below(columns), row: below(1 << (case.k - 1)) };
        bench.circuits[0] = bench.circuits[0].clone().with_fault(fault);
        let what = format!("seed {seed}, {fault:?}");

        let ours = catch_unwind(AssertUnwindSafe(|| bench.ours(&prover(MultiOpen::Gwc), seed)));
        match ours.unwrap_or_else(|_| panic!("{what}: the prover panicked")) {
            Ok(proof) => assert!(bench.accepts_strictly(MultiOpen::Gwc, &proof.bytes), "{what}: bad proof"),
            Err(
                Error::Unsatisfied { .. } | Error::CopyConstraint { .. } | Error::LookupValueMissing { .. },
            ) => {
                refused += 1;
                // The library finds out by panicking, or not at all.
                let stock = catch_unwind(AssertUnwindSafe(|| bench.stock(seed, MultiOpen::Gwc)));
                if let Ok(Ok((proof, _))) = stock {
                    assert!(
                        bench.verify(MultiOpen::Gwc, &proof.bytes).is_err(),
                        "{what}: refused a good witness"
                    );
                }
            }
            Err(error) => panic!("{what}: {error}"),
        }
    }
    // So that neither side of the property is empty.
    assert!((cases / 5..cases * 9 / 10).contains(&refused), "{refused} of {cases} refused");
}
