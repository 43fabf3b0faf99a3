//! Watching an execution being proven.

use std::time::Duration;

use super::auto::Choice;

/// Told of progress, from the threads that make it.
pub trait ChunkObserver: std::fmt::Debug + Send + Sync {
    /// How the execution will be proven.
    fn chosen(&self, _choice: &Choice) {}

    /// Keys are ready.
    fn keys(&self, _took: Duration) {}

    /// A chunk was found proven by an earlier run.
    fn kept(&self, _index: u64) {}

    /// A chunk of an earlier run was found, but is not usable and will be proven again.
    fn damaged(&self, _index: u64, _reason: &str) {}

    /// Work on a chunk begins.
    fn started(&self, _index: u64) {}

    /// A chunk is proven and, if there is a folder, kept there.
    fn proven(&self, _report: &ChunkReport) {}
}

/// What became of a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkReport {
    /// Its place in the execution, from 0.
    pub index: u64,
    /// How many chunks there are.
    pub chunks: u64,
    /// Instructions executed, those of syscalls included.
    pub steps: u64,
    /// How long it took, witness included.
    pub took: Duration,
    /// The length of the proof in bytes.
    pub proof_bytes: usize,
    /// The most bytes that the buffers of all proofs have taken at once so far.
    pub peak_buffer_bytes: usize,
}

/// Looks away.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Silent;

impl ChunkObserver for Silent {}
