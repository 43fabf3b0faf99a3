//! What must not be proven, and says why.

use halo2_proofs::circuit::Value;
use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::poly::commitment::Params;
use parhelion::{Error, Prover};

use crate::circuits::{Bits, Everything, Product};
use crate::common::Setup;

fn prover() -> Prover {
    Prover::builder().threads(1).build().unwrap()
}

fn everything(circuit: Everything) -> Result<Vec<u8>, Error> {
    let setup = Setup::<EqAffine>::new(6, &Everything::default());
    let prover = prover();
    let key = setup.key(&prover, &Everything::default())?;
    let instances = Everything::instances::<Fp>(3);
    Setup::ours(&prover, &key, &[circuit], &[&[&instances[0], &instances[1]]], 1)
}

#[test]
fn a_key_of_another_circuit() {
    let (product, bare) =
        (Setup::<EqAffine>::new(5, &Product::default()), Setup::<EqAffine>::new(5, &Bits(4)));
    let error = product.key(&prover(), &Bits(4)).unwrap_err();
    assert!(matches!(error, Error::KeyMismatch { what: "advice columns", .. }), "{error}");
    let key = bare.key(&prover(), &Bits(4)).unwrap();
    let circuits = [Product(Value::known([1, 2]))];
    let error = Setup::ours(&prover(), &key, &circuits, &[&[]], 1).unwrap_err();
    assert!(matches!(error, Error::KeyMismatch { what: "hash of the constraint system", .. }), "{error}");
}

#[test]
fn a_key_of_other_fixed_values() {
    // The same constraints, but another layout: selectors are on elsewhere.
    let setup = Setup::<EqAffine>::new(5, &Bits(3));
    assert!(setup.key(&prover(), &Bits(3)).is_ok());
    let error = setup.key(&prover(), &Bits(4)).unwrap_err();
    assert!(matches!(error, Error::KeyMismatch { what: "commitment to a fixed column", .. }), "{error}");
}

#[test]
fn parameters_of_another_size() {
    let (setup, prover) = (Setup::<EqAffine>::new(5, &Product::default()), prover());
    let params = prover.prepare_zcash_params(&Params::<EqAffine>::new(6)).unwrap();
    let error = prover.prepare_zcash(&params, setup.pk.get_vk(), &Product::default()).unwrap_err();
    assert!(matches!(error, Error::ParamsMismatch { key: 5, params: 6 }), "{error}");
}

#[test]
fn instances_that_do_not_fit() {
    let (setup, prover) = (Setup::<EqAffine>::new(4, &Product::default()), prover());
    let key = setup.key(&prover, &Product::default()).unwrap();
    let circuits = [Product(Value::known([6, 7]))];
    let prove = |instances: &[&[&[Fp]]]| Setup::ours(&prover, &key, &circuits, instances, 1).unwrap_err();
    let value = [Fp::from(42)];
    assert!(matches!(prove(&[]), Error::CircuitCount { circuits: 1, instances: 0 }));
    assert!(matches!(prove(&[&[]]), Error::InstanceColumnCount { circuit: 0, expected: 1, got: 0 }));
    assert!(matches!(prove(&[&[&value, &value]]), Error::InstanceColumnCount { got: 2, .. }));
    assert!(matches!(prove(&[&[&[Fp::from(1); 16]]]), Error::InstanceTooLong { len: 16, usable: 10, .. }));
    assert!(matches!(prove(&[&[&[Fp::from(41)]]]), Error::CopyConstraint { circuit: 0, .. }));
    let none = Setup::ours::<Product>(&prover, &key, &[], &[], 1).unwrap_err();
    assert!(matches!(none, Error::NoCircuits));
}

#[test]
fn an_unsatisfied_witness() {
    assert!(everything(Everything::new(3)).is_ok());
    let error = everything(Everything { wrong_sum: true, ..Everything::new(3) }).unwrap_err();
    assert!(matches!(error, Error::CopyConstraint { .. } | Error::Unsatisfied { .. }), "{error}");
    let error = everything(Everything { wrong_lookup: true, ..Everything::new(3) }).unwrap_err();
    assert!(matches!(error, Error::LookupValueMissing { lookup: 0, .. }), "{error}");
}

#[test]
fn an_unknown_witness() {
    let error = everything(Everything::default()).unwrap_err();
    assert!(matches!(error, Error::UnknownWitness { column: 0, .. }), "{error}");
}

#[test]
fn too_few_rows() {
    let (setup, prover) = (Setup::<EqAffine>::new(6, &Everything::default()), prover());
    let error =
        Setup::<EqAffine>::new(4, &Product::default()).key(&prover, &Everything::default()).unwrap_err();
    assert!(matches!(error, Error::RowOutOfRange { .. }), "{error}");
    assert!(setup.key(&prover, &Everything::default()).is_ok());
}

#[test]
fn errors_of_the_drop_in_are_the_librarys() {
    use halo2_proofs::plonk;
    let prove = |circuit: Everything, instances: &[&[&[Fp]]]| {
        let setup = Setup::<EqAffine>::new(6, &Everything::default());
        let mut transcript =
            halo2_proofs::transcript::Blake2bWrite::<_, _, halo2_proofs::transcript::Challenge255<_>>::init(
                Vec::new(),
            );
        let rng = crate::common::rng(1);
        parhelion::zcash::create_proof(&setup.params, &setup.pk, &[circuit], instances, rng, &mut transcript)
    };
    let instances = Everything::instances::<Fp>(3);
    let good: &[&[&[Fp]]] = &[&[&instances[0], &instances[1]]];
    assert!(prove(Everything::new(3), good).is_ok());
    assert!(matches!(prove(Everything::new(3), &[]), Err(plonk::Error::InvalidInstances)));
    let long = vec![Fp::from(0); 64];
    let long = prove(Everything::new(3), &[&[&long, &long]]);
    assert!(matches!(long, Err(plonk::Error::InstanceTooLarge)));
    assert!(matches!(prove(Everything::default(), good), Err(plonk::Error::Synthesis)));
    let wrong = prove(Everything { wrong_lookup: true, ..Everything::new(3) }, good);
    assert!(matches!(wrong, Err(plonk::Error::ConstraintSystemFailure)));
}
