//! What one instruction did: the states around it and the words of memory it touched.

use arrayvec::ArrayVec;

use crate::Instruction;

/// A region of memory. Its number is the upper half of a [`WordAddress`] in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Region {
    /// V3's read-only data, at address 0.
    Data = 0,
    /// V0's read-only data and text, at address `1 << 32`.
    Program = 1,
    /// The stack frames without the gaps between them: host offsets, not the program's addresses.
    Stack = 2,
    /// The heap.
    Heap = 3,
    /// The input.
    Input = 4,
    /// Saved registers and return addresses. No load or store reaches it.
    Frames = 5,
}

impl Region {
    /// Whether a program may write to it.
    pub fn is_writable(self) -> bool {
        matches!(self, Self::Stack | Self::Heap | Self::Input)
    }

    /// The address of its first byte.
    pub fn base(self) -> u64 {
        (self as u64) << 32
    }
}

impl std::fmt::Display for Region {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Data => "read-only data",
            Self::Program => "program",
            Self::Stack => "stack",
            Self::Heap => "heap",
            Self::Input => "input",
            Self::Frames => "call frame",
        })
    }
}

/// The address of an aligned word of eight bytes, in units of words: `(region << 32 | host offset)
/// / 8`. It differs from the program's address only in V0's stack, whose gaps it leaves out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WordAddress(pub u64);

impl WordAddress {
    /// The word that holds byte `offset` of a region.
    pub fn new(region: Region, offset: u64) -> Self {
        Self((region.base() + offset) / 8)
    }

    /// The region, unless no region has that number.
    pub fn region(self) -> Option<Region> {
        Some(match self.0 >> 29 {
            0 => Region::Data,
            1 => Region::Program,
            2 => Region::Stack,
            3 => Region::Heap,
            4 => Region::Input,
            5 => Region::Frames,
            _ => return None,
        })
    }

    /// The offset of its first byte from the beginning of the region.
    pub fn offset(self) -> u64 {
        (self.0 & ((1 << 29) - 1)) * 8
    }
}

/// A word read (`before == after`) or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WordAccess {
    /// Which word.
    pub address: WordAddress,
    /// Its value, little-endian, before the access.
    pub before: u64,
    /// And after.
    pub after: u64,
    /// Whether it was written, even if with the value it had.
    pub written: bool,
}

/// All that the next instruction depends on besides memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// The next instruction, counted in slots of eight bytes. Once halted, that of the last `exit`.
    pub pc: u64,
    /// Calls that have not returned.
    pub depth: u64,
    /// r0 to r10.
    pub registers: [u64; 11],
    /// Whether the program has returned.
    pub halted: bool,
}

/// The bytes of one word that a [`MicroStep`] touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lane {
    /// The word.
    pub word: WordAccess,
    /// The first byte in it; the last is in it too.
    pub byte: u8,
}

/// A part of a memory syscall: 1, 2, 4 or 8 bytes that cross no word on either side. They are in
/// the order in which they happen, which for an overlapping `sol_memmove_` upwards is from the end.
///
/// | syscall | `source` | `target` |
/// |---|---|---|
/// | `sol_memcpy_`, `sol_memmove_` | read | written |
/// | `sol_memset_` | none | written |
/// | `sol_memcmp_`: equal bytes, then the one pair that differs, if any | read, of r1 | read, of r2 |
/// | `sol_memcmp_`, last | none | the four bytes of the result, written |
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MicroStep {
    /// The number of bytes on either side.
    pub width: u8,
    /// The bytes read.
    pub source: Option<Lane>,
    /// The bytes written, or compared with.
    pub target: Option<Lane>,
}

/// One executed instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The number of instructions before it.
    pub index: u64,
    /// The instruction at `before.pc`.
    pub instruction: Instruction,
    /// The state it found.
    pub before: State,
    /// The state it left.
    pub after: State,
    /// The words it touched, in order.
    ///
    /// - A load or store: the word of its first byte, and the next one if it crosses into it.
    /// - A call of a function: the words r6, r7, r8, r9 and return pc of frame `before.depth`,
    ///   written. They lie at offset `64 * depth` of [`Region::Frames`].
    /// - A return: the same words of frame `after.depth`, read.
    /// - Everything else: none.
    pub accesses: ArrayVec<WordAccess, 5>,
    /// What a memory syscall did. Empty for everything else.
    pub micro_steps: Vec<MicroStep>,
}
