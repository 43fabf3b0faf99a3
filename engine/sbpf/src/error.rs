//! Why a program cannot be loaded, executed or proven.

use std::{io, path::PathBuf};

use solana_sbpf::error::EbpfError;

use crate::{Region, Syscall};

/// What an access to memory wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read bytes.
    Load,
    /// Write bytes.
    Store,
}

impl std::fmt::Display for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Load => "reading",
            Self::Store => "writing",
        })
    }
}

/// How a program ended other than by returning. Only programs that return are provable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Trap {
    /// A register division by zero.
    #[error("division by zero")]
    DivisionByZero,
    /// An access outside the regions, across the end of one, in a gap of the stack, or a write to
    /// read-only memory.
    #[error("access violation {access} {length} bytes at address {address:#x}")]
    AccessViolation {
        /// What was tried.
        access: Access,
        /// The address in the program's view.
        address: u64,
        /// The number of bytes.
        length: u64,
    },
    /// More than [`Program::MAX_DEPTH`](crate::Program::MAX_DEPTH) nested calls.
    #[error("more than {} nested calls", crate::Program::MAX_DEPTH)]
    CallDepthExceeded,
    /// The compute units are used up.
    #[error("the compute budget of {budget} units is used up")]
    BudgetExceeded {
        /// The units it started with.
        budget: u64,
    },
    /// The pc ran past the last instruction.
    #[error("execution ran past the end of the program")]
    PastEnd,
    /// `callx` to an address outside the text.
    #[error("callx to address {address:#x}, which is outside the program's text")]
    CallOutsideText {
        /// The address in the register.
        address: u64,
    },
    /// A slot that is no instruction: the second half of `lddw`.
    #[error("there is no instruction of opcode {opcode:#04x}")]
    InvalidInstruction {
        /// The opcode found.
        opcode: u8,
    },
    /// A call whose hash is neither a function of the program nor a syscall.
    #[error("call of {hash:#010x}, which is neither a function of the program nor a syscall")]
    UnresolvedCall {
        /// The hash in the instruction.
        hash: u32,
    },
    /// `sol_memcpy_` of overlapping ranges.
    #[error("sol_memcpy_ of {length} bytes from {source_address:#x} to {target_address:#x}: they overlap")]
    OverlappingCopy {
        /// The first byte read.
        source_address: u64,
        /// The first byte written.
        target_address: u64,
        /// The number of bytes.
        length: u64,
    },
    /// A syscall was given a pointer that its type does not allow.
    #[error("{syscall} wants a pointer aligned to {alignment} bytes, got {address:#x}")]
    UnalignedPointer {
        /// The syscall.
        syscall: Syscall,
        /// The address given.
        address: u64,
        /// The alignment in bytes.
        alignment: u64,
    },
    /// A message that is not UTF-8.
    #[error("a log message is not UTF-8 from byte {valid_up_to} on")]
    InvalidString {
        /// The length of the valid beginning.
        valid_up_to: usize,
    },
    /// The program called `abort`.
    #[error("the program aborted")]
    Aborted,
    /// The program panicked.
    #[error("the program panicked at {file}:{line}:{column}")]
    Panicked {
        /// The source file the program names.
        file: String,
        /// The line there.
        line: u64,
        /// The column there.
        column: u64,
    },
}

/// What the loader or the verifier of programs says: its own error, in words, because that cannot be
/// sent between threads.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(String);

impl From<EbpfError> for Refusal {
    fn from(error: EbpfError) -> Self {
        Self(error.to_string())
    }
}

/// Why a program cannot be loaded, executed or its trace read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Not an ELF file, truncated, or not as a loader of programs wants it.
    #[error("the program does not load: {0}")]
    Load(#[source] Refusal),
    /// An ELF file of another version.
    #[error("the program is of SBPF V{found}; V0 and V3 are supported")]
    UnsupportedVersion {
        /// The version in the header.
        found: u32,
    },
    /// The verifier that guards deployment rejects it.
    #[error("the program is rejected: {0}")]
    Rejected(#[source] Refusal),
    /// The text does not assemble.
    #[error("the assembly text does not assemble: {0}")]
    Assembly(String),
    /// The program did not return.
    #[error("the program stopped at pc {pc}, step {step}: {trap}")]
    Trapped {
        /// Why.
        #[source]
        trap: Trap,
        /// The instruction that did not execute.
        pc: u64,
        /// The number of instructions before it.
        step: u64,
    },
    /// The program reached a syscall that no constraint covers.
    #[error("not provable yet: {syscall} (reached at pc {pc}, step {step})")]
    NotProvable {
        /// The syscall.
        syscall: Syscall,
        /// The instruction that calls it.
        pc: u64,
        /// The number of instructions before it.
        step: u64,
    },
    /// A region larger than the machine gives it.
    #[error("the {region} region is of {got} bytes; at most {max} are supported")]
    RegionTooLarge {
        /// Which one.
        region: Region,
        /// Its length in bytes.
        got: u64,
        /// The longest allowed.
        max: u64,
    },
    /// An instruction input that does not follow its format.
    #[error("the input cannot be built: {0}")]
    Input(String),
    /// A trace or bundle that was made of something else.
    #[error("what is there is of another {what}: expected {expected}, got {got}")]
    Mismatch {
        /// What differs.
        what: &'static str,
        /// What is there.
        expected: String,
        /// What was given.
        got: String,
    },
    /// A step beyond the end of the trace.
    #[error("step {step} was asked for, but the trace has {steps} steps")]
    NoSuchStep {
        /// The step asked for.
        step: u64,
        /// The number of steps.
        steps: u64,
    },
    /// A bundle of more chunks than it can name.
    #[error("{got} chunks were asked for; at most {max} are possible")]
    TooManyChunks {
        /// The number asked for.
        got: u64,
        /// The largest possible.
        max: u64,
    },
    /// A chunk beyond the end of its bundle.
    #[error("chunk {index} was given, but the bundle has {chunks} chunks")]
    NoSuchChunk {
        /// The chunk given.
        index: u32,
        /// The number of chunks.
        chunks: u32,
    },
    /// Another process writes the same bundle.
    #[error("{path} is held by another process")]
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// A file that is not what it should be: cut short, of another version, or with a bit flipped.
    #[error("{path} is not usable: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file system said no.
    #[error("cannot {action} {path}: {source}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The reason given.
        #[source]
        source: io::Error,
    },
}
