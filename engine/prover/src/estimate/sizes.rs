//! How large the columns of a proof are while they are kept.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use parhelion_field_kernels::FieldSpec;

use crate::memory::{CELL, column_bytes};
use crate::shape::Shape;
use crate::stages::quotient::CircuitColumns;
use crate::stages::synthesis::Taken;
use crate::storage::Stored;

/// Bytes of a packed column; `None` for one that is kept as field elements.
pub(crate) type Size = Option<usize>;

/// The columns of one circuit whose sizes depend on the witness.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CircuitSizes {
    pub(crate) advice: Vec<Size>,
    pub(crate) instance: Vec<Size>,
    /// A' of each lookup.
    pub(crate) permuted_inputs: Vec<Size>,
    /// S' of each lookup.
    pub(crate) permuted_tables: Vec<Size>,
}

/// What of a proof's memory depends on its witness.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// By the synthesis.
    pub(crate) taken: Taken,
    pub(crate) circuits: Vec<CircuitSizes>,
}

/// The sizes of earlier proofs, by their number of circuits.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<HashMap<usize, Sizes>>);

impl CircuitSizes {
    pub(crate) fn of<S: FieldSpec>(columns: &CircuitColumns<S>) -> Self {
        let sizes = |columns: &[Stored<S>]| columns.iter().map(Stored::packed_bytes).collect();
        Self {
            advice: sizes(&columns.advice),
            instance: sizes(&columns.instance),
            permuted_inputs: sizes(&columns.permuted_inputs),
            permuted_tables: sizes(&columns.permuted_tables),
        }
    }

    fn all_mut(&mut self) -> [&mut Vec<Size>; 4] {
        [&mut self.advice, &mut self.instance, &mut self.permuted_inputs, &mut self.permuted_tables]
    }
}

impl Sizes {
    /// The least or the most that a witness may take.
    pub(crate) fn bound<S: FieldSpec>(shape: &Shape<S>, circuits: usize, least: bool) -> Self {
        let (n, column) = (shape.n(), column_bytes(shape.k));
        // A byte for each value, if all are zero.
        let size = least.then_some(n);
        let circuit = CircuitSizes {
            advice: vec![size; shape.num_advice()],
            instance: vec![size; shape.num_instance],
            permuted_inputs: vec![size; shape.lookups.len()],
            permuted_tables: vec![size; shape.lookups.len()],
        };
        // Every cell may be kept, and every column be open.
        let columns = shape.num_advice();
        let cells = (columns * n).div_ceil(column / CELL);
        let most = Taken { cells, reach: columns, early: columns, holes: 0, absence: 0 };
        Self { taken: if least { Taken::default() } else { most }, circuits: vec![circuit; circuits] }
    }

    /// The larger of two proofs, column by column.
    fn merge(&mut self, other: Self) {
        self.taken = self.taken.max(other.taken);
        for (circuit, mut other) in self.circuits.iter_mut().zip(other.circuits) {
            for (sizes, others) in circuit.all_mut().into_iter().zip(other.all_mut()) {
                for (size, other) in sizes.iter_mut().zip(others) {
                    *size = size.zip(*other).map(|(a, b)| a.max(b));
                }
            }
        }
    }
}

impl Seen {
    pub(crate) fn get(&self, circuits: usize) -> Option<Sizes> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&circuits).cloned()
    }

    pub(crate) fn add(&self, mut sizes: Sizes) {
        // Known how many columns have to be open, no other proof opens one twice.
        sizes.taken.holes = 0;
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.get_mut(&sizes.circuits.len()) {
            Some(known) => known.merge(sizes),
            None => _ = seen.insert(sizes.circuits.len(), sizes),
        }
    }
}
