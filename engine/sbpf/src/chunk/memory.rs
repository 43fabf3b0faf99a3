//! What proving takes, in bytes: estimates from the numbers of columns, for a choice and for what is left
//! to the pool of buffers, which keeps the proofs themselves within their part of a limit.

/// Everything that does not depend on the size of the circuit: code, the trace, threads.
const BASE: usize = 48 << 20;
/// SRS and keys, for each row.
const SHARED_ROW: usize = 1200;
/// Cells and columns of the second phase of one chunk, for each row.
const CIRCUIT_ROW: usize = 2200;
/// Buffers of a proof, for each row.
const BUFFERS_ROW: usize = 4500;
/// Buffers that each thread has of its own, for each row.
const THREAD_ROW: usize = 150;

/// What all chunks of circuits of `2^k` rows have in common.
pub(super) fn shared(k: u32) -> usize {
    BASE + (SHARED_ROW << k)
}

/// What the buffers of one proof take when there are enough.
fn buffers(k: u32, threads: usize) -> usize {
    (BUFFERS_ROW + THREAD_ROW * threads) << k
}

/// What a chunk in work takes.
pub(super) fn of_chunk(k: u32, threads: usize) -> usize {
    (CIRCUIT_ROW << k) + buffers(k, threads)
}

/// What buffers of proofs may take altogether under a limit.
pub(super) fn left_for_buffers(limit: usize, k: u32, at_once: usize) -> usize {
    limit.saturating_sub(shared(k) + at_once * (CIRCUIT_ROW << k))
}
