//! The library's prover and the engine's side by side on Orchard actions: seconds of key generation
//! and of proofs, alternating in one process.
//!
//!     cargo run --release -p parhelion-tests --example orchard_times -- [ACTIONS] [THREADS] [RUNS]

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use halo2_proofs::pasta::EqAffine;
use halo2_proofs::plonk::{Circuit, create_proof, keygen_pk, keygen_vk};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255};
use parhelion::{KernelChoice, Observer, Prover, Stage};
use parhelion_cli::circuits::pasta::orchard::{Actions, K};
use parhelion_scheduler::RayonExecutor;
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;

/// Adds up the time of each stage.
#[derive(Debug, Default)]
struct Stages(Mutex<[Duration; Stage::ALL.len()]>);

impl Observer for Stages {
    fn stage_finished(&self, stage: Stage, elapsed: Duration) {
        if let (Some(index), Ok(mut times)) =
            (Stage::ALL.iter().position(|known| *known == stage), self.0.lock())
        {
            times[index] += elapsed;
        }
    }
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let result = work();
    (result, start.elapsed().as_secs_f64())
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1).map(|argument| argument.parse::<usize>());
    let mut next = |default| args.next().unwrap_or(Ok(default));
    let (count, threads, runs) = (next(1)?, next(1)?, next(5)?);
    let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?);
    let stages = Arc::new(Stages::default());
    let prover = Prover::builder()
        .kernels(KernelChoice::Auto)
        .executor(Arc::new(RayonExecutor::from_pool(Arc::clone(&pool))))
        .observer(stages.clone())
        .build()?;
    println!("{count} actions, {threads} threads, kernels {}", prover.kernel_report().backend);

    let actions = Actions::new(u8::try_from(count)?, 1)?;
    let empty = actions.circuits[0].without_witnesses();
    let params = pool.install(|| Params::<EqAffine>::new(K));
    let (vk, vk_seconds) = timed(|| pool.install(|| keygen_vk(&params, &empty)));
    let vk = vk?;
    let (pk, pk_seconds) = timed(|| pool.install(|| keygen_pk(&params, vk.clone(), &empty)));
    let pk = pk?;
    let (prepared, params_seconds) = timed(|| prover.prepare_zcash_params(&params));
    let prepared = prepared?;
    let (key, key_seconds) = timed(|| prover.prepare_zcash(&prepared, &vk, &empty));
    let key = key?;
    println!("stock: keygen_vk {vk_seconds:.3} s, keygen_pk {pk_seconds:.3} s");
    println!("ours:  params {params_seconds:.3} s, key {key_seconds:.3} s");

    let columns: Vec<_> = actions.instances.iter().map(|column| [column.as_slice()]).collect();
    let instances: Vec<_> = columns.iter().map(|columns| columns.as_slice()).collect();
    let (mut stock, mut ours) = (Vec::new(), Vec::new());
    for run in 0..runs as u64 {
        let rng = || ChaCha20Rng::seed_from_u64(run);
        let mut transcript = Blake2bWrite::<_, EqAffine, Challenge255<_>>::init(Vec::new());
        let (made, seconds) = timed(|| {
            pool.install(|| create_proof(&params, &pk, &actions.circuits, &instances, rng(), &mut transcript))
        });
        made?;
        stock.push(seconds);
        let expected = transcript.finalize();
        let mut transcript = Blake2bWrite::<_, EqAffine, Challenge255<_>>::init(Vec::new());
        let (made, seconds) =
            timed(|| prover.prove_zcash(&key, &actions.circuits, &instances, rng(), &mut transcript));
        made?;
        ours.push(seconds);
        assert!(transcript.finalize() == expected, "the proofs differ");
    }
    if let Ok(times) = stages.0.lock() {
        for (stage, time) in Stage::ALL.iter().zip(times.iter()) {
            println!("  {stage:<12} {:8.2} ms", time.as_secs_f64() * 1e3 / runs as f64);
        }
    }
    let (stock, ours) = (median(stock), median(ours));
    println!("proof: stock {stock:.4} s, ours {ours:.4} s, ratio {:.2}", stock / ours);
    Ok(())
}
