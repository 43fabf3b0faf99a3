//! The engine's proofs are the library's, byte for byte: nothing is injected.

use halo2_proofs::circuit::Value;
use halo2_proofs::pasta::{EpAffine, EqAffine, Fp, Fq};
use halo2_proofs::plonk::{Error, keygen_vk};
use halo2_proofs::transcript::{Blake2bWrite, Challenge255};
use parhelion::{Prover, zcash};

use crate::circuits::{Bits, Carried, Everything, Product};
use crate::common::{Setup, rng};

/// The slices the library wants.
macro_rules! slices {
    ($instances:expr) => {
        &$instances
            .iter()
            .map(|columns| columns.iter().map(Vec::as_slice).collect::<Vec<_>>())
            .collect::<Vec<_>>()
    };
}

#[test]
fn everything_over_vesta() {
    let setup = Setup::<EqAffine>::new(6, &Everything::default());
    for starts in [&[3][..], &[3, 40], &[7, 7, 900]] {
        let circuits: Vec<_> = starts.iter().map(|&start| Everything::new(start)).collect();
        let instances: Vec<_> = starts.iter().map(|&start| Everything::instances::<Fp>(start)).collect();
        let instances: &Vec<Vec<&[Fp]>> = slices!(instances);
        let instances: Vec<&[&[Fp]]> = instances.iter().map(Vec::as_slice).collect();
        setup.assert_same(&circuits, &instances);
    }
}

#[test]
fn everything_over_pallas() {
    let setup = Setup::<EpAffine>::new(7, &Everything::default());
    let instances = Everything::instances::<Fq>(12);
    setup.assert_same(&[Everything::new(12)], &[&[&instances[0], &instances[1]]]);
}

#[test]
fn a_product_with_the_other_floor_planner() {
    for k in [4, 9] {
        let setup = Setup::<EqAffine>::new(k, &Product::default());
        setup.assert_same(&[Product(Value::known([6, 7]))], &[&[&[Fp::from(42)]]]);
    }
}

#[test]
fn a_gate_alone() {
    let setup = Setup::<EqAffine>::new(4, &Bits(4));
    setup.assert_same(&[Bits(4)], &[&[]]);
    setup.assert_same(&[Bits(4), Bits(4)], &[&[], &[]]);
}

#[test]
fn fixed_values_may_depend_on_each_other() {
    let setup = Setup::<EqAffine>::new(4, &Carried);
    setup.assert_same(&[Carried], &[&[]]);
}

#[test]
fn instances_may_be_shorter_or_longer_than_what_is_constrained() {
    let setup = Setup::<EqAffine>::new(5, &Product::default());
    let longer = [Fp::from(42), Fp::from(1), Fp::from(2)];
    setup.assert_same(&[Product(Value::known([6, 7]))], &[&[&longer]]);
    let key = setup.key(&Prover::builder().build().unwrap(), &Product::default()).unwrap();
    // A product of zero equals the padding; reading the instance would be another matter.
    let prover = Prover::builder().build().unwrap();
    let circuits = [Product(Value::known([0, 7]))];
    let ours = Setup::ours(&prover, &key, &circuits, &[&[&[]]], 5).unwrap();
    assert_eq!(ours, setup.stock(&circuits, &[&[&[]]], 5));
}

#[test]
fn the_drop_in_makes_the_librarys_proof() -> Result<(), Error> {
    let setup = Setup::<EqAffine>::new(6, &Everything::default());
    let instances = Everything::instances::<Fp>(5);
    let instances: &[&[&[Fp]]] = &[&[&instances[0], &instances[1]]];
    let circuits = [Everything::new(5)];
    let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(Vec::new());
    zcash::create_proof(&setup.params, &setup.pk, &circuits, instances, rng(1), &mut transcript)?;
    assert_eq!(transcript.finalize(), setup.stock(&circuits, instances, 1));
    Ok(())
}

#[test]
fn a_key_serves_many_proofs_and_needs_no_proving_key() -> Result<(), Box<dyn std::error::Error>> {
    let setup = Setup::<EqAffine>::new(5, &Product::default());
    let prover = Prover::builder().threads(2).build()?;
    let params = prover.prepare_zcash_params(&setup.params)?;
    let vk = keygen_vk(&setup.params, &Product::default())?;
    let key = prover.prepare_zcash(&params, &vk, &Product::default())?;
    for (seed, pair) in [[2, 3], [5, 9], [0, 1]].into_iter().enumerate() {
        let (circuits, product) = ([Product(Value::known(pair))], [Fp::from(pair[0] * pair[1])]);
        let instances: &[&[&[Fp]]] = &[&[&product]];
        let ours = Setup::ours(&prover, &key, &circuits, instances, seed as u64)?;
        assert_eq!(ours, setup.stock(&circuits, instances, seed as u64));
        assert!(setup.verify(&ours, instances));
    }
    Ok(())
}
