//! Memory of proofs: bounded, refused without harm, and of no influence on their bytes.

use halo2_proofs::pasta::{EqAffine, Fp};
use parhelion::zcash::PreparedKey;
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

    fn key(&self, prover: &Prover) -> PreparedKey<EqAffine> {
        self.setup.key(prover, &Everything::default()).unwrap()
    }

    fn with_instances<T>(&self, work: impl FnOnce(&[&[&[Fp]]]) -> T) -> T {
        let columns: Vec<[&[Fp]; 2]> =
            self.instances.iter().map(|columns| columns.each_ref().map(Vec::as_slice)).collect();
        work(&columns.iter().map(|columns| columns.as_slice()).collect::<Vec<_>>())
    }

    fn prove(&self, prover: &Prover, key: &PreparedKey<EqAffine>) -> Result<Vec<u8>, Error> {
        self.with_instances(|instances| Setup::ours(prover, key, &self.circuits, instances, 3))
    }
}

/// How far estimates may be from what was taken, in percent.
const TOLERANCE: usize = 10;

fn is_close(estimate: usize, measured: usize) -> bool {
    estimate.abs_diff(measured) * 100 <= measured * TOLERANCE
}

/// Sizes of circuits and how many are proven together.
const CASES: [(u32, &[u64]); 3] = [(6, &[3]), (9, &[5]), (11, &[1, 2])];

#[test]
fn estimates_are_bounds_and_close() {
    for (k, starts) in CASES {
        for threads in [1, 3] {
            let case = Case::new(k, starts);
            let prover = Prover::builder().threads(threads).build().unwrap();
            let key = case.key(&prover);
            assert_eq!(prover.estimate_zcash(&key, starts.len()).expected, None, "nothing is known yet");
            case.prove(&prover, &key).unwrap();
            let estimate = prover.estimate_zcash(&key, starts.len());
            let peak = prover.pool().stats().peak + estimate.scratch;
            let bounds = estimate.at_least..=estimate.at_most;
            assert!(bounds.contains(&peak), "k = {k}: {peak} bytes, {estimate:?}");
            assert!(is_close(estimate.expected.unwrap(), peak), "k = {k}: {peak} bytes, {estimate:?}");
            assert_eq!(prover.pool().stats().live, 0, "leases outlive the proof");
        }
    }
}

#[test]
fn a_rehearsal_tells_what_a_proof_takes() {
    for (k, starts) in CASES {
        let case = Case::new(k, starts);
        let prover = Prover::builder().threads(2).build().unwrap();
        let key = case.key(&prover);
        let rehearse = |instances: &[&[&[Fp]]]| prover.rehearse_zcash(&key, &case.circuits, instances);
        let estimate = case.with_instances(rehearse).unwrap();
        case.prove(&prover, &key).unwrap();
        let peak = prover.pool().stats().peak + estimate.scratch;
        assert!(is_close(estimate.expected.unwrap(), peak), "k = {k}: {peak} bytes, {estimate:?}");
    }
}

#[test]
fn a_limit_holds_and_does_not_show() {
    for (k, starts) in CASES {
        let case = Case::new(k, starts);
        let free = Prover::builder().threads(2).build().unwrap();
        let key = case.key(&free);
        let expected = case.prove(&free, &key).unwrap();
        let known = free.estimate_zcash(&key, starts.len());
        let fresh = case.key(&free);
        let prove = |key, limit| {
            let prover = Prover::builder().threads(2).memory_limit(limit).build().unwrap();
            let proof = case.prove(&prover, key);
            let mapped = prover.pool().stats().peak_mapped;
            assert!(mapped + known.scratch <= limit, "k = {k}: {mapped} mapped of {limit}");
            proof
        };
        let (least, most) = (known.at_least, known.at_most);
        let mut proofs = 0;
        for limit in (0..=8).map(|eighth| least + (most - least) * eighth / 8) {
            // Of a key that is new, an error may have told no more than a lower bound.
            for (key, attempts) in [(&key, 1), (&fresh, 2)] {
                let mut limit = limit;
                for attempt in 0..=attempts {
                    match prove(key, limit) {
                        Ok(proof) => {
                            assert!(proof == expected, "k = {k}: other bytes under {limit}");
                            proofs += 1;
                            break;
                        }
                        Err(Error::MemoryLimit { needed, .. }) if limit < known.sufficient => {
                            assert!(needed > limit, "k = {k}: {needed} bytes are said to be needed");
                            assert!(attempt < attempts, "k = {k}: {limit} bytes were said to be enough");
                            limit = needed;
                        }
                        Err(error) => panic!("k = {k}, limit {limit}: {error}"),
                    }
                }
            }
        }
        assert_eq!(proofs, 18, "k = {k}");

        let prover = Prover::builder().threads(2).memory_limit(least - 1).build().unwrap();
        let error = case.prove(&prover, &case.key(&free)).unwrap_err();
        let refused = matches!(error, Error::MemoryLimit { limit, needed, .. } if limit + 1 == least && needed == least);
        assert!(refused, "{error}");
        assert_eq!(prover.pool().stats().misses, 0, "refused before work begins");
    }
}

#[test]
fn any_lease_may_fail() {
    let case = Case::new(6, &[4]);
    let plan = FailurePlan::default();
    let pool = Pool::builder().failures(plan.clone()).build();
    let prover = Prover::builder().threads(2).pool(pool).build().unwrap();
    let key = case.key(&prover);
    let expected = case.prove(&prover, &key).unwrap();
    let requests = plan.seen();
    assert!(requests > 10, "{requests} requests");
    for number in 0..requests {
        plan.fail_at(number);
        let error = case.prove(&prover, &key).unwrap_err();
        assert!(matches!(error, Error::Memory(MemoryError::Injected { .. })), "request {number}: {error}");
        assert_eq!(prover.pool().stats().live, 0, "request {number} leaks");
    }
    plan.disarm();
    assert!(case.prove(&prover, &key).unwrap() == expected);
}
