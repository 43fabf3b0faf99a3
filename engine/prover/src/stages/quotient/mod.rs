//! The quotient h = (sum of y^i constraint_i) / (X^n - 1).
//!
//! `constraints.rs` writes every constraint down once, in protocol order; `plan.rs` compiles them
//! to programs when a key is prepared; `order.rs` tells whether cosets or programs come first;
//! `evaluate.rs` runs the programs on the cosets and keeps only the columns that are needed;
//! `split.rs` turns the values on the cosets into the pieces that are committed to.

mod constraints;
mod evaluate;
mod order;
mod plan;
mod split;

pub(crate) use constraints::{constraints, permutation_fraction};
pub(crate) use evaluate::{CircuitColumns, construct};
pub(crate) use order::Order;
pub(crate) use plan::Plan;
