//! Bits that the program table has for each instruction.

macro_rules! flags {
    (@ $next:expr;) => {
        /// How many there are.
        pub(crate) const COUNT: usize = $next;
    };
    (@ $next:expr; $(#[$doc:meta])* $name:ident[$width:expr], $($rest:tt)*) => {
        $(#[$doc])* pub(crate) const $name: usize = $next;
        flags!(@ $next + $width; $($rest)*);
    };
    (@ $next:expr; $(#[$doc:meta])* $name:ident, $($rest:tt)*) => {
        $(#[$doc])* pub(crate) const $name: usize = $next;
        flags!(@ $next + 1; $($rest)*);
    };
}

flags! { @ 0;
    // Exactly one of these in every instruction.
    ADD, SUB, NEG, MUL, SHL, SHR, DIV, MOD, MOV, LE, BE, AND, OR, XOR, JSET, JUMP, LOAD, STORE, CALL,
    CALLX, EXIT,
    /// Operands are cut to 32 bits.
    IS32,
    /// The result is extended by its sign from 32 bits.
    EXTEND,
    /// Operands have signs: `arsh` and signed jumps.
    SIGNED,
    /// Two slots: `lddw`.
    WIDE,
    // Jumps: taken if INVERT xor (carry, if ON_CARRY, or equal, if ON_EQUAL).
    INVERT, ON_CARRY, ON_EQUAL,
    // Bytes of loads, stores and byte swaps.
    SIZE1, SIZE2, SIZE4, SIZE8,
    /// Writes its first register.
    WRITE,
    // First and second register, number = 4 * high + low; none if all are 0.
    DST_LOW[4], DST_HIGH[3], SRC_LOW[4], SRC_HIGH[3],
}

/// Flags before this one are classes.
pub(crate) const CLASSES: usize = IS32;
