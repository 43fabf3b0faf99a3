//! Why an execution cannot be proven.

use crate::circuit::{MAX_K, MIN_K, Unprovable};

use super::verify::VerifyError;

/// Why a chunk or an execution cannot be proven.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProveError {
    /// A size of circuit that does not work.
    #[error("expected k from {min} to {max}, got {0}", min = MIN_K, max = MAX_K)]
    Size(u32),
    /// The circuit looks up bytes.
    #[error("expected lookup_bits = {expected}, got {got}")]
    LookupBits {
        /// What the circuit has.
        expected: u32,
        /// What was asked for.
        got: u32,
    },
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
    /// The trace is not one of this program, or was made up.
    #[error("the trace is of another {what}: expected {expected}, got {got}")]
    Trace {
        /// What differs.
        what: &'static str,
        /// What the program does.
        expected: String,
        /// What the trace says.
        got: String,
    },
    /// Even the smallest chunks would take more memory than allowed.
    #[error("the memory limit of {limit} bytes is too small: about {needed} bytes are needed")]
    MemoryLimit {
        /// The limit.
        limit: usize,
        /// What one chunk of the smallest circuit takes.
        needed: usize,
    },
    /// The operating system gives no randomness.
    #[error("no randomness from the operating system: {0}")]
    Randomness(rand_core::Error),
    /// There is no SRS of the size needed.
    #[error("there is no SRS for k = {k}: {source}")]
    Srs {
        /// The size.
        k: u32,
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The SRS is of another size than the circuit must have.
    #[error("the SRS is for k = {got}; expected {expected}")]
    SrsSize {
        /// What is needed.
        expected: u32,
        /// What there is.
        got: u32,
    },
    /// The execution does what no constraints cover.
    #[error(transparent)]
    Unprovable(#[from] Unprovable),
    /// The prover said no.
    #[error(transparent)]
    Prover(#[from] parhelion::Error),
    /// The folder of proofs, or the cache, said no.
    #[error(transparent)]
    Files(#[from] crate::Error),
    /// The threads could not be started, or not where they should run.
    #[error("the threads could not be started: {0}")]
    Threads(#[from] parhelion_scheduler::Error),
    /// What was proven does not verify: a fault of this library or of the machine it runs on.
    #[error("the proofs made do not verify: {0}")]
    Verify(#[from] Box<VerifyError>),
}
