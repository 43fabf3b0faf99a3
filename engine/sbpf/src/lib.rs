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
//! `execute_and_trace` runs a [`Program`] and keeps an `ExecutionTrace`: not the registers of
//! every instruction but the state at `Checkpoint`s, from which any stretch is replayed.
//! `ExecutionTrace::replay` gives a [`Step`] for every instruction, all that a witness needs.
//!
//! SBPF V0 and V3 are executed. What programs call outside themselves is a [`Syscall`]; some are
//! known but not provable, and a program that reaches one stops with [`Error::NotProvable`].
#![deny(unsafe_code)]

mod error;
mod program;
mod step;
mod syscall;

pub use error::{Access, Error, Trap};
pub use program::{CallTarget, Instruction, Program, Version};
pub use step::{Lane, MicroStep, Region, State, Step, WordAccess, WordAddress};
pub use syscall::Syscall;
