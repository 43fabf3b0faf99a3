//! A witness with a pattern, and a search for it in the memory of the process.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ff::PrimeField;
use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::serde::SerdeObject;
use halo2_axiom::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Selector};
use halo2_axiom::poly::Rotation;
use parhelion::{MultiOpen, Observer, Pool, Stage};
use parhelion_tests::bench::Bench;

use super::{builder, child};

/// Half a scalar: enough that no other value has it.
const NEEDLE: usize = 16;

/// log2 of the rows: columns of 64 KiB.
const K: u32 = 11;
const ROWS: usize = 2000;

/// The secret: in every second row as it is, with the row added in the others.
fn secret() -> Fr {
    Fr::from_raw([0x6b63_6162_5f61_6e61, 0xa5c3_e1f0_8796_b4d2, 0x1122_3344_5566_7788, 0x1c0f_fee1_c0ff_ee11])
}

/// What it looks like: as an integer and in Montgomery form, the upper halves, which adding a row to
/// an integer leaves alone.
fn needles() -> [[u8; NEEDLE]; 2] {
    let integer: [u8; 32] = secret().to_repr();
    let montgomery = secret().to_raw_bytes();
    let half = |bytes: &[u8]| bytes[NEEDLE..].try_into().expect("half a scalar");
    [half(&integer), half(&montgomery)]
}

/// `on (a b - c)`, with the secret for `a`, `b` and a copy.
#[derive(Clone, Debug)]
struct Canary(Value<Fr>);

impl Circuit<Fr> for Canary {
    type Config = ([Column<Advice>; 4], Selector);
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self(Value::unknown())
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let columns = [(); 4].map(|()| meta.advice_column());
        let on = meta.selector();
        meta.enable_equality(columns[0]);
        meta.enable_equality(columns[3]);
        meta.create_gate("product", |meta| {
            let on = meta.query_selector(on);
            let [a, b, c, _] = columns.map(|column| meta.query_advice(column, Rotation::cur()));
            vec![on * (a * b - c)]
        });
        (columns, on)
    }

    fn synthesize(
        &self,
        ([a, b, c, copy], on): Self::Config,
        mut layouter: impl Layouter<Fr>,
    ) -> Result<(), Error> {
        layouter.assign_region(
            || "rows",
            |mut region| {
                for row in 0..ROWS {
                    on.enable(&mut region, row)?;
                    let value = self.0.map(|secret| secret + Fr::from((row % 2 * row) as u64));
                    let cell = region.assign_advice(a, row, value);
                    region.assign_advice(b, row, self.0);
                    region.assign_advice(c, row, value.zip(self.0).map(|(a, b)| a * b));
                    let copied = region.assign_advice(copy, row, value);
                    region.constrain_equal(cell.cell(), copied.cell());
                }
                Ok(())
            },
        )
    }
}

/// The parts of the address space that can be written to and belong to no file.
fn writable() -> Vec<Range<u64>> {
    let maps = fs::read_to_string("/proc/self/maps").expect("Linux tells");
    let range = |line: &str| {
        let mut words = line.split_whitespace();
        let (range, rights) = (words.next()?, words.next()?);
        let anonymous = words.nth(2)? == "0";
        let (start, end) = range.split_once('-')?;
        let [start, end] = [start, end].map(|address| u64::from_str_radix(address, 16).ok());
        (rights.starts_with("rw") && anonymous).then_some(start?..end?)
    };
    maps.lines().filter_map(range).collect()
}

/// Where the needles are within `ranges`.
fn search(ranges: &[Range<u64>]) -> Vec<u64> {
    let mut memory = File::open("/proc/self/mem").expect("Linux lets a process read itself");
    let needles = needles();
    let mut found = Vec::new();
    let mut bytes = Vec::new();
    for range in ranges {
        bytes.resize((range.end - range.start) as usize, 0);
        // Whatever cannot be read, such as guard pages, holds nothing.
        let read = memory.seek(SeekFrom::Start(range.start)).and_then(|_| memory.read(&mut bytes));
        let read = &bytes[..read.unwrap_or(0)];
        for (offset, window) in read.windows(NEEDLE).enumerate() {
            if needles.iter().any(|needle| window == needle) {
                found.push(range.start + offset as u64);
            }
        }
    }
    // What was found here is in this vector as well.
    bytes.fill(0);
    found
}

/// Searches while a proof is made, at the beginning of one stage.
struct Watch {
    at: Stage,
    found: Mutex<Vec<u64>>,
}

impl Observer for Watch {
    fn stage_finished(&self, stage: Stage, _: Duration) {
        if stage == self.at {
            *self.found.lock().expect("no panic") = search(&writable());
        }
    }
}

/// The buffers that are idle in a pool, as a new workspace gets them.
fn idle(pool: &Pool) -> Vec<Range<u64>> {
    let workspace = pool.workspace();
    let mut leases = Vec::new();
    for bytes in [32 << K, 1 << 16] {
        loop {
            let misses = pool.stats().misses;
            let lease = workspace.lease::<u8>(bytes).expect("memory");
            if pool.stats().misses > misses {
                break;
            }
            leases.push(lease);
        }
    }
    let ranges = leases.iter().map(|lease| {
        let start = lease.as_ptr() as u64;
        start..start + lease.buffer_bytes() as u64
    });
    ranges.collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_witness_is_nowhere_in_the_pool_after_its_proof() {
    const NAME: &str = "memory::canary::a_witness_is_nowhere_in_the_pool_after_its_proof";
    if child::task().is_none() {
        for stage in [Stage::Synthesis, Stage::Quotient] {
            child::run(NAME, stage.name());
        }
        return;
    }
    let at = Stage::ALL.into_iter().find(|stage| Some(stage.name()) == child::task().as_deref());
    let watch = Arc::new(Watch { at: at.expect("a stage"), found: Mutex::default() });
    let circuits = vec![Canary(Value::known(secret()))];
    let bench = Bench::new(K, circuits, vec![vec![]], false);
    let observer = Arc::clone(&watch) as Arc<dyn Observer>;
    let prover = builder(2, MultiOpen::Shplonk).observer(observer).build().expect("prover");
    let key = prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("key");
    let proof = bench.ours_with(&prover, &key, 1).expect("a proof");
    bench.verify(MultiOpen::Shplonk, &proof.bytes).expect("a good one");

    let retained = prover.pool().stats().retained as u64;
    let buffers = idle(prover.pool());
    let size: u64 = buffers.iter().map(|range| range.end - range.start).sum();
    assert!(size >= retained && retained > 0, "{size} of {retained} bytes are known");
    // The search finds it where it is to be found: in these very buffers, while the proof was made.
    let during = watch.found.lock().expect("no panic").clone();
    let within = |address: &&u64| buffers.iter().any(|buffer| buffer.contains(address));
    let (in_pool, elsewhere) = (during.iter().filter(within).count(), during.len());
    assert!(in_pool >= ROWS, "{in_pool} of {elsewhere} places are in the pool at {}", watch.at);
    let after = search(&buffers);
    assert!(after.is_empty(), "{} places in the pool still have it", after.len());
    // The heap is the system's business; how much is left there is worth knowing.
    let left = search(&writable()).len();
    child::report(&format!("{in_pool} places in the pool during {}, {left} left on the heap", watch.at));
    eprintln!("{in_pool} places in the pool during {}, {left} left on the heap", watch.at);
}
