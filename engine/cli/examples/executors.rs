//! Proofs of a demo circuit on every executor, and several at once, in interleaved rounds.
//!
//! `cargo run --release -p parhelion-cli --example executors -- CIRCUIT K ROUNDS THREADS [PROOFS [MIB]]`: the
//! median time of a proof on each executor; with PROOFS, so many of them at once beside one after another, on the two
//! pinned pools, under a memory limit of MIB for all of them together. Keys come from the cache (`PARHELION_CACHE`).
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::{Observer, Pin, PreparedKey, Prover, Stage};
use parhelion_cli::circuits::{self, Witness};
use parhelion_cli::stock::ProofTranscript;
use parhelion_cli::store::{CacheDir, KeyStore, Srs};
use parhelion_scheduler::{Executor, RayonExecutor, Sequential, WorkStealing};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Adds up what each stage takes.
#[derive(Default)]
struct Times(Mutex<BTreeMap<Stage, Duration>>);

impl Observer for Times {
    fn stage_finished(&self, stage: Stage, elapsed: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(stage).or_default() += elapsed;
    }
}

/// A prover with the times of its proofs.
struct Contestant {
    name: &'static str,
    prover: Prover,
    stages: Arc<Times>,
    seconds: Vec<f64>,
    cpu: f64,
}

impl Contestant {
    fn new(name: &'static str, executor: Arc<dyn Executor>, limit: Option<usize>) -> Fallible<Self> {
        let stages = Arc::new(Times::default());
        let observer = Arc::clone(&stages) as Arc<dyn Observer>;
        let builder = Prover::builder().executor(executor).observer(observer);
        let prover = match limit {
            Some(limit) => builder.memory_limit(limit).build()?,
            None => builder.build()?,
        };
        Ok(Self { name, prover, stages, seconds: Vec::new(), cpu: 0.0 })
    }

    fn print(&mut self) {
        self.seconds.sort_by(f64::total_cmp);
        let median = self.seconds[self.seconds.len() / 2];
        let total: f64 = self.seconds.iter().sum();
        println!(
            "{:<22} {median:8.4} s, least {:8.4} s, {:.2} CPUs",
            self.name,
            self.seconds[0],
            self.cpu / total
        );
        let stages = self.stages.0.lock().unwrap_or_else(PoisonError::into_inner);
        let proofs = self.seconds.len() as f64;
        let each = stages.iter().map(|(stage, time)| format!("{stage} {:.4}", time.as_secs_f64() / proofs));
        println!("{:22} {}", "", each.collect::<Vec<_>>().join(", "));
    }
}

fn prove(prover: &Prover, key: &PreparedKey<'_>, witness: &Witness) -> Fallible<Vec<u8>> {
    let columns: Vec<&[Fr]> = witness.instances.iter().map(Vec::as_slice).collect();
    let mut transcript = ProofTranscript::new();
    let circuits = std::slice::from_ref(&witness.circuit);
    prover.prove(key, circuits, &[&columns], ChaCha20Rng::seed_from_u64(1), &mut transcript)?;
    Ok(transcript.finalize())
}

