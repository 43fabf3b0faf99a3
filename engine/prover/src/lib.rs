//! A proving engine for halo2 circuits: the proofs of the library's own prover, sooner, in less
//! memory.
//!
//! Circuits written for `halo2-axiom` 0.5 (BN254, KZG) are proven by changing one `use` line, see
//! [`axiom`], or through [`Prover`], which prepares a key once and proves many times. The
//! unmodified library verifier accepts the proofs.
//!
//! # Data flow
//!
//! ```text
//!  circuits, instances                    pk, SRS ── Prover::prepare ──▶ PreparedKey
//!         │                                                                  │
//!         ▼                                                                  ▼
//!  stages/synthesis ──▶ stages/commit       advice columns, phase by phase; challenges
//!         │ theta
//!         ▼
//!  settle                                   the plan that keeps the rest within the memory limit
//!         │
//!         ▼
//!  stages/lookup                            A', S'
//!         │ beta, gamma
//!         ▼
//!  stages/permutation, stages/lookup,       grand products,
//!  stages/vanishing                         the random polynomial
//!         │ y
//!         ▼
//!  stages/quotient                          constraints ▶ coset by coset ▶ pieces of h
//!         │ x
//!         ▼
//!  stages/opening                           evaluations ▶ SHPLONK or GWC ▶ proof
//! ```
//!
//! Each stage takes what the one before made by value, so that large buffers go away with it.
//! Transcript and randomness are used on one thread, in the order of the library's prover; all
//! arithmetic goes through `parhelion-field-kernels`.
#![deny(unsafe_code)]

mod adapters;
mod algebra;
mod collect;
mod error;
mod estimate;
mod fixed_base;
mod key;
mod memory;
mod observer;
#[cfg(feature = "oracle")]
pub mod oracle;
mod plan;
mod programs;
mod prove;
mod prover;
mod run;
mod session;
mod settle;
mod shape;
mod stages;
mod storage;
mod transcript;

pub use adapters::axiom;
pub use adapters::axiom::{ConfiguredKey, PreparedKey};
#[cfg(feature = "halo2-base")]
pub use adapters::base;
#[cfg(feature = "zcash")]
pub use adapters::zcash;
pub use error::Error;
pub use estimate::Estimate;
pub use observer::{Observer, Silent, Stage};
pub use parhelion_allocators::{MemoryLimit, Pool};
pub use parhelion_field_kernels::{KernelChoice, KernelReport};
pub use parhelion_scheduler::{CancelOnDrop, CancelToken, Pin};
pub use prover::{MultiOpen, Prover, ProverBuilder, UnknownMultiOpen};
