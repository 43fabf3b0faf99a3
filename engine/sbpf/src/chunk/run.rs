//! Proofs of whole executions.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::{MemoryLimit, Pool, Prover};

use super::auto::{Mode, choose};
use super::config::KeygenConfig;
use super::error::ProveError;
use super::execution::ChunkedExecution;
use super::folder::Folder;
use super::links::LinkSecret;
use super::observer::ChunkReport;
use super::proof::{ChunkProof, ExecutionProof};
use super::prove::ChunkProver;
use super::threads::executor;
use super::verify::ChunkVerifier;
use super::{memory, srs};
use crate::{ExecutionConfig, ExecutionTrace, Program};

/// Proves an execution chunk by chunk, each on all threads.
///
/// ```no_run
/// use parhelion_sbpf::{
///     Assembly, ExecutionConfig, KeygenConfig, execute_and_trace, prove_execution_chunked, verify_execution,
/// };
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let program = Assembly::v0("mov64 r0, 1\n add64 r0, 2\n exit").build()?;
/// let trace = execute_and_trace(&program, &[], &ExecutionConfig::default())?;
/// let config = KeygenConfig::new(12, std::env::temp_dir(), 8).with_chunk_size(1000);
/// let proof = prove_execution_chunked(&program, &trace, &config)?;
/// assert_eq!(verify_execution(&program, &[], &proof, &config)?.value, 3);
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// If the trace is not one of this program, the execution does what no constraints cover or does not
/// fit, the memory limit is too small, or files cannot be written. What was finished stays in the
/// folder of `config`.
pub fn prove_execution_chunked(
    program: &Program,
    trace: &ExecutionTrace,
    config: &KeygenConfig,
) -> Result<ExecutionProof, ProveError> {
    run(program, trace, config, Mode::OneByOne)
}

/// As [`prove_execution_chunked`], so many chunks at once, which share threads, keys and memory limit. On the
/// engine's own pool no more are proven at a time than there are threads; one more in line saves the time between a proof and
/// the next.
///
/// # Errors
/// As [`prove_execution_chunked`].
pub fn prove_execution_chunked_parallel(
    program: &Program,
    trace: &ExecutionTrace,
    config: &KeygenConfig,
    at_once: usize,
) -> Result<ExecutionProof, ProveError> {
    run(program, trace, config, Mode::AtOnce(at_once))
}

/// As [`prove_execution_chunked`], with the size of chunks and the number of chunks at once chosen, unless
/// they are told, from the length of the trace, the number of threads and the memory limit. The observer of `config` is told what was chosen.
///
/// # Errors
/// As [`prove_execution_chunked`].
pub fn prove_execution_chunked_auto(
    program: &Program,
    trace: &ExecutionTrace,
    config: &KeygenConfig,
) -> Result<ExecutionProof, ProveError> {
    run(program, trace, config, Mode::Auto)
}

fn run(
    program: &Program,
    trace: &ExecutionTrace,
    config: &KeygenConfig,
    mode: Mode,
) -> Result<ExecutionProof, ProveError> {
    let whole = ChunkedExecution::of_trace(program, trace, u64::MAX)?;
    let held = whole.plan.bytes() + trace.bytes() + trace.input().len();
    let choice = choose(&whole, config, mode, held)?;
    config.observer.chosen(&choice);
    drop(whole);
    let execution = ChunkedExecution::of_trace(program, trace, choice.chunk_size)?;

    let begin = Instant::now();
    let params = srs::params(config, choice.k)?;
    let work = choice.work(held, execution.plan.listing.words.len());
    let prover = prover(&params, config, &work)?;
    config.observer.keys(begin.elapsed());

    let verifier = ChunkVerifier::with_key(&params, prover.verifying_key().clone());
    let mut proof = ExecutionProof {
        program: program.id(),
        input: *blake3::hash(trace.input()).as_bytes(),
        heap_size: trace.config().heap_size,
        k: choice.k,
        disclosure: execution.disclosure(),
        chunks: Vec::new(),
    };
    let opened = config.folder.as_ref().map(|path| {
        let observer = &*config.observer;
        Folder::open(path, &proof, choice.chunk_size, execution.chunks(), &verifier, observer)
    });
    let (folder, found) = match opened.transpose()? {
        Some((folder, found)) => (Some(folder), found),
        None => (None, vec![None; usize::try_from(execution.chunks()).unwrap_or(usize::MAX)]),
    };
    let secret = folder.as_ref().map_or_else(LinkSecret::random, |folder| folder.secret().clone());
    let kept: Vec<u64> =
        (0..).zip(&found).filter(|(_, chunk)| chunk.is_some()).map(|(index, _)| index).collect();
    let work = Work {
        execution: &execution,
        prover: &prover,
        at_once: choice.at_once,
        secret,
        folder: folder.as_ref(),
        config,
    };
    proof.chunks = work.all(found)?;
    if !kept.is_empty() {
        // What an earlier run left is not trusted to fit.
        let settings = ExecutionConfig::default().with_heap_size(proof.heap_size);
        let verify = |proof: &ExecutionProof| {
            verifier.verify_execution(program, trace.input(), &settings, &proof.disclosure, &proof.chunks)
        };
        if let Err(error) = verify(&proof) {
            let mut found: Vec<_> = proof.chunks.drain(..).map(Some).collect();
            for index in kept {
                config.observer.damaged(index, &error.to_string());
                found[index as usize] = None;
            }
            proof.chunks = work.all(found)?;
            verify(&proof).map_err(Box::new)?;
        }
    }
    folder.map_or(Ok(()), Folder::finish)?;
    Ok(proof)
}

