//! Proofs of chunks.

use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use parhelion::{Estimate, PreparedKey, Prover};
use parhelion_scheduler::{Executor, ExecutorExt, Gate};
use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, SeedableRng};

use super::error::ProveError;
use super::execution::ChunkedExecution;
use super::gate::Turn;
use super::links::{LinkRng, LinkSecret};
use super::proof::ChunkProof;
use crate::circuit::{MAX_K, MIN_K, MachineCircuit};

/// Proves chunks: the keys for one size of circuit, and the threads.
///
/// Usable from many threads at once; the keys are shared.
#[derive(Debug)]
pub struct ChunkProver {
    prover: Prover,
    executor: Arc<dyn Executor>,
    keys: Arc<Keys>,
    /// Where proofs take turns, if they do.
    gate: Option<Arc<Gate>>,
}

#[derive(Debug)]
struct Keys {
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
        Ok(Self { prover, executor, keys: Arc::new(Keys { key, vk, k }), gate: None })
    }

    /// Another one with the same keys, which are shared, and threads of its own.
    #[must_use]
    pub fn sibling(&self, prover: Prover, executor: Arc<dyn Executor>) -> Self {
        Self { prover, executor, keys: self.keys.clone(), gate: None }
    }

    /// The same one, whose proofs take turns where they take most memory.
    pub(super) fn by_turns(self) -> Self {
        Self { gate: Some(Arc::default()), ..self }
    }

    /// log2 of the rows of its circuits.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.keys.k
    }

    /// The key that verifies its proofs. It depends on the SRS and k alone.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey<G1Affine> {
        &self.keys.vk
    }

    /// What a proof of a chunk takes from the prover's pool.
    #[must_use]
    pub fn estimate(&self) -> Estimate {
        self.prover.estimate(&self.keys.key, 1)
    }

    /// The most bytes that the buffers of all proofs have taken at once so far.
    pub(super) fn peak_buffer_bytes(&self) -> usize {
        self.prover.pool().stats().peak_mapped
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
        let witness = || execution.chunk(index, self.k(), self.executor.clone());
        let (mut chunk, circuit) = self.executor.enter_pool_apart(witness)?;
        let instances = chunk.instances();
        // The operating system is asked for a seed rather than for each word of a polynomial.
        let rest = ChaCha20Rng::from_rng(OsRng).map_err(ProveError::Randomness)?;
        let rng = LinkRng::new(secret, index, execution.chunks(), rest);
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
        let prover = match &self.gate {
            Some(gate) => self.prover.with_observer(Turn::new(gate)),
            None => self.prover.clone(),
        };
        prover.prove_parallel(&self.keys.key, &[circuit], &[&[&instances[..]]], rng, &mut transcript)?;
        chunk.proof = transcript.finalize();
        Ok(chunk)
    }
}
