//! How fast chunks are proven: `chunk_speed [K [CHUNKS [THREADS [ROUNDS]]]] [stock]`.
//!
//! Proves a loop of loads, stores, arithmetic and calls, cut into `CHUNKS` chunks that fill circuits of
//! `2^K` rows: one chunk at a time on one thread, one at a time on `THREADS` threads, and as many chunks at once
//! as there are threads, and one more, on `THREADS` threads altogether. These ways take turns for `ROUNDS`
//! rounds; medians are told. With `stock`, the first chunk is proven by the library's own prover, too, in
//! turns with the engine and on as many threads, those for the circuit's second phase included. Keys are not
//! counted on either side.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{ProvingKey, create_proof, keygen_pk, keygen_vk_custom};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::ProverSHPLONK;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use parhelion::Prover;
use parhelion_sbpf::{
    Assembly, ChunkObserver, ChunkProver, ChunkVerifier, ChunkedExecution, ExecutionConfig, ExecutionProof,
    ExecutionTrace, KeygenConfig, LinkSecret, MachineCircuit, Program, Srs, execute_and_trace,
    prove_execution_chunked_parallel, verify_execution,
};
use parhelion_scheduler::{Executor, RayonExecutor, WorkStealing};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, SeedableRng};

type Failure = Box<dyn Error + Send + Sync>;

const LOOP: &str = "
    ldxdw r6, [r1+0]
    mov64 r7, r1
    lddw r8, 0x9e3779b97f4a7c15
again:
    ldxdw r1, [r7+8]
    mov64 r2, r6
    call function_mix
    stxdw [r7+8], r0
    stxw [r10-21], r0
    ldxh r3, [r10-19]
    add64 r8, r3
    sub64 r6, 1
    jne r6, 0, again
    ldxdw r0, [r7+8]
    exit
function_mix:
    mov64 r0, r1
    rsh64 r0, 29
    xor64 r0, r1
    mul64 r0, r8
    lsh32 r2, 3
    add64 r0, r2
    exit
";
/// Steps of a round of the loop, and those around it.
const ROUND: u64 = 16;
const AROUND: u64 = 5;

/// So many chunks at the same time, on so many threads altogether.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way {
    at_once: usize,
    threads: usize,
}

/// Remembers when the keys were ready.
#[derive(Debug, Default)]
struct Clock(Mutex<Option<(Duration, Instant)>>);

impl ChunkObserver for Clock {
    fn keys(&self, took: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((took, Instant::now()));
    }
}

/// What is proven, and how.
struct Job {
    program: Program,
    trace: ExecutionTrace,
    config: KeygenConfig,
}

impl Job {
    /// Proves all chunks. The seconds that it takes, and those for the keys before.
    fn seconds(&self, Way { at_once, threads }: Way) -> Result<(ExecutionProof, f64, f64), Failure> {
        let clock = Arc::<Clock>::default();
        let config = self.config.clone().with_threads(threads).with_observer(clock.clone());
        let proof = prove_execution_chunked_parallel(&self.program, &self.trace, &config, at_once)?;
        let noted = *clock.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (keys, begin) = noted.ok_or("no keys were made")?;
        Ok((proof, begin.elapsed().as_secs_f64(), keys.as_secs_f64()))
    }
}

