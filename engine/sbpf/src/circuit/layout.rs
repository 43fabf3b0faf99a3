//! Which advice column holds what. One row is one step.

/// Numbers columns in order: `NAME` or `NAME[width]`.
macro_rules! columns {
    (@ $next:expr;) => {
        /// Advice columns of the first phase.
        pub(crate) const COLUMNS: usize = $next;
    };
    (@ $next:expr; $(#[$doc:meta])* $name:ident[$width:expr], $($rest:tt)*) => {
        $(#[$doc])* pub(crate) const $name: usize = $next;
        columns!(@ $next + $width; $($rest)*);
    };
    (@ $next:expr; $(#[$doc:meta])* $name:ident, $($rest:tt)*) => {
        $(#[$doc])* pub(crate) const $name: usize = $next;
        columns!(@ $next + 1; $($rest)*);
    };
}

columns! { @ 0;
    // The program and the addresses: public, the same in all chunks of an execution.
    ROM_PC, ROM_FLAGS, ROM_IMM, ROM_OFF,
    /// Word addresses of the memory table; 0 in unused rows.
    RAM_ADDRESS,
    /// How many bytes of the word are in its region; 0 for frames.
    RAM_LIMIT,
    // Memory before and after the chunk: linked with the chunks next to it.
    RAM_IN, RAM_OUT,

    // What else the tables need.
    RAM_LAST, M_ROM, M_BYTE, M_AND, M_POW64, M_POW32,

    // State before the step.
    PC, DEPTH,
    /// Steps of this chunk so far.
    CLOCK,
    R[10],

    // The instruction.
    IMM,
    /// Offset of loads and stores plus `OFFSET_BIAS`; target of jumps and calls; text address of
    /// `callx`.
    OFF,
    FLAGS[super::flags::COUNT],

    // Operands as read, then cut to 32 bits where the instruction says so, and what is written.
    A, B, X, Y, C, POW,
    // Bytes, or what else each instruction needs range-checked.
    LA[8], LB[8], LC[8], LD[8],
    CARRY, SIGN1, TOP1, SIGN2, TOP2, EQUAL, INVERSE, TAKEN, HALT,

    // Memory.
    WORD, LIMIT,
    /// `LIMIT` of the first word of an access that crosses into the next.
    LIMIT0,
    CROSS, IS_STACK, IS_PROGRAM, IS_HEAP,
    /// Offset in the word, one-hot (loads, stores, callx); nibbles of AND on bitwise steps.
    N[8],
    /// Bytes of the time since the last access, of either word; nibbles of AND.
    AGE[4],
    /// Words before and after; nibbles of AND.
    OLD0, OLD1, NEW0, NEW1,
}

/// Public columns, from the first on.
pub(crate) const PUBLIC: usize = RAM_IN;
/// Public columns and those of memory, which link chunks.
pub(crate) const LINKED: usize = RAM_OUT + 1;

/// Added to the offsets of loads and stores, so that they are not negative.
pub(crate) const OFFSET_BIAS: u64 = 1 << 15;

/// The pc of a program that has returned. No instruction is there, and no `callx` gets there: the
/// address in its register, eight times the pc, would need more than 64 bits.
pub(crate) const HALTED: u64 = 1 << 63;

/// The pcs of the code of syscalls begin here, out of reach of `callx` too.
pub(crate) const MICROCODE: u64 = 1 << 62;

/// Words between the frames of [`Region::Frames`](crate::Region::Frames), and the first of them.
pub(crate) const FRAME_WORDS: u64 = 8;
pub(crate) const FRAMES: u64 = 5 << 29;

/// Bytes of the difference of times, hence the longest chunk.
pub(crate) const MAX_K: u32 = 16;
/// The byte table has 256 rows, besides the blinded ones.
pub(crate) const MIN_K: u32 = 9;

/// The nibbles of AND, in order.
pub(crate) fn and_nibble(j: usize) -> usize {
    N + j
}

/// The nibbles of the first operand of bitwise steps.
pub(crate) fn a_nibble(j: usize) -> usize {
    LA + j
}

/// The nibbles of the second operand of bitwise steps.
pub(crate) fn b_nibble(j: usize) -> usize {
    LC + j
}
