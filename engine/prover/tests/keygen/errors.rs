//! What key generation refuses: with an error, where the library panics or makes a useless key.

use std::process::Command;

use ff::PrimeField;
use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::halo2curves::pasta::EqAffine;
use halo2_axiom::plonk::{
    self, Advice, Circuit, Column, ConstraintSystem, Expression, Fixed, Instance, ProvingKey, Selector,
    VerifyingKey,
};
use halo2_axiom::poly::Rotation;
use halo2_axiom::poly::commitment::ParamsProver;
use halo2_axiom::poly::ipa::commitment::ParamsIPA;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::{Error, Prover, axiom};

use crate::params;
use crate::random_circuit::{RandomCircuit, Shape};

/// What a [`Faulty`] circuit does wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Fault {
    #[default]
    None,
    SelectorRow(usize),
    FixedRow(usize),
    CopyRow(usize),
    InstanceRow(usize),
    CopyWithoutEquality,
    SimpleSelectorInLookup,
    DegreeBeyondCap,
    Refuses,
}

#[derive(Clone)]
struct Columns {
    a: Column<Advice>,
    plain: Column<Advice>,
    fixed: Column<Fixed>,
    instance: Column<Instance>,
    selector: Selector,
}

struct Faulty(Fault);

impl<F: PrimeField> Circuit<F> for Faulty {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Fault;

    fn params(&self) -> Fault {
        self.0
    }

    fn without_witnesses(&self) -> Self {
        Self(self.0)
    }

    fn configure(cs: &mut ConstraintSystem<F>) -> Columns {
        <Self as Circuit<F>>::configure_with_params(cs, Fault::None)
    }

    fn configure_with_params(cs: &mut ConstraintSystem<F>, fault: Fault) -> Columns {
        let (a, plain, fixed, instance) =
            (cs.advice_column(), cs.advice_column(), cs.fixed_column(), cs.instance_column());
        cs.enable_equality(a);
        let selector = cs.selector();
        let factors = if fault == Fault::DegreeBeyondCap { 8 } else { 1 };
        cs.create_gate("power", |cells| {
            let a = cells.query_advice(a, Rotation::cur());
            let power = (0..factors).fold(Expression::Constant(F::ONE), |power, _| power * a.clone());
            vec![cells.query_selector(selector) * power]
        });
        if fault == Fault::SimpleSelectorInLookup {
            cs.lookup_any("wrong", |cells| {
                let (a, table) =
                    (cells.query_advice(a, Rotation::cur()), cells.query_fixed(fixed, Rotation::cur()));
                vec![(cells.query_selector(selector) * a, table)]
            });
        }
        Columns { a, plain, fixed, instance, selector }
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<F>) -> Result<(), plonk::Error> {
        layouter.assign_region(
            || "all",
            |mut region| {
                let row = |wrong: fn(usize) -> Fault, default| match self.0 {
                    Fault::SelectorRow(r)
                    | Fault::FixedRow(r)
                    | Fault::CopyRow(r)
                    | Fault::InstanceRow(r)
                        if wrong(r) == self.0 =>
                    {
                        r
                    }
                    _ => default,
                };
                columns.selector.enable(&mut region, row(Fault::SelectorRow, 0))?;
                region.assign_fixed(columns.fixed, row(Fault::FixedRow, 1), F::from(3));
                region.instance_value(columns.instance, row(Fault::InstanceRow, 1))?;
                let left = region.assign_advice(columns.a, 0, Value::<F>::unknown());
                let right = region.assign_advice(columns.a, row(Fault::CopyRow, 1), Value::<F>::unknown());
                region.constrain_equal(left.cell(), right.cell());
                if self.0 == Fault::CopyWithoutEquality {
                    let plain = region.assign_advice(columns.plain, 0, Value::<F>::unknown());
                    region.constrain_equal(left.cell(), plain.cell());
                }
                if self.0 == Fault::Refuses {
                    return Err(plonk::Error::Synthesis);
                }
                Ok(())
            },
        )
    }
}

fn ours(params: &ParamsKZG<Bn256>, fault: Fault, compress: bool) -> Result<VerifyingKey<G1Affine>, Error> {
    Prover::builder().threads(1).build().unwrap().keygen_vk(params, &Faulty(fault), compress)
}

#[test]
fn rows_beyond_the_usable_ones_are_errors() {
    let params = params(4);
    // 16 rows, 5 of them blinded, 1 for l_last: rows 0 to 9 can be used.
    for row in [10, 15, 16, usize::MAX] {
        for fault in [Fault::SelectorRow(row), Fault::FixedRow(row), Fault::CopyRow(row)] {
            let error = ours(&params, fault, false).unwrap_err();
            let Error::RowOutOfRange { row: got, usable, .. } = error else { panic!("{fault:?}: {error}") };
            assert_eq!((got, usable), (row, 10), "{fault:?}");
            let error = axiom::keygen_vk::<G1Affine, _, _>(&params, &Faulty(fault)).unwrap_err();
            let expected = matches!(error, plonk::Error::NotEnoughRowsAvailable { current_k: 4 });
            assert!(expected, "{fault:?}: {error}");
        }
        let error = ours(&params, Fault::InstanceRow(row), false).unwrap_err();
        let inner = plonk::Error::NotEnoughRowsAvailable { current_k: 4 };
        assert_eq!(error.to_string(), Error::Synthesis(inner).to_string());
    }
    for fault in [Fault::SelectorRow(9), Fault::FixedRow(9), Fault::CopyRow(9), Fault::InstanceRow(9)] {
        ours(&params, fault, true).expect("row 9 is usable");
    }
}

