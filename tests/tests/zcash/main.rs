//! Circuits of `halo2_proofs`: whole proofs compared with the library's prover, and bad input.

mod byte_identity;
mod circuits;
mod common;
mod gadgets;
mod memory;
mod orchard;
mod refusals;
