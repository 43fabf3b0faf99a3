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

mod auto;
mod config;
mod encoding;
mod error;
mod execution;
mod folder;
mod gate;
mod links;
mod memory;
mod observer;
mod plan;
mod proof;
mod prove;
mod run;
mod savepoints;
mod srs;
mod threads;
mod verify;

pub use auto::Choice;
pub use config::{ChunkExecutor, KeygenConfig, Srs, SrsSource};
pub use error::ProveError;
pub use execution::ChunkedExecution;
pub use links::LinkSecret;
pub use observer::{ChunkObserver, ChunkReport};
#[cfg(test)]
pub(crate) use plan::Plan;
pub use proof::{ChunkProof, ChunkState, DisclosedWord, Disclosure, ExecutionProof};
pub use prove::ChunkProver;
pub use run::{prove_execution_chunked, prove_execution_chunked_auto, prove_execution_chunked_parallel};
pub use verify::{ChunkVerifier, VerifiedExecution, VerifyError, verify_chunk, verify_execution};

#[cfg(test)]
mod tests;
