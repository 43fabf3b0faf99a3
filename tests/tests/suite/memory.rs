//! Memory of proofs: bounded, reused, wiped, and refused without harm.

mod canary;
mod child;
mod keys;
mod resident;

use std::thread;

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::{Error, MultiOpen, Pool, PreparedKey, Prover, ProverBuilder};
use parhelion_allocators::{Error as MemoryError, FailurePlan, HugePages, MemoryLimit};
use parhelion_tests::bench::{Bench, MULTI_OPENS, with_slices};
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::zoo;

fn builder(threads: usize, multi_open: MultiOpen) -> ProverBuilder {
    Prover::builder().threads(threads).multi_open(multi_open)
}

/// The key in both forms a prover may hold it.
fn keys<'a>(prover: &Prover, bench: &'a Bench<ZooCircuit>) -> [PreparedKey<'a>; 2] {
    let compact = prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("compact key");
    [prover.prepare(&bench.params, &bench.pk).expect("key"), compact]
}

/// How far estimates may be from what was taken, in percent.
const TOLERANCE: usize = 10;

fn is_close(estimate: usize, measured: usize) -> bool {
    estimate.abs_diff(measured) * 100 <= measured * TOLERANCE
}

#[test]
fn estimates_are_bounds_and_close() {
    for (threads, multi_open) in [(1, MultiOpen::Shplonk), (2, MultiOpen::Gwc), (3, MultiOpen::Shplonk)] {
        for case in zoo() {
            let bench = Bench::of(&case, true);
            for compact in [false, true] {
                let prover = builder(threads, multi_open).build().expect("prover");
                let [whole, packed] = keys(&prover, &bench);
                let key = if compact { packed } else { whole };
                let name = format!("{}, compact: {compact}, {threads} threads", case.name);
                let circuits = bench.circuits.len();
                assert_eq!(prover.estimate(&key, circuits).expected, None, "{name}: nothing is known yet");
                bench.ours_with(&prover, &key, 3).expect(case.name);
                let estimate = prover.estimate(&key, circuits);
                let peak = prover.pool().stats().peak;
                let leased = |bytes: usize| bytes - estimate.scratch;
                assert!(peak <= leased(estimate.at_most), "{name}: {peak} bytes, {estimate:?}");
                assert!(peak >= leased(estimate.at_least), "{name}: {peak} bytes, {estimate:?}");
                let expected = leased(estimate.expected.expect("a proof was made"));
                assert!(is_close(expected, peak), "{name}: {peak} bytes, {estimate:?}");
                assert_eq!(prover.pool().stats().live, 0, "{name}: leases outlive the proof");
            }
        }
    }
}

#[test]
fn a_rehearsal_tells_what_a_proof_takes() {
    for case in zoo() {
        let bench = Bench::of(&case, true);
        let prover = builder(2, MultiOpen::Shplonk).build().expect("prover");
        let [_, key] = keys(&prover, &bench);
        let rehearse = |instances: &[&[&[Fr]]]| prover.rehearse(&key, &bench.circuits, instances);
        let estimate = with_slices(&bench.instances, rehearse).expect(case.name);
        bench.ours_with(&prover, &key, 3).expect(case.name);
        let peak = prover.pool().stats().peak;
        let expected = estimate.expected.expect("rehearsed") - estimate.scratch;
        assert!(is_close(expected, peak), "{}: {peak} bytes, {estimate:?}", case.name);
    }
}

#[test]
fn a_limit_holds_and_does_not_show() {
    for multi_open in MULTI_OPENS {
        for case in zoo().into_iter().step_by(3) {
            let bench = Bench::of(&case, false);
            let free = builder(2, multi_open).build().expect("prover");
            let [_, key] = keys(&free, &bench);
            let expected = bench.ours_with(&free, &key, 8).expect(case.name);
            let known = free.estimate(&key, bench.circuits.len());
            let (least, most) = (known.at_least, known.at_most);
            for limit in (0..=8).map(|eighth| least + (most - least) * eighth / 8) {
                let prove = |key, limit| {
                    let prover = builder(2, multi_open).memory_limit(limit).build().expect("prover");
                    let proof = bench.ours_with(&prover, key, 8);
                    let mapped = prover.pool().stats().peak_mapped;
                    assert!(mapped + known.scratch <= limit, "{}: {mapped} mapped of {limit}", case.name);
                    proof
                };
                let name = format!("{}, limit {limit}", case.name);
                // A key of which nothing is known yet.
                let [_, fresh] = keys(&free, &bench);
                // What is needed is known after a proof, or once the columns are there: of a key that
                // is new, an error may have told no more than a lower bound.
                for (key, attempts) in [(&key, 1), (&fresh, 2)] {
                    let mut limit = limit;
                    for attempt in 0..=attempts {
                        match prove(key, limit) {
                            Ok(proof) => {
                                assert!(proof == expected, "{name}: other bytes under {limit}");
                                break;
                            }
                            Err(Error::MemoryLimit { needed, .. }) if limit < known.sufficient => {
                                assert!(needed > limit, "{name}: {needed} bytes are said to be needed");
                                assert!(attempt < attempts, "{name}: {limit} bytes were said to be enough");
                                limit = needed;
                            }
                            Err(error) => panic!("{name}: {error}"),
                        }
                    }
                }
            }

            let prover = builder(2, multi_open).memory_limit(least - 1).build().expect("prover");
            let [_, key] = keys(&free, &bench);
            let error = bench.ours_with(&prover, &key, 8).expect_err("a limit below the lower bound");
            let refused = matches!(error, Error::MemoryLimit { limit, needed, .. } if limit + 1 == least && needed == least);
            assert!(refused, "{error}");
            assert_eq!(prover.pool().stats().misses, 0, "refused before work begins");
        }
    }
}

