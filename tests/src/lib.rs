//! Shared equipment of the cross-crate tests: a zoo of circuits, and a bench to prove them on
//! with the library's prover and with ours.

pub mod bench;
pub mod circuits;
mod random;
pub mod strict;
mod zoo;

pub use random::{random_case, random_cases};
pub use zoo::{Case, heavy_zoo, zoo};
