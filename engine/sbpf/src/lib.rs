//! Executes compiled Solana sBPF programs and proves their execution in chunks.
//!
//! # Data flow
//!
//! ```text
//!  ELF bytes ──▶ program      loaded, relocated and verified by `solana-sbpf`, decoded here
//!                  │
//!  input bytes     ▼
//!  (InputBuilder)─▶ machine   one instruction at a time, with the words of memory it touches
//!                  │
//!                  ▼
//!                 trace       how it ended, and the state every so many steps; a small file
//!                  │
//!                  ▼
//!                 replay ──▶ steps: state before and after, words read and written
//! ```
//!
//! [`execute_and_trace`] runs a [`Program`] and keeps an [`ExecutionTrace`]: not the registers of
//! every instruction but the state at [`Checkpoint`]s, from which any stretch is replayed.
//! [`ExecutionTrace::replay`] gives a [`Step`] for every instruction, all that a witness needs.
//!
//! SBPF V0 and V3 are executed. What programs call outside themselves is a [`Syscall`]; some are
//! known but not provable, and a program that reaches one stops with [`Error::NotProvable`].
//!
//! ```
//! use parhelion_sbpf::{execute_and_trace, Assembly, ExecutionConfig};
//!
//! let program = Assembly::v0("
//!     ldxdw r2, [r1+0]
//!     mov64 r0, 0
//!     add64 r0, r2
//!     sub64 r2, 1
//!     jne r2, 0, -3
//!     exit
//! ").build()?;
//! let trace = execute_and_trace(&program, &4u64.to_le_bytes(), &ExecutionConfig::default())?;
//! assert_eq!(trace.outcome().value, 4 + 3 + 2 + 1);
//! assert_eq!(trace.outcome().steps, 2 + 4 * 3 + 1);
//! # Ok::<(), parhelion_sbpf::Error>(())
//! ```
#![deny(unsafe_code)]

mod assembly;
mod bundle;
mod chunk;
mod circuit;
mod config;
mod error;
mod files;
mod input;
mod log;
mod machine;
mod memory;
mod program;
#[cfg(feature = "programs")]
mod programs;
mod step;
mod syscall;
mod token;
mod trace;

pub use assembly::Assembly;
pub use bundle::{Bundle, BundleWriter, Chunk, Survey};
pub use chunk::*;
pub use circuit::{MachineCircuit, MachineConfig, Unprovable};
pub use config::ExecutionConfig;
pub use error::{Access, Error, Refusal, Trap};
pub use input::{Account, InputBuilder, InputLayout};
pub use log::Log;
pub use machine::Machine;
pub use program::{CallTarget, Instruction, Program, Version};
#[cfg(feature = "programs")]
pub use programs::Deployed;
pub use step::{Lane, MicroStep, Region, State, Step, WordAccess, WordAddress};
pub use syscall::Syscall;
pub use token::{TokenAccount, TokenTransfer};
pub use trace::{Checkpoint, ExecutionTrace, Outcome, Replay, execute_and_trace};
