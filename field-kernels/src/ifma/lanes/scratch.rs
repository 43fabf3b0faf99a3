//! Values on their way through memory.

use bytemuck::{Pod, Zeroable};

/// Eight values on their way through memory.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(in crate::ifma) struct Scratch(pub(super) [[u64; 8]; 5]);

// SAFETY: words, which may be zero.
unsafe impl Zeroable for Scratch {}
// SAFETY: 320 bytes of words, a multiple of the alignment, so that there is no padding. What is computed from limbs
// out of bounds is unspecified, but no memory access depends on it.
unsafe impl Pod for Scratch {}

/// Eight sums of products on their way through memory.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(in crate::ifma) struct ProductsScratch(pub(super) [[u64; 8]; 10]);

// SAFETY: as for `Scratch`.
unsafe impl Zeroable for ProductsScratch {}
// SAFETY: as for `Scratch`.
unsafe impl Pod for ProductsScratch {}
