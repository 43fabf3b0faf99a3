//! Lookups and the memory argument, as one sum of fractions that is 0.
//!
//! Each term is `numerator / (alpha + message)`, where the message is a polynomial in the challenge
//! beta whose coefficients are cells, and `beta^4` times the number of its table. What a step looks
//! up it adds; the table takes it away as often as it was looked up. Memory is a table of its own
//! kind: each access adds the word it leaves and takes away the word it found.
//!
//! Terms are summed in groups of three, one column each in the second phase, and then row by row.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;

use super::flags::{self, *};
use super::layout::{self, *};
use super::linear::{Cell, Linear};
use super::tables;

/// Terms in a group: with the selector, the constraint has degree 5.
pub(crate) const GROUP: usize = 3;

/// Coefficients of a message, besides the number of the table.
const WIDTH: usize = 4;

/// A fraction.
#[derive(Clone, Debug)]
pub(crate) struct Term {
    pub(crate) table: Table,
    pub(crate) numerator: Linear,
    pub(crate) message: [Linear; WIDTH],
}

/// What a message is looked up in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Table {
    /// `(byte)`
    Byte,
    /// `(pc, flags, immediate, offset)`
    Rom,
    /// `(address, word, time, limit)`
    Memory,
    /// `(a, b, a & b)` of nibbles
    And,
    /// `(byte, 2^(byte mod width), width is 32)`
    Power,
}

impl Term {
    fn new(table: Table, numerator: Linear, message: impl IntoIterator<Item = Linear>) -> Self {
        let mut coefficients: [Linear; WIDTH] = Default::default();
        coefficients.iter_mut().zip(message).for_each(|(slot, linear)| *slot = linear);
        Self { table, numerator, message: coefficients }
    }

    /// The denominator, for these challenges.
    pub(crate) fn denominator(&self, alpha: Fr, beta: Fr) -> Linear {
        let mut sum = Linear { constant: alpha, terms: Vec::new() };
        let mut power = Fr::ONE;
        for coefficient in &self.message {
            sum.add_scaled(coefficient, power);
            power *= beta;
        }
        sum.constant += power * Fr::from(self.table as u64);
        sum
    }
}

fn flag(flag: usize) -> usize {
    FLAGS + flag
}

fn flag_sum(flags: &[usize]) -> Linear {
    Linear::sum(flags.iter().map(|&flag| self::flag(flag)))
}

/// All terms, those of single bytes first.
pub(crate) fn terms() -> Vec<Term> {
    let mut terms = bytes();
    terms.push(limit());
    terms.extend((0..16).map(|j| {
        let message = [a_nibble(j), b_nibble(j), and_nibble(j)].map(Linear::advice);
        Term::new(Table::And, flag_sum(&[AND, OR, XOR, JSET]), message)
    }));
    let shift = [Linear::advice(LB), Linear::advice(POW), Linear::advice(flag(IS32))];
    terms.push(Term::new(Table::Power, flag_sum(&[SHL, SHR]), shift));
    terms.push(instruction());
    terms.extend(accesses());
    terms.extend(tables());
    terms
}

/// Cells that are bytes in all rows.
pub(crate) fn byte_columns() -> impl Iterator<Item = usize> {
    (LA..LA + 32).chain(AGE..AGE + 4).chain([TOP1, TOP2])
}

fn bytes() -> Vec<Term> {
    byte_columns()
        .map(|column| Term::new(Table::Byte, Linear::constant(1), [Linear::advice(column)]))
        .collect()
}

/// The last byte of an access is before the end of its region: `limit - end` is not negative.
fn limit() -> Term {
    let mut room = Linear::advice(LIMIT).plus(Cell::Advice(CROSS), Fr::from(8));
    for i in 0..8 {
        room = room.plus(Cell::Advice(N + i), -Fr::from(i as u64));
    }
    for i in 0..4 {
        room = room.plus(Cell::Advice(flag(SIZE1 + i)), -Fr::from(1 << i));
    }
    Term::new(Table::Byte, flag_sum(&[LOAD, STORE]), [room])
}

fn instruction() -> Term {
    let active = Linear::sum((0..flags::CLASSES).map(flag));
    let bits = (0..flags::COUNT)
        .fold(Linear::default(), |sum, bit| sum.plus(Cell::Advice(flag(bit)), Fr::from(1 << bit)));
    let message = [Linear::advice(PC), bits, Linear::advice(IMM), Linear::advice(OFF)];
    Term::new(Table::Rom, active, message)
}

/// Two words: of loads and stores, and of frames.
fn accesses() -> Vec<Term> {
    // CALL + CALLX + (EXIT - HALT)
    let frame = || flag_sum(&[CALL, CALLX, EXIT]).plus(Cell::Advice(layout::HALT), -Fr::ONE);
    let first = || frame().plus(Cell::Advice(flag(LOAD)), Fr::ONE).plus(Cell::Advice(flag(STORE)), Fr::ONE);
    let second = || frame().plus(Cell::Advice(CROSS), Fr::ONE);
    let before = |age: usize| {
        Linear::advice(CLOCK)
            .plus(Cell::Advice(AGE + age), -Fr::ONE)
            .plus(Cell::Advice(AGE + age + 1), -Fr::from(256))
    };
    let now = || Linear::advice(CLOCK).plus_constant(1);
    let word = |offset| Linear::advice(WORD).plus_constant(offset);
    let term = |numerator, message| Term::new(Table::Memory, numerator, message);
    let cell = Linear::advice;
    vec![
        term(first(), [word(0), cell(NEW0), now(), cell(LIMIT0)]),
        term(first().negated(), [word(0), cell(OLD0), before(0), cell(LIMIT0)]),
        term(second(), [word(1), cell(NEW1), now(), cell(LIMIT)]),
        term(second().negated(), [word(1), cell(OLD1), before(2), cell(LIMIT)]),
    ]
}

fn tables() -> Vec<Term> {
    let cell = Linear::advice;
    let fixed = |columns: &[usize]| columns.iter().map(|&column| Linear::fixed(column)).collect::<Vec<_>>();
    let taken = |table, column, message| Term::new(table, Linear::advice(column).negated(), message);
    let memory = |value, time| [cell(RAM_ADDRESS), cell(value), time, cell(RAM_LIMIT)];
    let one = || Linear::constant(1);
    let mut power32 = fixed(&[tables::BYTE, tables::POW32]);
    power32.push(one());
    vec![
        taken(Table::Byte, M_BYTE, fixed(&[tables::BYTE])),
        taken(Table::And, M_AND, fixed(&[tables::LEFT, tables::RIGHT, tables::AND])),
        taken(Table::Power, M_POW64, fixed(&[tables::BYTE, tables::POW64])),
        taken(Table::Power, M_POW32, power32),
        taken(Table::Rom, M_ROM, [ROM_PC, ROM_FLAGS, ROM_IMM, ROM_OFF].map(cell).to_vec()),
        Term::new(Table::Memory, one(), memory(RAM_IN, Linear::constant(0))),
        Term::new(Table::Memory, one().negated(), memory(RAM_OUT, cell(RAM_LAST))),
    ]
}

/// Columns of the second phase: one for each group, then the running sum.
pub(crate) fn helper_columns() -> usize {
    terms().len().div_ceil(GROUP) + 1
}
