//! What a step may do, as polynomials that vanish. The folder has them by subject.
//!
//! Every constraint holds on the rows of steps; `configure` multiplies it by the selector of these
//! rows. So each may have degree 4.

mod alu;
mod control;
mod memory;

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, Expression, VirtualCells};
use halo2_axiom::poly::Rotation;

use super::flags;
use super::layout::{self, *};

pub(crate) type Expr = Expression<Fr>;

/// A constraint and what it is called in messages.
pub(crate) type Constraint = (&'static str, Expr);

/// The cells of a step, and the state after it.
pub(crate) struct Step {
    now: Vec<Expr>,
    next: Vec<Expr>,
}

impl Step {
    pub(crate) fn new(cells: &mut VirtualCells<'_, Fr>, columns: &[Column<Advice>]) -> Self {
        let now = columns.iter().map(|&column| cells.query_advice(column, Rotation::cur())).collect();
        let next = columns[PC..R + 10].iter().map(|&column| cells.query_advice(column, Rotation::next()));
        let next = next.collect();
        Self { now, next }
    }

    fn at(&self, column: usize) -> Expr {
        self.now[column].clone()
    }

    /// A column of the state after the step.
    fn after(&self, column: usize) -> Expr {
        self.next[column - PC].clone()
    }

    fn flag(&self, flag: usize) -> Expr {
        self.at(FLAGS + flag)
    }

    /// The sum of flags: whether the instruction is one of them, if they exclude each other.
    fn any(&self, flags: &[usize]) -> Expr {
        sum(flags.iter().map(|&flag| self.flag(flag)))
    }

    /// 1 in a step that executes an instruction, 0 in padding.
    fn active(&self) -> Expr {
        sum((0..flags::CLASSES).map(|class| self.flag(class)))
    }

    /// The little-endian number of bytes `from..to` of a group of limbs.
    fn bytes(&self, group: usize, from: usize, to: usize) -> Expr {
        sum((from..to).map(|i| self.at(group + i) * power(8 * (i - from))))
    }

    /// All eight bytes of a group of limbs.
    fn word(&self, group: usize) -> Expr {
        self.bytes(group, 0, 8)
    }

    /// A return from a call, rather than from the program.
    fn pop(&self) -> Expr {
        self.flag(flags::EXIT) - self.at(HALT)
    }

    fn memory(&self) -> Expr {
        self.any(&[flags::LOAD, flags::STORE])
    }

    /// `sum(index * one-hot cell)` of the offset in a word.
    fn offset_in_word(&self) -> Expr {
        sum((1..8).map(|i| self.at(N + i) * Fr::from(i as u64)))
    }

    /// r10 from the depth: the end of the stack frame.
    fn frame_pointer(&self) -> Expr {
        constant((2 << 32) + 4096) + self.at(DEPTH) * Fr::from(8192)
    }

    /// The register that two-hot flags name.
    fn register(&self, low: usize) -> Expr {
        sum((0..3).map(|high| {
            let lows = (0..4).filter_map(|i| {
                let value = match 4 * high + i {
                    register @ 0..10 => self.at(R + register),
                    10 => self.frame_pointer(),
                    _ => return None,
                };
                Some(self.flag(low + i) * value)
            });
            self.flag(low + 4 + high) * sum(lows)
        }))
    }
}

/// All constraints of a step.
pub(crate) fn step(step: &Step) -> Vec<Constraint> {
    let mut constraints = booleans(step);
    constraints.extend(alu::constraints(step));
    constraints.extend(control::constraints(step));
    constraints.extend(memory::constraints(step));
    constraints
}

fn booleans(step: &Step) -> Vec<Constraint> {
    let columns = (FLAGS..FLAGS + flags::COUNT).chain([CARRY, SIGN1, SIGN2, HALT, CROSS]);
    let mut constraints: Vec<Constraint> =
        columns.map(|column| ("a bit", boolean(step.at(column)))).collect();
    constraints.extend([IS_STACK, IS_PROGRAM, IS_HEAP].map(|column| ("a bit", boolean(step.at(column)))));
    // Padding is not looked up in the program, so that its other flags must be off.
    let modifiers = sum((flags::CLASSES..flags::COUNT).map(|flag| step.flag(flag)));
    constraints.push(("padding does nothing", (constant(1) - step.active()) * modifiers));
    constraints
}

fn boolean(cell: Expr) -> Expr {
    cell.clone() * (constant(1) - cell)
}

fn constant(value: u64) -> Expr {
    Expression::Constant(Fr::from(value))
}

/// 2^exponent.
pub(crate) fn power(exponent: usize) -> Fr {
    let mut limbs = [0; 4];
    limbs[exponent / 64] = 1 << (exponent % 64);
    Fr::from_raw(limbs)
}

fn scale(exponent: usize) -> Expr {
    Expression::Constant(power(exponent))
}

pub(crate) fn sum(terms: impl IntoIterator<Item = Expr>) -> Expr {
    terms.into_iter().reduce(|a, b| a + b).unwrap_or(Expression::Constant(Fr::zero()))
}

/// 2^64 or, on 32-bit instructions, 2^32.
fn modulus(step: &Step) -> Expr {
    scale(64) - step.flag(flags::IS32) * (power(64) - power(32))
}

/// `sum(16^j * nibble)` of eight nibbles.
fn nibbles(step: &Step, cell: fn(usize) -> usize, from: usize) -> Expr {
    sum((0..8).map(|j| step.at(cell(from + j)) * power(4 * j)))
}

/// The AND of the operands of a bitwise step.
fn and_of_all(step: &Step) -> Expr {
    nibbles(step, layout::and_nibble, 0) + nibbles(step, layout::and_nibble, 8) * power(32)
}
