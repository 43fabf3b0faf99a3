//! Memory of proofs: bounded, refused without harm, and of no influence on their bytes.

use halo2_proofs::pasta::{EqAffine, Fp};
use parhelion::{Error, Pool, Prover};
use parhelion_allocators::{Error as MemoryError, FailurePlan};

use crate::circuits::Everything;
use crate::common::Setup;

struct Case {
    setup: Setup<EqAffine>,
    circuits: Vec<Everything>,
    instances: Vec<[Vec<Fp>; 2]>,
}

impl Case {
    fn new(k: u32, starts: &[u64]) -> Self {
        Self {
            setup: Setup::new(k, &Everything::default()),
            circuits: starts.iter().map(|&start| Everything::new(start)).collect(),
            instances: starts.iter().map(|&start| Everything::instances(start)).collect(),
        }
    }

    fn prove(&self, prover: &Prover) -> Result<Vec<u8>, Error> {
        let key = self.setup.key(prover, &Everything::default())?;
        let columns: Vec<[&[Fp]; 2]> =
            self.instances.iter().map(|columns| columns.each_ref().map(Vec::as_slice)).collect();
        let instances: Vec<&[&[Fp]]> = columns.iter().map(|columns| columns.as_slice()).collect();
        Setup::ours(prover, &key, &self.circuits, &instances, 3)
    }
}

#[test]
fn estimates_are_bounds_and_limits_do_not_show() {
    for (k, starts) in [(6, &[3][..]), (9, &[5]), (11, &[1, 2])] {
        for threads in [1, 3] {
            let case = Case::new(k, starts);
            let free = Prover::builder().threads(threads).build().unwrap();
            let expected = case.prove(&free).unwrap();
            let key = case.setup.key(&free, &Everything::default()).unwrap();
            let estimate = free.estimate_zcash(&key, starts.len());
            let peak = free.pool().stats().peak + estimate.scratch;
            let bounds = estimate.at_least..=estimate.at_most;
            assert!(bounds.contains(&peak), "k = {k}: {peak} bytes, {estimate:?}");
            assert_eq!(free.pool().stats().live, 0, "leases outlive the proof");

            let limited = |limit| Prover::builder().threads(threads).memory_limit(limit).build().unwrap();
            assert!(case.prove(&limited(estimate.at_most)).unwrap() == expected);
            let error = case.prove(&limited(estimate.at_least - 1)).unwrap_err();
            assert!(matches!(error, Error::MemoryLimit { .. }), "{error}");
        }
    }
}

#[test]
fn any_lease_may_fail() {
    let case = Case::new(6, &[4]);
    let plan = FailurePlan::default();
    let pool = Pool::builder().failures(plan.clone()).build();
    let prover = Prover::builder().threads(2).pool(pool).build().unwrap();
    let expected = case.prove(&prover).unwrap();
    let requests = plan.seen();
    assert!(requests > 10, "{requests} requests");
    for number in 0..requests {
        plan.fail_at(number);
        let error = case.prove(&prover).unwrap_err();
        assert!(matches!(error, Error::Memory(MemoryError::Injected { .. })), "request {number}: {error}");
        assert_eq!(prover.pool().stats().live, 0, "request {number} leaks");
    }
    plan.disarm();
    assert!(case.prove(&prover).unwrap() == expected);
}
