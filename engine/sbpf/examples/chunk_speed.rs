//! How fast chunks are proven: `chunk_speed K [STEPS [THREADS]]`.
//!
//! Proves a loop of loads, stores, arithmetic and calls in chunks that fill circuits of `2^K` rows,
//! one after the other, and verifies the whole.

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::Prover;
use parhelion_sbpf::{
    Assembly, ChunkProver, ChunkVerifier, ChunkedExecution, ExecutionConfig, LinkSecret,
};
use parhelion_scheduler::{Executor, RayonExecutor, Sequential};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

const LOOP: &str = "
    ldxdw r6, [r1+0]
    mov64 r7, r1
    lddw r8, 0x9e3779b97f4a7c15
round:
    ldxdw r1, [r7+8]
    mov64 r2, r6
    call function_mix
    stxdw [r7+8], r0
    stxw [r10-21], r0
    ldxh r3, [r10-19]
    add64 r8, r3
    sub64 r6, 1
    jne r6, 0, -9
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

fn main() -> Result<(), Box<dyn Error>> {
    let number = |at: usize, default: u64| std::env::args().nth(at).map_or(Ok(default), |text| text.parse());
    let k = number(1, 12)? as u32;
    let capacity = (1 << k) - 7;
    let (steps, threads) = (number(2, 4 * capacity)?, number(3, 2)? as usize);

    let program = Assembly::v0(LOOP).build()?;
    let mut input = (steps / 16).max(1).to_le_bytes().to_vec();
    input.extend([7; 8]);
    let config = ExecutionConfig::default().with_compute_units(u64::MAX);
    let begin = Instant::now();
    let execution = ChunkedExecution::new(&program, &input, &config, capacity)?;
    println!("{} steps in {} chunks, planned in {:?}", execution.steps(), execution.chunks(), begin.elapsed());

    // The seed is public: for measuring only.
    let params = ParamsKZG::<Bn256>::setup(k, ChaCha20Rng::seed_from_u64(0));
    let executor: Arc<dyn Executor> = match threads {
        1 => Arc::new(Sequential),
        threads => Arc::new(RayonExecutor::new(threads)?),
    };
    let prover = Prover::builder().executor(executor.clone()).build()?;
    println!("{:?}", prover.kernel_report());
    let begin = Instant::now();
    let prover = ChunkProver::new(&params, prover, executor)?;
    println!("keys in {:?}", begin.elapsed());

    let secret = LinkSecret::random();
    let mut chunks = Vec::new();
    let begin = Instant::now();
    for index in 0..execution.chunks() {
        let begin = Instant::now();
        chunks.push(prover.prove_chunk(&execution, index, &secret)?);
        println!("chunk {index}: {} steps, {:?}", chunks[index as usize].steps, begin.elapsed());
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{seconds:.2} s, {:.0} steps/s, {} bytes a proof",
        execution.steps() as f64 / seconds,
        chunks[0].proof.len()
    );

    let begin = Instant::now();
    let verifier = ChunkVerifier::with_key(&params, prover.verifying_key().clone());
    let verified = verifier.verify_execution(&program, &input, &config, &execution.disclosure(), &chunks)?;
    println!("verified in {:?}: r0 = {:#x} after {} steps", begin.elapsed(), verified.value, verified.steps);
    Ok(())
}
