//! The cross-crate tests, in one program: it is linked and optimised once.
//!
//! `cargo test -p parhelion-tests --release byte_identity` runs one module of it.

mod ahead;
mod bad_input;
mod byte_identity;
mod cancel;
mod concurrent;
mod configured;
mod demos;
mod determinism;
mod drop_in;
mod keygen;
mod malleability;
mod max_degree;
mod memory;
mod multi_circuit;
mod observer;
mod oracle;
mod parallel;
mod tables;
mod zoo;
