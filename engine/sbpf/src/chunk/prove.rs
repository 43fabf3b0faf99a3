//! Proofs of chunks.

use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use parhelion::{PreparedKey, Prover};
use parhelion_scheduler::Executor;
use rand_core::OsRng;

use super::links::{LinkRng, LinkSecret};
use super::plan::Plan;
use super::proof::{ChunkProof, DisclosedWord, Disclosure};
use crate::circuit::{Image, MAX_K, MIN_K, MachineCircuit, Unprovable, usable_rows};
use crate::{ExecutionConfig, Program};

/// Why a chunk cannot be proven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// A size of circuit that does not work.
    #[error("expected k from {min} to {max}, got {0}", min = MIN_K, max = MAX_K)]
    Size(u32),
    /// More than fits the circuit.
    #[error("{what}: expected at most {most} for k = {k}, got {got}")]
    TooLarge {
        /// What there is too much of.
        what: &'static str,
        /// The size of the circuit.
        k: u32,
        /// What fits.
        most: u64,
        /// What there is.
        got: u64,
    },
    /// There is no such chunk.
    #[error("chunk {index} was asked for, but there are {chunks}")]
    NoSuchChunk {
        /// The chunk asked for.
        index: u64,
        /// The number of chunks.
        chunks: u64,
    },
    /// The execution does what no constraints cover.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
    /// The prover said no.
    #[error(transparent)]
    Prover(#[from] parhelion::Error),
}

/// An execution cut into chunks, ready to be proven in any order.
///
/// ```
/// use parhelion_sbpf::{Assembly, ChunkedExecution, ExecutionConfig};
///
/// let program = Assembly::v0("mov64 r0, 1\n add64 r0, 2\n exit").build()?;
/// let execution = ChunkedExecution::new(&program, &[], &ExecutionConfig::default(), 2)?;
/// assert_eq!(execution.chunks(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct ChunkedExecution<'a> {
    plan: Plan<'a>,
    chunk_size: u64,
}

impl<'a> ChunkedExecution<'a> {
    /// Executes a program on an input and cuts after every `chunk_size` instructions.
    ///
    /// # Errors
    /// If the program does not return within the budget of `config`, or does what no constraints
    /// cover; if `chunk_size` is more than any circuit holds, or 0.
    pub fn new(
        program: &'a Program,
        input: &'a [u8],
        config: &ExecutionConfig,
        chunk_size: u64,
    ) -> Result<Self, ProveError> {
        let most = usable_rows(MAX_K) as u64 - 1;
        if chunk_size == 0 || chunk_size > most {
            return Err(ProveError::TooLarge { what: "steps in a chunk", k: MAX_K, most, got: chunk_size });
        }
        let image = Image { program, input, heap_bytes: config.heap_size };
        Ok(Self { plan: Plan::new(image, chunk_size, config.compute_units)?, chunk_size })
    }

    /// How many chunks there are; the last may be shorter.
    #[must_use]
    pub fn chunks(&self) -> u64 {
        self.plan.chunks() as u64
    }

