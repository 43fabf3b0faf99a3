//! Addresses, loads and stores.
//!
//! On these steps LA and LB are the bytes of the two words, LC those of the value, and LD those of
//! the address: `LD0` what byte 0 has above the offset in the word, divided by 8, `LD1` byte 1 or,
//! in the stack, its low nibble, `LD2` and `LD3` the bytes above or, in the stack, `LD2` the frame.

use halo2_axiom::halo2curves::bn256::Fr;

use super::*;
use crate::circuit::flags::*;

pub(super) fn constraints(step: &Step) -> Vec<Constraint> {
    let mut constraints = addresses(step);
    constraints.extend(words(step));
    constraints.extend(values(step));
    constraints
}

/// Cells of [`N`] are one-hot where they say an offset.
fn one_hot(step: &Step) -> Vec<Constraint> {
    let used = || step.memory() + step.flag(CALLX);
    let mut constraints: Vec<Constraint> =
        (0..8).map(|i| ("offset bits", used() * boolean(step.at(N + i)))).collect();
    constraints.push(("one offset", used() * (sum((0..8).map(|i| step.at(N + i))) - constant(1))));
    constraints
}

fn is_input(step: &Step) -> Expr {
    step.memory() - step.at(IS_PROGRAM) - step.at(IS_STACK) - step.at(IS_HEAP)
}

fn region(step: &Step) -> Expr {
    step.at(IS_PROGRAM)
        + step.at(IS_STACK) * Fr::from(2)
        + step.at(IS_HEAP) * Fr::from(3)
        + is_input(step) * Fr::from(4)
}

fn addresses(step: &Step) -> Vec<Constraint> {
    let limb = |i: usize| step.at(LD + i);
    let stack = || step.at(IS_STACK);
    let elsewhere = || constant(1) - step.at(IS_STACK);
    let low = || step.offset_in_word() + limb(0) * Fr::from(8);
    let high = || limb(2) * power(16) + limb(3) * power(24);
    let address = || {
        low()
            + limb(1) * Fr::from(256)
            // Frames of 4096 bytes have gaps of 4096 bytes between them.
            + stack() * limb(2) * Fr::from(8192)
            + elsewhere() * high()
            + region(step) * power(32)
    };
    let word = constant(0)
        + limb(0)
        + limb(1) * Fr::from(32)
        + stack() * limb(2) * Fr::from(512)
        + elsewhere() * (limb(2) * power(13) + limb(3) * power(21))
        + region(step) * power(29);
    let offset = || step.at(OFF) - constant(OFFSET_BIAS);
    let mut constraints = one_hot(step);
    constraints.extend([
        ("the input region", boolean(is_input(step))),
        ("address of a load", step.flag(LOAD) * (step.at(B) + offset() - address())),
        ("address of a store", step.flag(STORE) * (step.at(A) + offset() - address())),
        ("byte 0 of an address", step.memory() * (limb(5) - low())),
        ("no gap of the stack", step.memory() * (limb(4) - stack() * limb(1) * Fr::from(16))),
        ("word of an address", step.memory() * (step.at(WORD) - word)),
        ("read-only memory", step.flag(STORE) * step.at(IS_PROGRAM)),
    ]);
    constraints
}

/// How the words of an access and their limits follow from each other.
fn words(step: &Step) -> Vec<Constraint> {
    let crosses = step.flag(SIZE8) * (constant(1) - step.at(N))
        + step.flag(SIZE4) * sum((5..8).map(|i| step.at(N + i)))
        + step.flag(SIZE2) * step.at(N + 7);
    let limit0 = step.at(LIMIT) + step.at(CROSS) * (constant(8) - step.at(LIMIT));
    vec![
        ("crosses into the next word", step.memory() * (step.at(CROSS) - crosses)),
        ("only loads and stores cross", (constant(1) - step.memory()) * step.at(CROSS)),
        ("a word that is not the last is whole", step.at(LIMIT0) - limit0),
        ("bytes of the first word", step.memory() * (step.at(OLD0) - step.word(LA))),
        ("bytes of the second word", step.memory() * (step.at(OLD1) - step.word(LB))),
        ("reading changes nothing", reads(step) * (step.at(NEW0) - step.at(OLD0))),
        ("reading changes nothing", reads(step) * (step.at(NEW1) - step.at(OLD1))),
    ]
}

fn reads(step: &Step) -> Expr {
    step.flag(LOAD) + step.pop()
}

/// Whether byte `i` of the value is meant, by pieces of bytes that are meant together.
fn meant(step: &Step) -> [(std::ops::Range<usize>, Expr); 4] {
    [
        (0..1, step.memory()),
        (1..2, step.any(&[SIZE2, SIZE4, SIZE8])),
        (2..4, step.any(&[SIZE4, SIZE8])),
        (4..8, step.flag(SIZE8)),
    ]
}

fn values(step: &Step) -> Vec<Constraint> {
    // Byte `i` of the two words.
    let window = |i: usize| step.at(if i < 8 { LA + i } else { LB + i - 8 });
    let loaded = sum(meant(step).into_iter().map(|(bytes, meant)| {
        meant
            * sum((0..8).map(|offset| {
                step.at(N + offset) * sum(bytes.clone().map(|i| window(offset + i) * power(8 * i)))
            }))
    }));
    // What a store adds to the word of bytes `8 * word..`.
    let stored = |word: usize| {
        sum(meant(step).into_iter().map(|(bytes, meant)| {
            meant
                * sum((0..8).map(|offset| {
                    let inside = bytes.clone().filter(|i| (offset + i) / 8 == word);
                    let change = inside
                        .map(|i| (step.at(LC + i) - window(offset + i)) * power(8 * (offset + i - 8 * word)));
                    step.at(N + offset) * sum(change)
                }))
        }))
    };
    vec![
        ("loaded value", step.flag(LOAD) * (step.word(LC) - loaded)),
        ("stored value", step.flag(STORE) * (step.word(LC) - step.at(B))),
        ("first word stored", step.flag(STORE) * (step.at(NEW0) - step.at(OLD0) - stored(0))),
        ("second word stored", step.flag(STORE) * (step.at(NEW1) - step.at(OLD1) - stored(1))),
    ]
}
