//! The portable backend: 64-bit limbs, any CPU.

pub(crate) mod limbs;
