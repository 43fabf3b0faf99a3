//! The circuit of one chunk of an execution.

pub(crate) mod flags;
mod gates;
mod image;
pub(crate) mod layout;
mod linear;
mod lookups;
mod machine;
pub(crate) mod microcode;
mod rom;
mod run;
mod second_phase;
mod tables;
mod witness;

#[cfg(test)]
mod tests;

pub(crate) use image::Image;
pub(crate) use layout::{
    FRAMES, LINKED as LINKED_COLUMNS, MAX_K, MICROCODE, MIN_K, PUBLIC as PUBLIC_COLUMNS,
};
pub use machine::{MachineCircuit, MachineConfig};
pub(crate) use machine::{instances, usable_rows};
pub(crate) use rom::RomRow;
pub(crate) use run::State;
pub(crate) use run::{Frame, Memory, Record, execute};
pub(crate) use witness::{Builder, Listing, Witness};

/// Rows of a column that the prover fills with randomness.
pub(crate) const BLINDED_ROWS: usize = machine::BLINDED + 1;

/// An instruction that no constraints cover.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not provable yet: {reason} (at pc {pc})")]
pub struct Unprovable {
    /// The instruction.
    pub pc: u64,
    /// What it is.
    pub reason: String,
}