/// Seconds of CPU time of this process.
fn cpu_seconds() -> f64 {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = line.rsplit(')').next().unwrap_or_default().split_whitespace();
    fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    const USAGE: &str = "expected CIRCUIT K ROUNDS THREADS [PROOFS [MIB]]";
    let [circuit, numbers @ ..] = arguments.as_slice() else { return Err(USAGE.into()) };
    let numbers = numbers.iter().map(|text| text.parse()).collect::<Result<Vec<usize>, _>>()?;
    let &[k, rounds, threads, ref rest @ ..] = numbers.as_slice() else { return Err(USAGE.into()) };
    let (proofs, limit) = (rest.first().copied(), rest.get(1).map(|mib| mib << 20));
    if rounds == 0 {
        return Err("expected at least 1 round".into());
    }
    let demo = circuits::find(circuit)?;
    let k = u32::try_from(k)?;
    let cache = CacheDir::open(std::env::var_os("PARHELION_CACHE").as_deref().map(Path::new))?;
    let srs = Srs::load(&cache, None, k)?;
    let setup = Prover::builder().build()?;
    let keys = KeyStore::new(&cache, demo, k, &srs).proving(&setup)?;
    let witness = |seed| demo.witness_circuit(&keys.layout, seed);

    let pool = |pin| WorkStealing::builder().threads(threads).pin(pin).build();
    let ours = Contestant::new("ours, pinned", Arc::new(pool(Pin::PhysicalCores)?), limit)?;
    let pinned = RayonExecutor::pinned(threads, &Pin::PhysicalCores)?;
    let rayon = Contestant::new("rayon, pinned", Arc::new(pinned), limit)?;
    if let Some(count) = proofs {
        return at_once(&mut [ours, rayon], &keys.pk, &srs, rounds, count, &witness);
    }
    let mut contestants = vec![
        ours,
        Contestant::new("ours, not pinned", Arc::new(pool(Pin::None)?), limit)?,
        rayon,
        Contestant::new("rayon, not pinned", Arc::new(RayonExecutor::new(threads)?), limit)?,
        Contestant::new("one thread", Arc::new(Sequential), limit)?,
    ];
    let witness = witness(0)?;
    let key = setup.prepare(&srs.params, &keys.pk)?;
    let mut expected = None;
    for round in 0..=rounds {
        for Contestant { prover, seconds, cpu, stages, .. } in &mut contestants {
            let (started, before) = (Instant::now(), cpu_seconds());
            let proof = prove(prover, &key, &witness)?;
            let elapsed = started.elapsed().as_secs_f64();
            assert!(expected.get_or_insert_with(|| proof.clone()) == &proof, "the same bytes");
            eprint!("{elapsed:.3} ");
            // The first round is for buffers and frequencies.
            if round == 0 {
                stages.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
            } else {
                seconds.push(elapsed);
                *cpu += cpu_seconds() - before;
            }
        }
    }
    println!("{circuit}, k = {k}, {threads} threads, {rounds} rounds");
    contestants.iter_mut().for_each(Contestant::print);
    let median = |index: usize| contestants[index].seconds[contestants[index].seconds.len() / 2];
    println!(
        "one thread / ours {:.3} pinned, {:.3} not pinned; rayon / ours {:.3}, {:.3}",
        median(4) / median(0),
        median(4) / median(1),
        median(2) / median(0),
        median(3) / median(1)
    );
    Ok(())
}

/// `count` proofs at once and one after another.
fn at_once(
    contestants: &mut [Contestant],
    pk: &halo2_axiom::plonk::ProvingKey<halo2_axiom::halo2curves::bn256::G1Affine>,
    srs: &Srs,
    rounds: usize,
    count: usize,
    witness: &dyn Fn(u64) -> Result<Witness, circuits::DemoError>,
) -> Fallible<()> {
    let mut witnesses = (0..count as u64).map(witness).collect::<Result<Vec<_>, _>>()?;
    for Contestant { name, prover, .. } in contestants {
        let prover = &prover.with_observer(Arc::new(parhelion::Silent));
        let key = prover.prepare(&srs.params, pk)?;
        let (mut single, mut together) = (Vec::new(), Vec::new());
        let mut peak = 0;
        // The first round is for buffers and frequencies.
        all_at_once(prover, &key, &mut witnesses)?;
        for _ in 0..rounds {
            let started = Instant::now();
            let expected: Vec<Vec<u8>> =
                witnesses.iter().map(|witness| prove(prover, &key, witness)).collect::<Fallible<_>>()?;
            single.push(started.elapsed().as_secs_f64());
            let started = Instant::now();
            let proofs = all_at_once(prover, &key, &mut witnesses)?;
            together.push(started.elapsed().as_secs_f64());
            assert!(proofs == expected, "the same bytes");
            peak = prover.pool().stats().peak_mapped;
            assert!(peak <= prover.pool().limit().bytes(), "the limit holds");
        }
        let median = |times: &mut Vec<f64>| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        };
        let (single, together) = (median(&mut single), median(&mut together));
        println!(
            "{name:<22} {count} proofs one by one {single:.3} s, at once {together:.3} s: {:.3} times the throughput; \
             pool at its peak {} MiB, may have {} MiB",
            single / together,
            peak >> 20,
            prover.pool().limit().bytes() >> 20
        );
    }
    Ok(())
}

/// A proof of each witness, all at the same time.
fn all_at_once(
    prover: &Prover,
    key: &PreparedKey<'_>,
    witnesses: &mut Vec<Witness>,
) -> Fallible<Vec<Vec<u8>>> {
    let count = witnesses.len();
    let done: Vec<(Witness, Fallible<Vec<u8>>)> = thread::scope(|scope| {
        // A circuit goes to its thread and comes back: it need not be shared between threads.
        let start = |witness| {
            scope.spawn(move || {
                let proof = prove(prover, key, &witness);
                (witness, proof)
            })
        };
        let threads: Vec<_> = witnesses.drain(..).map(start).collect();
        threads.into_iter().filter_map(|thread| thread.join().ok()).collect()
    });
    assert_eq!(done.len(), count, "no panic");
    let mut proofs = Vec::with_capacity(count);
    for (witness, proof) in done {
        witnesses.push(witness);
        proofs.push(proof?);
    }
    Ok(proofs)
}