/// Buffers of all proofs come from one pool, which keeps them within the limit.
fn pool(config: &KeygenConfig, work: &memory::Work) -> Pool {
    let limit = config
        .memory_limit
        .map_or_else(MemoryLimit::unlimited, |limit| MemoryLimit::new(work.left_for_buffers(limit)));
    Pool::builder().limit(limit).build()
}

/// The prover of all chunks, which share its threads, and its keys.
fn prover(
    params: &ParamsKZG<Bn256>,
    config: &KeygenConfig,
    work: &memory::Work,
) -> Result<ChunkProver, ProveError> {
    let executor = executor(config, work.at_once)?;
    let builder = Prover::builder().kernels(config.kernels).executor(executor.clone());
    Ok(ChunkProver::new(params, builder.pool(pool(config, work)).build()?, executor)?.by_turns())
}

/// Chunks to be proven.
struct Work<'a> {
    execution: &'a ChunkedExecution<'a>,
    prover: &'a ChunkProver,
    at_once: usize,
    secret: LinkSecret,
    folder: Option<&'a Folder>,
    config: &'a KeygenConfig,
}

impl Work<'_> {
    /// Proves what was not found. The first error ends the work; what is being proven then is finished
    /// and kept.
    fn all(&self, found: Vec<Option<ChunkProof>>) -> Result<Vec<ChunkProof>, ProveError> {
        let missing: Vec<usize> = (0..found.len()).filter(|&index| found[index].is_none()).collect();
        let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
        let results = Mutex::new((found, None));
        let worker = || {
            while !failed.load(Ordering::Relaxed) {
                let Some(&index) = missing.get(next.fetch_add(1, Ordering::Relaxed)) else { return };
                let proven = self.one(index as u64);
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                match proven {
                    Ok(chunk) => results.0[index] = Some(chunk),
                    Err(error) => {
                        failed.store(true, Ordering::Relaxed);
                        results.1.get_or_insert(error);
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..self.at_once {
                scope.spawn(worker);
            }
            worker();
        });
        let (chunks, error) = results.into_inner().unwrap_or_else(PoisonError::into_inner);
        match error {
            Some(error) => Err(error),
            None => Ok(chunks.into_iter().flatten().collect()),
        }
    }

    fn one(&self, index: u64) -> Result<ChunkProof, ProveError> {
        let observer = &self.config.observer;
        observer.started(index);
        let begin = Instant::now();
        let chunk = self.prover.prove_chunk(self.execution, index, &self.secret)?;
        if let Some(folder) = self.folder {
            folder.keep(&chunk)?;
        }
        observer.proven(&ChunkReport {
            index,
            chunks: self.execution.chunks(),
            steps: chunk.steps,
            took: begin.elapsed(),
            proof_bytes: chunk.proof.len(),
            peak_buffer_bytes: self.prover.peak_buffer_bytes(),
        });
        Ok(chunk)
    }
}