#[test]
fn settings_of_the_pool_do_not_show() {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("this case");
    let bench = Bench::of(&case, false);
    let free = builder(2, MultiOpen::Shplonk).build().expect("prover");
    let [_, key] = keys(&free, &bench);
    let expected = [3, 4].map(|seed| bench.ours_with(&free, &key, seed).expect("proof"));
    for retain in [0, 1 << 17, usize::MAX] {
        for huge_pages in [HugePages::Never, HugePages::Advised, HugePages::Explicit] {
            let pool = Pool::builder().retain(retain).huge_pages(huge_pages).build();
            let prover = builder(2, MultiOpen::Shplonk).pool(pool).build().expect("prover");
            // The second proof finds what the policy has left of the first.
            let proofs = [3, 4].map(|seed| bench.ours_with(&prover, &key, seed).expect("proof"));
            assert!(proofs == expected, "retain {retain}, {huge_pages:?}: other bytes");
            assert!(prover.pool().stats().retained <= retain, "retain {retain}");
        }
    }
}

#[test]
fn two_proofs_under_a_limit_for_one_take_turns() {
    let case = zoo().into_iter().max_by_key(|case| case.k).expect("a case");
    let bench = Bench::of(&case, false);
    let free = builder(1, MultiOpen::Shplonk).build().expect("prover");
    let [_, key] = keys(&free, &bench);
    let expected = bench.ours_with(&free, &key, 4).expect("proof");
    let estimate = free.estimate(&key, bench.circuits.len());
    for limit in [estimate.at_most, estimate.smallest.expect("known")] {
        let prover = builder(1, MultiOpen::Shplonk).memory_limit(limit).build().expect("prover");
        thread::scope(|scope| {
            let proofs = [0; 3].map(|_| scope.spawn(|| bench.ours_with(&prover, &key, 4)));
            for proof in proofs {
                assert!(proof.join().expect("no panic").expect("proof") == expected);
            }
        });
        assert!(prover.pool().stats().peak_mapped + estimate.scratch <= limit);
    }
}

#[test]
fn any_lease_may_fail() {
    for case in zoo().into_iter().step_by(5) {
        let bench = Bench::of(&case, true);
        for (threads, limited) in [(1, false), (3, false), (2, true)] {
            let free = builder(threads, MultiOpen::Shplonk).build().expect("prover");
            let [_, key] = keys(&free, &bench);
            bench.ours_with(&free, &key, 2).expect(case.name);
            let smallest = free.estimate(&key, bench.circuits.len()).smallest.expect("known");

            let plan = FailurePlan::default();
            let limit = MemoryLimit::new(if limited { smallest } else { usize::MAX });
            let pool = Pool::builder().limit(limit).failures(plan.clone()).build();
            let prover = builder(threads, MultiOpen::Shplonk).pool(pool).build().expect("prover");
            let expected = bench.ours_with(&prover, &key, 2).expect(case.name);
            let requests = plan.seen();
            assert!(requests > 10, "{}: {requests} requests", case.name);
            for number in 0..requests {
                plan.fail_at(number);
                let error = bench.ours_with(&prover, &key, 2).expect_err("a lease fails");
                let injected = matches!(error, Error::Memory(MemoryError::Injected { .. }));
                assert!(injected, "{}, request {number} of {requests}: {error}", case.name);
                assert_eq!(prover.pool().stats().live, 0, "{}: request {number} leaks", case.name);
            }
            plan.disarm();
            assert!(bench.ours_with(&prover, &key, 2).expect(case.name) == expected);
        }
    }
}

#[test]
fn fifty_proofs_take_what_two_take() {
    let case = zoo().into_iter().max_by_key(|case| case.k).expect("a case");
    let bench = Bench::of(&case, false);
    let prover = builder(1, MultiOpen::Shplonk).build().expect("prover");
    let [_, key] = keys(&prover, &bench);
    let mut mapped = Vec::new();
    for seed in 0..50 {
        bench.ours_with(&prover, &key, seed).expect("proof");
        mapped.push(prover.pool().stats().mapped);
    }
    assert_eq!(mapped[1], mapped[49], "later proofs map more");
    assert_eq!(prover.pool().stats().live, 0);
}

#[test]
fn nothing_of_a_proof_is_left_in_the_pool() {
    let case = zoo().into_iter().max_by_key(|case| case.k).expect("a case");
    let bench = Bench::of(&case, false);
    let prover = builder(2, MultiOpen::Shplonk).build().expect("prover");
    let [_, key] = keys(&prover, &bench);
    bench.ours_with(&prover, &key, 1).expect("proof");
    let stats = prover.pool().stats();
    assert!(stats.wiped > 0 && stats.retained > 0);

    // Everything the pool retains: all buffers are as large as a column.
    let workspace = prover.pool().workspace();
    let mut leases = Vec::new();
    let bytes = (size_of::<[u64; 4]>() << case.k).max(4096);
    loop {
        let misses = prover.pool().stats().misses;
        let lease = workspace.lease::<u8>(bytes).expect("memory");
        if prover.pool().stats().misses > misses {
            break;
        }
        assert!(lease.iter().all(|byte| *byte == 0), "bytes of a proof in a buffer of {bytes}");
        leases.push(lease);
    }
    assert!(!leases.is_empty());
    let seen: usize = leases.iter().map(|lease| lease.buffer_bytes()).sum();
    assert!(seen >= stats.retained, "{seen} of {} bytes were looked at", stats.retained);
}

#[test]
fn a_limit_and_a_pool_contradict_each_other() {
    let error = Prover::builder().pool(Pool::default()).memory_limit(1 << 30).build().expect_err("both");
    assert!(matches!(error, Error::Settings(_)), "{error}");
}
