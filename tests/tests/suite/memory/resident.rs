//! Resident memory, measured in processes of their own.

use std::alloc::System;
use std::time::{Duration, Instant};

use parhelion::{Error, Estimate, MultiOpen, PreparedKey, Prover};
use parhelion_allocators::Trim;
use parhelion_cli::proc;
use parhelion_tests::bench::Bench;
use parhelion_tests::circuits::{Copies, Gate, GateSelector, Lookup, Recipe, ZooCircuit};
use parhelion_tests::zoo;

use super::builder;
use super::child;

/// What is resident beyond a limit: stacks, the program's own pages, what the heap keeps.
const SLACK: u64 = 3 << 20;

/// A circuit of some hundred KiB a column, with a bit of everything.
fn bench() -> Bench<ZooCircuit> {
    let (k, rows) = (13, 8000);
    let gate = Gate { degree: 5, rotations: vec![0, 1, -1], rows, selector: GateSelector::Simple };
    let lookup = Lookup {
        arguments: 3,
        width: 1,
        shared_table: true,
        gated: true,
        rotation: 0,
        table_rows: 3000,
        rows,
    };
    let recipe = Recipe::default().with(gate).with(lookup).with(Copies { columns: 12, rows });
    let circuit = ZooCircuit::new(recipe, 1);
    let instances = vec![circuit.instances()];
    Bench::new(k, vec![circuit], instances, true)
}

/// Resident memory now, once what was freed is given back.
fn settled() -> u64 {
    System.trim();
    proc::resident().expect("Linux tells")
}

/// Makes a proof and returns by how much it raised resident memory at its peak.
fn growth(prover: &Prover, key: &PreparedKey<'_>, bench: &Bench<ZooCircuit>) -> (u64, Vec<u8>) {
    let before = settled();
    assert!(proc::reset_peak_resident(), "the system lets the mark be reset");
    let proof = bench.ours_with(prover, key, 1).expect("a proof");
    (proc::peak_resident().expect("Linux tells").saturating_sub(before), proof.bytes)
}

#[cfg(target_os = "linux")]
#[test]
fn resident_memory_stays_under_every_limit() {
    const NAME: &str = "memory::resident::resident_memory_stays_under_every_limit";
    const STEPS: u64 = 6;
    if child::task().is_none() {
        child::run(NAME, "measure");
        return;
    }
    let bench = bench();
    let free = builder(2, MultiOpen::Shplonk).build().expect("prover");
    let key = free.prepare_compact(&bench.params, (*bench.pk).clone()).expect("key");
    // The program's own pages; and now it is known what a proof takes.
    let expected = bench.ours_with(&free, &key, 1).expect("a proof").bytes;
    let Estimate { smallest, at_most, .. } = free.estimate(&key, 1);
    drop(free);

    let (least, most) = (smallest.expect("known") as u64, at_most as u64);
    for limit in (0..=STEPS).map(|step| least + (most - least) * step / STEPS) {
        let prover = builder(2, MultiOpen::Shplonk).memory_limit(limit as usize).build().expect("prover");
        let (growth, proof) = growth(&prover, &key, &bench);
        assert!(proof == expected, "other bytes under a limit of {limit}");
        eprintln!("limit {limit}: {growth} bytes more are resident");
        assert!(growth <= limit + SLACK, "limit {limit}: {growth} bytes more are resident");
    }

    // One byte less is refused before there is any work.
    let prover = builder(2, MultiOpen::Shplonk).memory_limit(least as usize - 1).build().expect("prover");
    let start = Instant::now();
    let error = bench.ours_with(&prover, &key, 1).expect_err("too small a limit");
    let elapsed = start.elapsed();
    assert!(matches!(error, Error::MemoryLimit { needed, .. } if needed as u64 == least), "{error}");
    assert!(elapsed < Duration::from_secs(1), "refused after {elapsed:?}");
    assert_eq!(prover.pool().stats().misses, 0, "nothing was leased");
    child::report(&format!("{least} to {most}"));
}

#[cfg(target_os = "linux")]
#[test]
fn resident_memory_does_not_grow_over_fifty_proofs() {
    const NAME: &str = "memory::resident::resident_memory_does_not_grow_over_fifty_proofs";
    /// What a page here and there may add up to.
    const GROWTH: u64 = 512 << 10;
    if child::task().is_none() {
        let result = child::run(NAME, "measure");
        let (early, late) = result.split_once(' ').expect("two numbers");
        let [early, late]: [u64; 2] = [early, late].map(|bytes| bytes.parse().expect("a number"));
        assert!(late <= early + GROWTH, "{early} bytes after 10 proofs, {late} after 50");
        return;
    }
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("this case");
    let bench = Bench::of(&case, false);
    let prover = builder(2, MultiOpen::Shplonk).build().expect("prover");
    let key = prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("key");
    let mut resident = [0; 2];
    for number in 1..=50 {
        bench.ours_with(&prover, &key, number).expect("a proof");
        match number {
            10 => resident[0] = settled(),
            50 => resident[1] = settled(),
            _ => {}
        }
    }
    child::report(&format!("{} {}", resident[0], resident[1]));
}
