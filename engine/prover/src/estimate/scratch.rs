//! What a proof takes beside its leases.

use parhelion_field_kernels::{CurveSpec, FieldSpec, Kernels};

use crate::key::Key;
use crate::memory::column_bytes;
use crate::shape::{Lookup, Shape};

/// Columns for each thread, more than a multi-scalar multiplication takes: blocks that grew leave smaller
/// ones behind, and transforms keep theirs.
const COLUMNS_PER_THREAD: usize = 2;

/// Tables of roots of unity, for transforms in both directions, that the first proof with a key makes and leaves with it.
const COLUMNS_OF_TABLES: usize = 2;

/// Bytes for each thread, whatever the size of the proof: registers of programs, tables.
const BYTES_PER_THREAD: usize = 1 << 16;

/// Bytes on the heap for each proof, and for each column of it: lists, what a circuit keeps of its own,
/// pages that are not full. Measured with the system's allocator on Linux.
const BYTES_PER_PROOF: usize = 3 << 18;
const BYTES_PER_COLUMN: usize = 1 << 12;

/// Bytes that a proof is charged for, and that are not leased from its pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scratch {
    /// The kernels' own working memory: what multi-scalar multiplications take, which is most of it.
    pub(crate) kernels: usize,
    /// On the heap.
    pub(crate) heap: usize,
}

impl Scratch {
    /// Of proofs of some circuits.
    pub(crate) fn of<C: CurveSpec>(key: &Key<'_, C>, kernels: &Kernels, circuits: usize) -> Self {
        let (shape, threads) = (key.shape(), kernels.threads());
        let column = column_bytes(shape.k);
        let columns_at_once = most_columns(shape, circuits);
        let multiplying = |bases| kernels.msm_scratch_of::<C>(bases, shape.n(), columns_at_once);
        let multiplying = multiplying(key.bases).max(multiplying(key.lagrange_bases));
        let folding = if key.hiding.is_some() { 3 * column / 2 } else { 0 };
        let lists = BYTES_PER_PROOF + BYTES_PER_COLUMN * columns(shape, circuits);
        Self {
            kernels: multiplying + threads * (COLUMNS_PER_THREAD * column + BYTES_PER_THREAD),
            heap: lists + COLUMNS_OF_TABLES * column + folding + lookups(shape, threads),
        }
    }

    pub(crate) fn bytes(self) -> usize {
        self.kernels + self.heap
    }
}

/// All columns of a proof.
fn columns<S: FieldSpec>(shape: &Shape<S>, circuits: usize) -> usize {
    let of_circuit =
        shape.num_advice() + shape.num_instance + shape.permutation_sets() + 3 * shape.lookups.len();
    shape.num_fixed + shape.permutation.len() + circuits * of_circuit
}

/// The most columns that are committed to at once, if the plan lets them.
fn most_columns<S: FieldSpec>(shape: &Shape<S>, circuits: usize) -> usize {
    let advice = shape.num_advice() * circuits;
    advice.max(shape.permutation_sets()).max(2 * shape.lookups.len()).max(shape.quotient_pieces())
}

/// The tables of a circuit, and an input for each thread, sorted: a word for each row, or an element where
/// several expressions are mixed.
fn lookups<S: FieldSpec>(shape: &Shape<S>, threads: usize) -> usize {
    let bytes = |lookup: &Lookup<S>| match lookup.table.len() {
        0 | 1 => size_of::<u64>() << shape.k,
        _ => size_of::<[u64; 4]>() << shape.k,
    };
    let distinct =
        shape.lookups.iter().enumerate().filter(|(index, lookup)| {
            shape.lookups[..*index].iter().all(|other| other.table != lookup.table)
        });
    let tables: usize = distinct.map(|(_, lookup)| bytes(lookup)).sum();
    let input = shape.lookups.iter().map(bytes).max().unwrap_or(0);
    tables + threads.min(shape.lookups.len()) * input
}
