//! What proving takes, in bytes: estimates for a choice and for what is left to the pool of buffers,
//! which keeps the proofs themselves within their part of a limit.
//!
//! Constants were measured with `examples/chunk_memory.rs`; see decision 12.

use super::savepoints;

/// Code, tables, threads and what else does not depend on anything here.
const BASE: usize = 40 << 20;
/// SRS and keys, for each row.
const SHARED_ROW: usize = 1200;
/// Cells and columns of the second phase of one chunk, for each row.
const CIRCUIT_ROW: usize = 2200;
/// Buffers of a proof, for each row.
const BUFFERS_ROW: usize = 4500;
/// Buffers that each thread has of its own, for each row.
const THREAD_ROW: usize = 150;
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
    /// For each chunk in work.
    pub(super) threads: usize,
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

    /// What it takes altogether when nothing is in short supply.
    pub(super) fn expected(&self) -> usize {
        let buffers = (BUFFERS_ROW + THREAD_ROW * self.threads) << self.k;
        self.shared().saturating_add(self.circuits()).saturating_add(self.at_once.saturating_mul(buffers))
    }

    /// What buffers of proofs may take altogether under a limit.
    pub(super) fn left_for_buffers(&self, limit: usize) -> usize {
        limit.saturating_sub(self.shared().saturating_add(self.circuits()))
    }
}
