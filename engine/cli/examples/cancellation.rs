//! How soon a proof of a demo circuit ends once its token is cancelled.
//!
//! `cargo run --release -p parhelion-cli --example cancellation -- CIRCUIT K MOMENTS THREADS`: cancels as many proofs,
//! at moments evenly spread over a proof, and tells how long each took to return. The goal is 50 ms at most. Keys come
//! from the cache (`PARHELION_CACHE`).
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::{CancelToken, Observer, Prover, Stage};
use parhelion_cli::circuits;
use parhelion_cli::stock::ProofTranscript;
use parhelion_cli::store::{CacheDir, KeyStore, Srs};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

/// How long a proof may go on.
const GOAL: Duration = Duration::from_millis(50);

type Fallible<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Where a proof is.
#[derive(Default)]
struct Place(Mutex<Option<Stage>>);

impl Place {
    fn get(&self) -> Option<Stage> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Place {
    fn stage_started(&self, stage: Stage) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(stage);
    }
}

fn main() -> Fallible<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [circuit, k, moments, threads] = arguments.as_slice() else {
        return Err("expected CIRCUIT K MOMENTS THREADS".into());
    };
    let (demo, k, moments, threads) =
        (circuits::find(circuit)?, k.parse::<u32>()?, moments.parse::<u32>()?, threads.parse::<usize>()?);
    let cache = CacheDir::open(std::env::var_os("PARHELION_CACHE").as_deref().map(Path::new))?;
    let srs = Srs::load(&cache, None, k)?;
    let place = Arc::new(Place::default());
    let prover =
        Prover::builder().threads(threads).observer(Arc::clone(&place) as Arc<dyn Observer>).build()?;
    let keys = KeyStore::new(&cache, demo, k, &srs).proving(&prover)?;
    let key = prover.prepare(&srs.params, &keys.pk)?;
    let witness = demo.witness_circuit(&keys.layout, 0)?;
    let columns: Vec<&[Fr]> = witness.instances.iter().map(Vec::as_slice).collect();
    let prove = |prover: &Prover| {
        let (circuits, mut transcript) = (std::slice::from_ref(&witness.circuit), ProofTranscript::new());
        prover.prove(&key, circuits, &[&columns], ChaCha20Rng::seed_from_u64(1), &mut transcript)?;
        Ok(transcript.finalize())
    };

    let expected = prove(&prover)?;
    let started = Instant::now();
    prove(&prover)?;
    let whole = started.elapsed();
    let mut latencies: BTreeMap<Option<Stage>, Vec<Duration>> = BTreeMap::new();
    for moment in 0..moments {
        let token = CancelToken::new();
        let (result, ended, (cancelled, stage)) = thread::scope(|scope| {
            let canceller = scope.spawn(|| {
                thread::sleep(whole * moment / moments);
                let stage = place.get();
                token.cancel();
                (Instant::now(), stage)
            });
            let result = prove(&prover.with_token(&token));
            Ok::<_, &str>((result, Instant::now(), canceller.join().map_err(|_| "the canceller panicked")?))
        })?;
        match result {
            Ok(_) => {}
            Err(parhelion::Error::Cancelled) => {
                latencies.entry(stage).or_default().push(ended.saturating_duration_since(cancelled));
            }
            Err(error) => return Err(error.into()),
        }
    }
    assert!(prove(&prover)? == expected, "the same bytes after all that");
    println!(
        "{circuit}, k = {k}, {threads} threads, {:.3} s a proof; from cancel to return:",
        whole.as_secs_f64()
    );
    for (stage, latencies) in &mut latencies {
        latencies.sort_unstable();
        let (count, late) = (latencies.len(), latencies.iter().filter(|latency| **latency > GOAL).count());
        println!(
            "{:<14} {count:4} times, median {:6.2} ms, most {:6.2} ms, {late} above 50 ms",
            stage.map_or("before", Stage::name),
            latencies[count / 2].as_secs_f64() * 1e3,
            latencies[count - 1].as_secs_f64() * 1e3,
        );
    }
    Ok(())
}
