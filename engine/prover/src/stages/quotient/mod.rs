//! The quotient h = (sum of y^i constraint_i) / (X^n - 1).
//!
//! `constraints.rs` writes every constraint down once, in protocol order; `plan.rs` compiles them
//! to programs when a key is prepared; `evaluate.rs` runs those on all cosets together or
//! on one after the other, and keeps only the columns that programs still need; `split.rs` turns the values on the cosets
//! into the pieces that are committed to.

mod constraints;
mod evaluate;
mod plan;
mod split;

pub(crate) use constraints::{constraints, permutation_fraction};
pub(crate) use evaluate::{CircuitColumns, construct, is_shared};
pub(crate) use plan::Plan;