fn main() -> Result<(), Failure> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    let stock = arguments.iter().position(|word| word == "stock").map(|at| arguments.remove(at)).is_some();
    let number = |at: usize, default: u64| arguments.get(at).map_or(Ok(default), |text| text.parse());
    let k = number(0, 12)? as u32;
    let (chunks, threads, rounds) =
        (number(1, 4)?.max(1), number(2, 2)?.max(1) as usize, number(3, 3)?.max(1));

    let program = Assembly::v0(LOOP).build()?;
    let capacity = (1 << k) - 7;
    let mut input = ((chunks * capacity - AROUND) / ROUND).to_le_bytes().to_vec();
    input.extend([7; 8]);
    let settings = ExecutionConfig::default().with_compute_units(u64::MAX);
    let trace = execute_and_trace(&program, &input, &settings)?;
    let steps = trace.outcome().steps;
    println!("{steps} steps in {chunks} chunks of {capacity} (k = {k}), medians of {rounds} rounds\n");

    // The seed is public: for measuring only.
    let params = Arc::new(ParamsKZG::<Bn256>::setup(k, ChaCha20Rng::seed_from_u64(0)));
    let config = KeygenConfig::new(k, std::env::temp_dir(), 8).with_srs(Srs::Given(params.clone()));
    let job = Job { program, trace, config: config.with_chunk_size(capacity) };
    let ways = ways(threads);
    let mut seconds = vec![Vec::new(); ways.len()];
    let mut keys = Vec::new();
    for _ in 0..rounds {
        for (way, seconds) in ways.iter().zip(&mut seconds) {
            let (proof, proving, made) = job.seconds(*way)?;
            seconds.push(proving);
            if way.threads == threads {
                keys.push(made);
            }
            if seconds.len() == 1 {
                verify_execution(&job.program, &input, &proof, &job.config)?;
            }
        }
    }
    let medians: Vec<f64> = seconds.into_iter().map(median).collect();
    let of = |wanted: Way| ways.iter().position(|way| *way == wanted).map_or(f64::NAN, |at| medians[at]);
    let alone = of(Way { at_once: 1, threads: 1 });
    let one_by_one = of(Way { at_once: 1, threads });
    println!("| chunks at once | threads | seconds | steps/s | to 1 on 1 | to 1 on {threads} |");
    println!("|---|---|---|---|---|---|");
    for (Way { at_once, threads }, seconds) in ways.iter().zip(&medians) {
        let speed = steps as f64 / seconds;
        let (first, second) = (alone / seconds, one_by_one / seconds);
        println!("| {at_once} | {threads} | {seconds:.2} | {speed:.0} | {first:.2} | {second:.2} |");
    }
    println!("\nKeys on {threads} threads: {:.2} s. Everything was verified.", median(keys));
    if stock {
        let execution = ChunkedExecution::new(&job.program, &input, &settings, capacity)?;
        compare(&params, &execution, k, threads, rounds)?;
    }
    Ok(())
}

/// One chunk at a time on one thread and on all, then as many at once as there are threads, and one more.
fn ways(threads: usize) -> Vec<Way> {
    let mut ways = vec![Way { at_once: 1, threads: 1 }, Way { at_once: 1, threads }];
    ways.extend([threads, threads + 1].map(|at_once| Way { at_once, threads }));
    ways.dedup();
    ways
}

fn median(mut seconds: Vec<f64>) -> f64 {
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    if seconds.len().is_multiple_of(2) {
        (seconds[middle - 1] + seconds[middle]) / 2.0
    } else {
        seconds[middle]
    }
}

/// The first chunk by the engine and by the library, in turns.
fn compare(
    params: &ParamsKZG<Bn256>,
    execution: &ChunkedExecution<'_>,
    k: u32,
    threads: usize,
    rounds: u64,
) -> Result<(), Failure> {
    let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?);
    let vk = keygen_vk_custom(params, &MachineCircuit::empty(k), false)?;
    let pk = pool.install(|| keygen_pk(params, vk, &MachineCircuit::empty(k)))?;
    let executor: Arc<dyn Executor> = Arc::new(WorkStealing::new(threads)?);
    let prover = ChunkProver::new(params, Prover::builder().executor(executor.clone()).build()?, executor)?;
    let verifier = ChunkVerifier::with_key(params, prover.verifying_key().clone());
    let secret = LinkSecret::random();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begin = Instant::now();
        let chunk = prover.prove_chunk(execution, 0, &secret)?;
        ours.push(begin.elapsed().as_secs_f64());
        verifier.verify_chunk(&chunk)?;
        theirs.push(pool.install(|| stock_seconds(params, &pk, execution, k, &pool))?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!("\nThe first chunk on {threads} threads, witness included:\n");
    println!("| prover | seconds | steps/s |\n|---|---|---|");
    let steps = execution.steps().min((1 << k) - 7) as f64;
    for (name, seconds) in [("engine", ours), ("library", theirs)] {
        println!("| {name} | {seconds:.2} | {:.0} |", steps / seconds);
    }
    println!("\nThe engine is {:.2} times as fast.", theirs / ours);
    Ok(())
}

/// What the library's prover takes for the first chunk.
fn stock_seconds(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    execution: &ChunkedExecution<'_>,
    k: u32,
    pool: &Arc<rayon::ThreadPool>,
) -> Result<f64, Failure> {
    let begin = Instant::now();
    let (circuit, instances) = execution.circuit(0, k, Arc::new(RayonExecutor::from_pool(pool.clone())))?;
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        params,
        pk,
        &[circuit],
        &[&[&instances[..]]],
        OsRng,
        &mut transcript,
    )?;
    Ok(begin.elapsed().as_secs_f64())
}
