//! Executions cut into chunks, proven one by one, and what holds them together.
//!
//! ```text
//!  program, input ──▶ plan      one run: where chunks begin, instructions and words used
//!                       │
//!                       ▼
//!                     prove ──▶ ChunkProof, ...    links: commitments to memory that are equal
//!                       │            │
//!                       ▼            ▼
//!                  Disclosure ──▶ verify ◀── program, input: the verifier commits to them itself
//! ```

mod links;
mod plan;
mod proof;
mod prove;
mod verify;

pub use links::LinkSecret;
#[cfg(test)]
pub(crate) use plan::Plan;
pub use proof::{ChunkProof, ChunkState, DisclosedWord, Disclosure};
pub use prove::{ChunkProver, ChunkedExecution, ProveError};
pub use verify::{ChunkVerifier, VerifiedExecution, VerifyError};

#[cfg(test)]
mod tests;
