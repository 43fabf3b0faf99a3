//! How fast chunks are proven: `chunk_speed K [STEPS [THREADS [AT_ONCE [stock]]]]`.
//!
//! Proves a loop of loads, stores, arithmetic and calls in chunks that fill circuits of `2^K` rows,
//! so many at once, and verifies the whole. With `stock`, proves the first chunk with the library's
//! own prover too, on as many threads, and compares steps per second.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{create_proof, keygen_pk, keygen_vk_custom};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::ProverSHPLONK;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use parhelion_sbpf::{
    Assembly, Choice, ChunkObserver, ChunkReport, ChunkedExecution, ExecutionConfig, KeygenConfig,
    MachineCircuit, Srs, execute_and_trace, prove_execution_chunked_parallel, verify_execution,
};
use parhelion_scheduler::Sequential;
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, SeedableRng};

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
/// Steps of a round.
const ROUND: u64 = 16;

#[derive(Debug)]
struct Print;

impl ChunkObserver for Print {
    fn chosen(&self, choice: &Choice) {
        println!("{choice}");
    }

    fn keys(&self, took: Duration) {
        println!("keys in {took:?}");
    }

    fn proven(&self, report: &ChunkReport) {
        let ChunkReport { index, steps, took, proof_bytes, peak_buffer_bytes, .. } = report;
        let buffers = peak_buffer_bytes >> 20;
        println!("chunk {index}: {steps} steps, {took:?}, {proof_bytes} bytes, {buffers} MiB of buffers");
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let number = |at: usize, default: u64| std::env::args().nth(at).map_or(Ok(default), |text| text.parse());
    let k = number(1, 12)? as u32;
    let capacity = (1 << k) - 7;
    let (steps, threads) = (number(2, 4 * capacity)?, number(3, 2)? as usize);
    let at_once = number(4, 1)? as usize;

    let program = Assembly::v0(LOOP).build()?;
    let mut input = (steps / ROUND).max(1).to_le_bytes().to_vec();
    input.extend([7; 8]);
    let settings = ExecutionConfig::default().with_compute_units(u64::MAX);
    let trace = execute_and_trace(&program, &input, &settings)?;

    // The seed is public: for measuring only.
    let params = Arc::new(ParamsKZG::<Bn256>::setup(k, ChaCha20Rng::seed_from_u64(0)));
    let config = KeygenConfig::new(k, std::env::temp_dir(), 8)
        .with_threads(threads)
        .with_srs(Srs::Given(params.clone()))
        .with_observer(Arc::new(Print));
    let begin = Instant::now();
    let proof = prove_execution_chunked_parallel(&program, &trace, &config, at_once)?;
    let ours = proof.steps() as f64 / begin.elapsed().as_secs_f64();
    println!("{:?}, {ours:.0} steps/s, keys included", begin.elapsed());

    let begin = Instant::now();
    let verified = verify_execution(&program, &input, &proof, &config)?;
    println!("verified in {:?}: r0 = {:#x} after {} steps", begin.elapsed(), verified.value, verified.steps);
    if std::env::args().nth(5).as_deref() == Some("stock") {
        let chunk = ChunkedExecution::new(&program, &input, &settings, capacity.min(proof.steps()))?;
        let stock = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
        let seconds =
            stock.install(|| stock_seconds(&params, &chunk, k)).map_err(|error| error.to_string())?;
        let stock = proof.chunks[0].steps as f64 / seconds;
        println!(
            "stock: {seconds:.2} s for chunk 0, {stock:.0} steps/s; ours is {:.2} times as fast",
            ours / stock
        );
    }
    Ok(())
}

/// What the library's prover takes for the first chunk, its keys not counted.
fn stock_seconds(
    params: &ParamsKZG<Bn256>,
    execution: &ChunkedExecution<'_>,
    k: u32,
) -> Result<f64, Box<dyn Error + Send + Sync>> {
    let vk = keygen_vk_custom(params, &MachineCircuit::empty(k), false)?;
    let pk = keygen_pk(params, vk, &MachineCircuit::empty(k))?;
    let (circuit, instances) =
        execution.circuit(0, k, Arc::new(Sequential)).map_err(|error| error.to_string())?;
    let begin = Instant::now();
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
    create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        params,
        &pk,
        &[circuit],
        &[&[&instances[..]]],
        OsRng,
        &mut transcript,
    )?;
    Ok(begin.elapsed().as_secs_f64())
}
