//! Row-wise programs over columns.
//!
//! A [`Program`] computes, for every row, some polynomials in the values of columns at that row
//! and its neighbours: gates on a coset, the fractions of a grand product, a lookup compressed by
//! a challenge. It is built once as a graph with shared subexpressions ([`ProgramBuilder`]),
//! flattened to a list of instructions over few registers, and run over tiles of rows that fit
//! the first-level cache, every instruction a loop over a tile.

mod build;
mod run;

pub use build::{Node, Output, ProgramBuilder};
#[cfg(target_arch = "x86_64")]
pub(crate) use run::Others;
pub(crate) use run::{Rows, run_rows};

/// Rows per tile. A register is then 4 KiB, and the dozen or so that a typical program uses stay
/// in the first-level cache together with the columns they read.
pub(crate) const TILE: usize = 128;

/// Where an instruction reads from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operand {
    /// A column, at the row shifted by a rotation (cyclic).
    Column { index: u32, rotation: i32 },
    /// The same value on every row.
    Uniform(u32),
    /// A value computed before.
    Register(u32),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Add,
    Sub,
    Mul,
}

/// `target = left (operation) right`, for each row of a tile. `target` is never an operand.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Instruction {
    pub(crate) operation: Operation,
    pub(crate) target: u32,
    pub(crate) left: Operand,
    pub(crate) right: Operand,
}

/// Writes `value` to an output column once `after` instructions have run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Store {
    pub(crate) after: usize,
    pub(crate) column: u32,
    pub(crate) value: Operand,
    /// Overwrites if `None`, otherwise adds the value times this uniform.
    pub(crate) scale: Option<u32>,
}

/// A compiled row-wise computation. Build with [`ProgramBuilder`], run with
/// [`Kernels::run_program`](crate::Kernels::run_program).
#[derive(Clone, Debug)]
pub struct Program {
    pub(crate) instructions: Vec<Instruction>,
    pub(crate) stores: Vec<Store>,
    pub(crate) registers: usize,
    pub(crate) column_indices: Vec<usize>,
    pub(crate) uniform_indices: Vec<usize>,
    pub(crate) output_columns: usize,
    /// What the AVX-512 backend makes of it.
    #[cfg(target_arch = "x86_64")]
    pub(crate) lanes: crate::ifma::LaneProgram,
}

impl Program {
    /// The builder's indices of the columns it reads, in the order it wants them.
    #[must_use]
    pub fn column_indices(&self) -> &[usize] {
        &self.column_indices
    }

    /// The builder's indices of the uniforms it reads, in the order it wants them.
    #[must_use]
    pub fn uniform_indices(&self) -> &[usize] {
        &self.uniform_indices
    }

    /// Number of instructions per row, stores apart.
    #[must_use]
    pub fn instructions(&self) -> usize {
        self.instructions.len()
    }

    /// Multiplications per row, those of scaled stores included.
    #[must_use]
    pub fn multiplications(&self) -> usize {
        let scaled = self.stores.iter().filter(|store| store.scale.is_some()).count();
        scaled + self.instructions.iter().filter(|i| i.operation == Operation::Mul).count()
    }

    /// Tile registers needed.
    #[must_use]
    pub fn registers(&self) -> usize {
        self.registers
    }
}
