//! What a prover hands over.

use halo2_axiom::halo2curves::bn256::Fr;

use crate::circuit::{LINKED_COLUMNS, PUBLIC_COLUMNS, State, instances};

/// The proof of one chunk, and the states it leads from and to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkProof {
    /// log2 of the rows of its circuit.
    pub k: u32,
    /// Its place in the execution, from 0.
    pub index: u64,
    /// Where it begins.
    pub before: ChunkState,
    /// Where it ends.
    pub after: ChunkState,
    /// Instructions executed.
    pub steps: u64,
    /// The halo2 proof: BN254, KZG with SHPLONK, Blake2b transcript. It begins with the
    /// commitments that link chunks.
    pub proof: Vec<u8>,
}

/// pc, depth and registers r0 to r9; r10 follows from the depth.
pub type ChunkState = State;

/// Bytes of a commitment in a proof.
pub(crate) const COMMITMENT: usize = 32;

impl ChunkProof {
    /// The instances of its proof.
    #[must_use]
    pub fn instances(&self) -> Vec<Fr> {
        instances(&self.before, &self.after, self.steps)
    }

    /// The commitment to a column, by its number.
    fn commitment(&self, column: usize) -> Option<&[u8]> {
        self.proof.get(column * COMMITMENT..(column + 1) * COMMITMENT)
    }

    /// The commitments to the program and the addresses.
    pub(crate) fn public(&self) -> Option<&[u8]> {
        self.proof.get(..PUBLIC_COLUMNS * COMMITMENT)
    }

    /// The commitment to memory before the chunk.
    pub(crate) fn memory_in(&self) -> Option<&[u8]> {
        self.commitment(PUBLIC_COLUMNS)
    }

    /// The commitment to memory after the chunk.
    pub(crate) fn memory_out(&self) -> Option<&[u8]> {
        self.commitment(LINKED_COLUMNS - 1)
    }
}

/// The proofs of all chunks of an execution, and what a verifier must know besides the program and its
/// input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionProof {
    /// The [`Program::id`](crate::Program::id) of the program.
    pub program: [u8; 32],
    /// BLAKE3 of the input.
    pub input: [u8; 32],
    /// The size of the heap in bytes.
    pub heap_size: u64,
    /// log2 of the rows of the circuits.
    pub k: u32,
    /// What is disclosed of the execution.
    pub disclosure: Disclosure,
    /// The proofs, in order.
    pub chunks: Vec<ChunkProof>,
}

impl ExecutionProof {
    /// Steps of all chunks. Nothing is verified yet.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.chunks.iter().fold(0, |sum, chunk| sum.saturating_add(chunk.steps))
    }
}

/// What a verifier is told of an execution besides the proofs of its chunks.
///
/// It discloses which instructions were executed and which words of memory were touched, with the
/// values they had in the end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Disclosure {
    /// The pcs of the instructions executed, ascending.
    pub pcs: Vec<u64>,
    /// The words touched, ascending by address.
    pub words: Vec<DisclosedWord>,
}

/// A word and its last value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DisclosedWord {
    /// Its [`WordAddress`](crate::WordAddress). Call frames have two words each, at offsets 0 and
    /// 8 of their 64 bytes.
    pub address: u64,
    /// Eight bytes, little-endian. Of call frames, the field elements `r6 + 2^64 r7 + 2^128 r8`
    /// and `r9 + 2^64 pc`.
    pub value: Fr,
}
