//! How fast chunks are proven: `chunk_speed [K [CHUNKS [THREADS [ROUNDS]]]] [stock]`.
//!
//! Proves a loop of loads, stores, arithmetic and calls, cut into `CHUNKS` chunks that fill circuits of
//! `2^K` rows, in every way to share `THREADS` threads: one chunk at a time on one thread and on all of them,
//! and more chunks at once on fewer threads each. The ways take turns for `ROUNDS` rounds; the
//! medians are told. With `stock`, the first chunk is proven by the library's own prover, too, in turns with the
//! engine and on as many threads, those for the circuit's second phase included. Keys are made
//! beforehand and not counted.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{ProvingKey, create_proof, keygen_pk, keygen_vk_custom};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::ProverSHPLONK;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use parhelion::Prover;
use parhelion_sbpf::{
    Assembly, ChunkProver, ChunkVerifier, ChunkedExecution, ExecutionConfig, LinkSecret, MachineCircuit,
};
use parhelion_scheduler::{Executor, RayonExecutor, Sequential, WorkStealing};
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

/// So many chunks at the same time, on so many threads each.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Way {
    at_once: usize,
    threads: usize,
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
    let execution = ChunkedExecution::new(&program, &input, &settings, capacity)?;
    let steps = execution.steps();
    println!(
        "{steps} steps in {} chunks of {capacity} (k = {k}), medians of {rounds} rounds\n",
        execution.chunks()
    );

    // The seed is public: for measuring only.
    let params = ParamsKZG::<Bn256>::setup(k, ChaCha20Rng::seed_from_u64(0));
    let ways = ways(threads);
    let begin = Instant::now();
    let provers = Provers::new(&params, threads)?;
    println!("keys in {:.2} s\n", begin.elapsed().as_secs_f64());
    let teams: Vec<Vec<ChunkProver>> = ways.iter().map(|way| provers.team(*way)).collect::<Result<_, _>>()?;

    let mut seconds = vec![Vec::new(); ways.len()];
    for _ in 0..rounds {
        for (team, seconds) in teams.iter().zip(&mut seconds) {
            seconds.push(prove_all(&execution, team)?);
        }
    }
    let medians: Vec<f64> = seconds.into_iter().map(median).collect();
    let of = |wanted: Way| ways.iter().position(|way| *way == wanted).map_or(f64::NAN, |at| medians[at]);
    let alone = of(Way { at_once: 1, threads: 1 });
    let one_by_one = of(Way { at_once: 1, threads });
    println!("| chunks at once | threads each | seconds | steps/s | to 1 x 1 | to 1 x {threads} |");
    println!("|---|---|---|---|---|---|");
    for (Way { at_once, threads }, seconds) in ways.iter().zip(&medians) {
        let speed = steps as f64 / seconds;
        let (first, second) = (alone / seconds, one_by_one / seconds);
        println!("| {at_once} | {threads} | {seconds:.2} | {speed:.0} | {first:.2} | {second:.2} |");
    }
    if stock {
        compare(&params, &execution, &provers, k, threads, rounds)?;
    }
    Ok(())
}

/// One chunk on one thread first, then all that use all threads.
fn ways(threads: usize) -> Vec<Way> {
    let shared = (1..=threads).filter(|at_once| threads.is_multiple_of(*at_once));
    let all = shared.map(|at_once| Way { at_once, threads: threads / at_once });
    let mut ways = vec![Way { at_once: 1, threads: 1 }];
    ways.extend(all.filter(|way| *way != ways[0]).collect::<Vec<_>>());
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

/// Keys, from which provers on other threads are made.
struct Provers(ChunkProver);

impl Provers {
    fn new(params: &ParamsKZG<Bn256>, threads: usize) -> Result<Self, Failure> {
        let executor = executor(threads)?;
        let prover = Prover::builder().executor(executor.clone()).build()?;
        Ok(Self(ChunkProver::new(params, prover, executor)?))
    }

    fn team(&self, Way { at_once, threads }: Way) -> Result<Vec<ChunkProver>, Failure> {
        let one = |_| {
            let executor = executor(threads)?;
            let prover = Prover::builder().executor(executor.clone()).build()?;
            Ok(self.0.sibling(prover, executor))
        };
        (0..at_once).map(one).collect()
    }
}

fn executor(threads: usize) -> Result<Arc<dyn Executor>, Failure> {
    Ok(if threads == 1 { Arc::new(Sequential) } else { Arc::new(WorkStealing::new(threads)?) })
}

/// Proves all chunks with a team of provers and returns how many seconds it took.
fn prove_all(execution: &ChunkedExecution<'_>, team: &[ChunkProver]) -> Result<f64, Failure> {
    let (secret, next) = (LinkSecret::random(), AtomicU64::new(0));
    let work = |prover: &ChunkProver| -> Result<(), Failure> {
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= execution.chunks() {
                return Ok(());
            }
            prover.prove_chunk(execution, index, &secret)?;
        }
    };
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = team.iter().map(|prover| scope.spawn(|| work(prover))).collect();
        workers.into_iter().try_for_each(|worker| worker.join().map_err(|_| "a prover panicked")?)
    })?;
    Ok(begin.elapsed().as_secs_f64())
}

/// The first chunk by the engine and by the library, in turns.
fn compare(
    params: &ParamsKZG<Bn256>,
    execution: &ChunkedExecution<'_>,
    provers: &Provers,
    k: u32,
    threads: usize,
    rounds: u64,
) -> Result<(), Failure> {
    let pool = Arc::new(rayon::ThreadPoolBuilder::new().num_threads(threads).build()?);
    let vk = keygen_vk_custom(params, &MachineCircuit::empty(k), false)?;
    let pk = pool.install(|| keygen_pk(params, vk, &MachineCircuit::empty(k)))?;
    let team = provers.team(Way { at_once: 1, threads })?;
    let verifier = ChunkVerifier::with_key(params, provers.0.verifying_key().clone());
    let secret = LinkSecret::random();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let begin = Instant::now();
        let chunk = team[0].prove_chunk(execution, 0, &secret)?;
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
