//! Each dialect's types in, engine types out.

pub mod axiom;
pub(crate) mod cast;
