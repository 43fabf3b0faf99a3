//! What proving takes, in bytes: estimates for a choice and for what is left to the pool of buffers,
//! which keeps the proofs themselves within their part of a limit.
//!
//! Constants are bounds of what `examples/chunk_memory.rs` measured; see decision 12.

use super::savepoints;

/// Code, tables, threads and what else does not depend on anything here.
const BASE: usize = 24 << 20;
/// SRS and keys, for each row.
const SHARED_ROW: usize = 1000;
/// Cells of one chunk as the circuit has them, its memory before and after, for each row.
const CIRCUIT_ROW: usize = 1200;
/// Buffers that a proof sets aside before it knows how far its columns pack, for each row. A bound of what the prover
/// does.
const ASIDE_ROW: usize = 18_700;
/// Buffers of a proof at its quotient, for each row.
const QUOTIENT_ROW: usize = 10_800;
/// The same where columns are interpolated anew for each coset, for each row.
const SHORT_ROW: usize = 5_400;
/// Buffers of a proof in its other stages, for each row.
const OTHER_ROW: usize = 4_000;
/// What the kernels of a proof work in, for each thread: by the row and altogether. A bound of what the prover charges.
const SCRATCH_ROW: usize = 320;
const SCRATCH: usize = 5 << 19;
/// What a proof has on the heap, sorted tables and lists: by the row and altogether. A bound of what the prover charges.
const HEAP_ROW: usize = 400;
const HEAP: usize = 9 << 18;
/// A proof that is made, its states and its place in lists.
const PROOF: usize = 13 << 10;

/// What is proven, as far as memory goes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// What is held all the time: trace, plan, program, input.
    pub(super) held: usize,
    /// Words of memory that are touched.
    pub(super) words: usize,
    /// log2 of the rows of a circuit.
    pub(super) k: u32,
    pub(super) chunks: u64,
    pub(super) at_once: usize,
    pub(super) threads: usize,
    /// Whether columns are interpolated anew for each coset of the quotient.
    pub(super) short_of_memory: bool,
}

impl Work {
    /// What all chunks have in common, and the proofs that are made.
    fn shared(&self) -> usize {
        let chunks = usize::try_from(self.chunks).unwrap_or(usize::MAX);
        let (proofs, kept) = (chunks.saturating_mul(PROOF), savepoints::most_bytes(chunks, self.words));
        (BASE + (SHARED_ROW << self.k)).saturating_add(self.held + kept).saturating_add(proofs)
    }

    /// What the chunks in work take besides buffers.
    fn circuits(&self) -> usize {
        self.at_once.saturating_mul(CIRCUIT_ROW << self.k)
    }

    /// What a proof takes at its quotient.
    fn quotient(&self) -> usize {
        let row = if self.short_of_memory { SHORT_ROW } else { QUOTIENT_ROW };
        (row << self.k) + self.scratch()
    }

    /// What a proof takes besides buffers.
    fn scratch(&self) -> usize {
        let kernels = self.threads.saturating_mul((SCRATCH_ROW << self.k) + SCRATCH);
        kernels.saturating_add((HEAP_ROW << self.k) + HEAP)
    }

    /// What it takes altogether when nothing is in short supply: one of the proofs in work is at its
    /// quotient, where they go one by one.
    pub(super) fn expected(&self) -> usize {
        let others = (self.at_once - 1).saturating_mul((OTHER_ROW << self.k) + self.scratch());
        self.shared().saturating_add(self.circuits()).saturating_add(self.quotient()).saturating_add(others)
    }

    /// The limit under which no proof waits for the memory of another: each sets aside what it might take, gives back what it
    /// finds that it does not, and keeps the rest as long as it lasts. One alone makes do with what there is.
    pub(super) fn sufficient(&self) -> usize {
        let shared = self.shared().saturating_add(self.circuits());
        match self.at_once - 1 {
            0 => shared.saturating_add(self.quotient()),
            others => {
                let begun = others.saturating_mul(self.quotient());
                shared.saturating_add(begun).saturating_add((ASIDE_ROW << self.k) + self.scratch())
            }
        }
    }

    /// What buffers of proofs may take altogether under a limit, the kernels' own memory included.
    pub(super) fn left_for_buffers(&self, limit: usize) -> usize {
        limit.saturating_sub(self.shared().saturating_add(self.circuits()))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use halo2_axiom::halo2curves::bn256::Bn256;
    use halo2_axiom::poly::kzg::commitment::ParamsKZG;
    use parhelion::Prover;
    use parhelion_scheduler::WorkStealing;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::chunk::ChunkProver;

    #[test]
    fn no_proof_sets_more_aside() {
        for (k, threads) in [(9, 1), (10, 2), (12, 3)] {
            let params = ParamsKZG::<Bn256>::setup(k, ChaCha20Rng::seed_from_u64(1));
            let executor = Arc::new(WorkStealing::builder().threads(threads).build().unwrap());
            let prover = Prover::builder().executor(executor.clone()).build().unwrap();
            let estimate = ChunkProver::new(&params, prover, executor).unwrap().estimate();
            let (held, words, chunks, at_once, short_of_memory) = (0, 0, 1, 1, false);
            let work = Work { held, words, k, chunks, at_once, threads, short_of_memory };
            assert!(work.scratch() >= estimate.scratch, "{work:?}: {estimate:?}");
            let aside = (ASIDE_ROW << k) + work.scratch();
            assert!(aside >= estimate.at_most, "{aside} for {work:?}: {estimate:?}");
        }
    }
}
