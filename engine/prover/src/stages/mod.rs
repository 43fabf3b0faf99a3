//! The stages of a proof, in the order `prove.rs` walks through them.

pub(crate) mod ahead;
pub(crate) mod commit;
pub(crate) mod lookup;
pub(crate) mod opening;
pub(crate) mod permutation;
pub(crate) mod quotient;
pub(crate) mod synthesis;
pub(crate) mod vanishing;