    /// Instructions executed.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.plan.boundaries[self.plan.chunks()].steps
    }

    /// The smallest circuit that holds every chunk, log2 of its rows.
    ///
    /// # Errors
    /// If the execution touches too many words or instructions for any.
    pub fn smallest_k(&self) -> Result<u32, ProveError> {
        let longest = self.chunk_size.min(self.steps());
        (MIN_K..=MAX_K).find(|&k| self.plan.fits(k, longest)).ok_or_else(|| ProveError::TooLarge {
            what: "instructions or words touched",
            k: MAX_K,
            most: usable_rows(MAX_K) as u64 - 1,
            got: self.plan.table_rows() as u64,
        })
    }

    /// What the verifier is to be told.
    #[must_use]
    pub fn disclosure(&self) -> Disclosure {
        let memory = &self.plan.boundaries[self.plan.chunks()].memory;
        let words = self.plan.listing.words.iter().map(|&(address, _)| DisclosedWord {
            address,
            value: memory.value(&self.plan.image, address),
        });
        let pcs = self.plan.listing.rom.iter().map(|row| row.pc);
        Disclosure { pcs: pcs.collect(), words: words.collect() }
    }

    /// The circuit of a chunk and its instances, to prove by other means.
    ///
    /// # Errors
    /// If there is no such chunk or it does not fit `2^k` rows.
    pub fn circuit(
        &self,
        index: u64,
        k: u32,
        executor: Arc<dyn Executor>,
    ) -> Result<(MachineCircuit, Vec<Fr>), ProveError> {
        let (proof, circuit) = self.chunk(index, k, executor)?;
        Ok((circuit, proof.instances()))
    }

    /// A chunk's states, yet without its proof, and its circuit.
    fn chunk(
        &self,
        index: u64,
        k: u32,
        executor: Arc<dyn Executor>,
    ) -> Result<(ChunkProof, MachineCircuit), ProveError> {
        let chunks = self.chunks();
        if index >= chunks {
            return Err(ProveError::NoSuchChunk { index, chunks });
        }
        let needed = self.smallest_k()?;
        if k < needed {
            return Err(ProveError::TooLarge {
                what: "rows, for steps and what they touch",
                k,
                most: usable_rows(k.max(MIN_K)) as u64,
                got: usable_rows(needed) as u64,
            });
        }
        let [before, after] = [0, 1].map(|end| &self.plan.boundaries[index as usize + end]);
        let proof = ChunkProof {
            index,
            before: before.state,
            after: after.state,
            steps: after.steps - before.steps,
            proof: Vec::new(),
        };
        let witness = self.plan.witness(index as usize, k)?;
        Ok((proof, MachineCircuit::new(k, witness.into(), executor)))
    }
}

/// Proves chunks: the keys for one size of circuit, and the threads.
///
/// Usable from many threads at once; the keys are shared.
#[derive(Debug)]
pub struct ChunkProver {
    prover: Prover,
    executor: Arc<dyn Executor>,
    key: PreparedKey<'static>,
    vk: VerifyingKey<G1Affine>,
    k: u32,
}

impl ChunkProver {
    /// Makes the keys for circuits of `2^params.k()` rows. `executor` is the one `prover` runs on.
    ///
    /// # Errors
    /// If there can be no circuit of this size, or key generation fails.
    pub fn new(
        params: &ParamsKZG<Bn256>,
        prover: Prover,
        executor: Arc<dyn Executor>,
    ) -> Result<Self, ProveError> {
        let k = params.k();
        if !(MIN_K..=MAX_K).contains(&k) {
            return Err(ProveError::Size(k));
        }
        let circuit = MachineCircuit::empty(k);
        let vk = prover.keygen_vk(params, &circuit, false)?;
        let pk = prover.keygen_pk(params, vk.clone(), &circuit)?;
        let key = prover.prepare_compact(params, pk)?;
        Ok(Self { prover, executor, key, vk, k })
    }

    /// log2 of the rows of its circuits.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.k
    }

    /// The key that verifies its proofs. It depends on the SRS and k alone.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        &self.vk
    }

    /// Proves one chunk.
    ///
    /// # Errors
    /// If there is no such chunk, it does not fit the circuit, or the prover fails.
    pub fn prove_chunk(
        &self,
        execution: &ChunkedExecution<'_>,
        index: u64,
        secret: &LinkSecret,
    ) -> Result<ChunkProof, ProveError> {
        let (mut chunk, circuit) = execution.chunk(index, self.k, self.executor.clone())?;
        let instances = chunk.instances();
        let rng = LinkRng::new(secret, index, execution.chunks(), OsRng);
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
        self.prover.prove(&self.key, &[circuit], &[&[&instances[..]]], rng, &mut transcript)?;
        chunk.proof = transcript.finalize();
        Ok(chunk)
    }
}