#[test]
fn an_srs_smaller_than_the_blinding_is_an_error() {
    // 5 blinded rows, l_last, l_0 and one row to use.
    ours(&params(3), Fault::SelectorRow(0), false).expect("8 rows are just enough");
    let error = ours(&params(2), Fault::None, false).unwrap_err();
    assert!(matches!(error, Error::NotEnoughRows { k: 2, rows: 4, needed: 8 }), "{error}");
    let error = axiom::keygen_vk::<G1Affine, _, _>(&params(2), &Faulty(Fault::None)).unwrap_err();
    assert!(matches!(error, plonk::Error::NotEnoughRowsAvailable { current_k: 2 }), "{error}");
}

#[test]
fn a_copy_without_equality_is_an_error() {
    let error = ours(&params(4), Fault::CopyWithoutEquality, false).unwrap_err();
    let Error::ColumnNotInPermutation { column } = &error else { panic!("{error}") };
    assert!(column.contains("index: 1"), "{column}");
}

#[test]
fn a_simple_selector_in_a_lookup_is_an_error() {
    for compress in [false, true] {
        let error = ours(&params(5), Fault::SimpleSelectorInLookup, compress).unwrap_err();
        let Error::InvalidCircuit(message) = &error else { panic!("{error}") };
        assert!(message.contains("lookup \"wrong\" uses a simple selector"), "{message}");
    }
}

#[test]
fn selectors_of_a_gate_beyond_the_degree_cap_are_not_compressed() {
    let error = ours(&params(5), Fault::DegreeBeyondCap, true).unwrap_err();
    assert!(matches!(error, Error::DegreeTooHigh { degree: 9, key_degree: 5, .. }), "{error}");
    // Uncompressed, the library makes a key, and so do we; proofs are refused later.
    let stock: VerifyingKey<G1Affine> =
        plonk::keygen_vk(&params(5), &Faulty(Fault::DegreeBeyondCap)).unwrap();
    let vk = ours(&params(5), Fault::DegreeBeyondCap, false).unwrap();
    assert_eq!(vk.transcript_repr(), stock.transcript_repr());
}

#[test]
fn an_error_of_synthesis_is_passed_on() {
    let error = ours(&params(4), Fault::Refuses, false).unwrap_err();
    assert!(matches!(error, Error::Synthesis(plonk::Error::Synthesis)), "{error}");
}

/// A circuit whose keys differ with each argument.
fn circuit(content: u64, simple_selectors: usize) -> RandomCircuit {
    let shape = Shape { advice: 2, fixed: 2, simple_selectors, complex_selectors: 1, ..Shape::default() };
    RandomCircuit { rows: 20, content, shape }
}

#[test]
fn a_verifying_key_of_another_circuit_is_an_error() {
    let prover = Prover::builder().threads(1).build().unwrap();
    let params5 = params(5);
    for compress in [false, true] {
        let vk = prover.keygen_vk(&params5, &circuit(1, 3), compress).unwrap();
        prover.keygen_pk(&params5, vk.clone(), &circuit(1, 3)).expect("the key is the circuit's own");

        let error = prover.keygen_pk(&params(6), vk.clone(), &circuit(1, 3)).unwrap_err();
        assert!(matches!(error, Error::ParamsMismatch { key: 5, params: 6 }), "{error}");
        // Other columns; other constraints on the same columns; other values in the same columns.
        let mut other_gates = circuit(1, 3);
        other_gates.shape.seed = 1;
        for other in [circuit(1, 4), other_gates, circuit(2, 3)] {
            let error = prover.keygen_pk(&params5, vk.clone(), &other).unwrap_err();
            assert!(matches!(error, Error::KeyMismatch { .. }), "{other:?}: {error}");
        }
        let mode: Result<ProvingKey<G1Affine>, _> =
            axiom::keygen::keygen_pk_impl(&params5, Some(vk), &circuit(1, 3), !compress);
        let message = mode.unwrap_err().to_string();
        assert!(message.contains("selector compression"), "{message}");
    }
}

#[test]
fn other_commitment_schemes_are_unsupported() {
    let params = ParamsIPA::<EqAffine>::new(4);
    let error = axiom::keygen_vk::<EqAffine, _, _>(&params, &Faulty(Fault::None)).unwrap_err();
    let plonk::Error::Transcript(error) = error else { panic!("{error}") };
    assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
}

/// The environment is the process's, so a process of its own runs the check.
#[test]
fn a_degree_cap_that_is_no_number_is_an_error() {
    const MARK: &str = "PARHELION_TEST_BAD_MAX_DEGREE";
    if std::env::var_os(MARK).is_some() {
        let error = ours(&params(4), Fault::None, false).unwrap_err();
        let Error::Environment { variable, value, .. } = &error else { panic!("{error}") };
        assert_eq!((*variable, value.as_str()), ("MAX_DEGREE", "five"));
        return;
    }
    let name = "errors::a_degree_cap_that_is_no_number_is_an_error";
    let status = Command::new(std::env::current_exe().unwrap())
        .args([name, "--exact"])
        .env(MARK, "1")
        .env("MAX_DEGREE", "five")
        .output()
        .unwrap();
    assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stdout));
    assert!(String::from_utf8_lossy(&status.stdout).contains("1 passed"));
}
