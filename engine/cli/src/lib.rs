//! What the `parhelion` command is made of: demo circuits, cached keys and parameters, proof
//! files. A library so that tests and benchmarks can use the same circuits and keys.
//!
//! Most of it is BN254 with KZG, in the types of `halo2-axiom`; [`circuits::pasta`] and
//! [`PastaProofFile`] are for circuits of `halo2_proofs`.
#![deny(unsafe_code)]

pub mod circuits;
pub mod proc;
mod proof_file;
pub mod stock;
pub mod store;

pub use proof_file::{AnyProofFile, PastaProofFile, ProofFile, ProofFileError};

use std::any::Any;

/// The words of a caught panic.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("no message").to_owned()
}
