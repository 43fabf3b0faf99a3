//! The machine against the interpreter of `solana-sbpf`.

mod bundles;
mod circuit;
mod conformance;
mod fixtures;
mod generator;
mod kill;
mod memory;
mod oracle;
mod random;
#[cfg(feature = "programs")]
mod real;
mod sources;
mod syscalls;
mod traces;
