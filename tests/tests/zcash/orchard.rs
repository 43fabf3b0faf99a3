//! The Action circuit of Zcash's Orchard, with bundles as wallets build them.

use halo2_proofs::pasta::EqAffine;
use halo2_proofs::plonk::Circuit;
use orchard::Proof;
use orchard::circuit::VerifyingKey;
use parhelion::{KernelChoice, Prover};
use parhelion_cli::circuits::pasta::orchard::{Actions, K, VERSION};

use crate::common::Setup;

#[test]
fn actions_are_proven_as_the_library_does_and_orchard_verifies() {
    let one = Actions::new(1, 7).unwrap();
    let two = Actions::new(2, 8).unwrap();
    let empty = one.circuits[0].without_witnesses();
    let setup = Setup::<EqAffine>::new(K, &empty);
    let verifier = VerifyingKey::build(VERSION);
    for actions in [one, two] {
        let columns: Vec<_> = actions.instances.iter().map(|column| [column.as_slice()]).collect();
        let instances: Vec<_> = columns.iter().map(|columns| columns.as_slice()).collect();
        let stock = setup.stock(&actions.circuits, &instances, 3);
        let settings = [(KernelChoice::Auto, 1), (KernelChoice::Auto, 2), (KernelChoice::Scalar, 3)];
        for (kernels, threads) in settings {
            let prover = Prover::builder().kernels(kernels).threads(threads).build().unwrap();
            let key = setup.key(&prover, &empty).unwrap();
            let ours = Setup::ours(&prover, &key, &actions.circuits, &instances, 3).unwrap();
            assert!(ours == stock, "{kernels:?}, {threads} threads, {} actions", actions.circuits.len());
            let ours = setup.ours_in_parallel(&prover, &actions.circuits, &instances, 3).unwrap();
            assert!(ours == stock, "{kernels:?}, {threads} threads, in parallel");
        }
        let proof = Proof::new(stock);
        assert_eq!(proof.as_ref().len(), Proof::expected_proof_size(actions.circuits.len()));
        proof.verify(&verifier, &actions.statements).unwrap();
    }
}
