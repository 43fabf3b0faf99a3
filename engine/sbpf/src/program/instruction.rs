//! Versions and decoded instructions.

use solana_sbpf::program::SBPFVersion;

use crate::{Program, Region, Syscall};

/// A version of the instruction set and of the ELF format that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// What deployed programs are: relocations, calls by hash, gaps between stack frames.
    V0,
    /// Static syscalls, 32-bit jumps, no gaps, read-only data apart from the text at address 0.
    V3,
}

impl Version {
    /// What `solana-sbpf` calls it.
    pub(crate) fn sbpf(self) -> SBPFVersion {
        match self {
            Self::V0 => SBPFVersion::V0,
            Self::V3 => SBPFVersion::V3,
        }
    }

    /// How far r10 moves with a call, in bytes.
    pub fn frame_stride(self) -> u64 {
        match self {
            Self::V0 => 2 * Program::FRAME_SIZE,
            Self::V3 => Program::FRAME_SIZE,
        }
    }

    /// Where the bytes of [`Program::read_only`] begin.
    pub fn read_only_region(self) -> Region {
        match self {
            Self::V0 => Region::Program,
            Self::V3 => Region::Data,
        }
    }
}

/// What a `call` instruction calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CallTarget {
    /// A function of the program, by the pc of its first instruction.
    Function(u32),
    /// A function outside.
    Syscall(Syscall),
    /// Neither: a trap if it is reached.
    Unresolved,
}

/// An instruction. `lddw` takes two slots: the first has all 64 bits of its immediate, the second
/// has opcode 0, and so would any pc that points there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Instruction {
    /// The opcode, as in [`solana_sbpf::ebpf`].
    pub opcode: u8,
    /// The destination register, at most 10.
    pub dst: u8,
    /// The source register, at most 10.
    pub src: u8,
    /// The offset of jumps in instructions, that of loads and stores in bytes.
    pub offset: i16,
    /// The immediate: 64 bits of `lddw`, 32 bits with sign of all others.
    pub imm: i64,
    /// Of `call`, what it calls.
    pub call: Option<CallTarget>,
}
