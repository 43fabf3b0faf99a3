//! Each dialect's types in, engine types out.

pub mod axiom;
#[cfg(feature = "halo2-base")]
pub mod base;
pub(crate) mod cast;
pub(crate) mod columns;
pub(crate) mod cycles;
#[cfg(feature = "zcash")]
pub mod zcash;
