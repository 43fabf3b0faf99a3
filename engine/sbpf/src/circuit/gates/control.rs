//! The next pc, depth and time.

use halo2_axiom::halo2curves::bn256::Fr;

use super::*;
use crate::circuit::flags::*;

pub(super) fn constraints(step: &Step) -> Vec<Constraint> {
    let mut constraints = conditions(step);
    constraints.extend(next(step));
    constraints.extend(frames(step));
    constraints
}

fn conditions(step: &Step) -> Vec<Constraint> {
    let equal = || step.at(EQUAL);
    let not_zero = |value: Expr| value * step.at(INVERSE) - constant(1) + equal();
    let condition = step.flag(ON_CARRY) * step.at(CARRY) + step.flag(ON_EQUAL) * equal();
    let taken = step.flag(INVERT) + (constant(1) - step.flag(INVERT) * Fr::from(2)) * condition;
    vec![
        ("equal, or the difference has an inverse", step.flag(JUMP) * not_zero(step.word(LC))),
        ("equal, then the difference is 0", step.flag(JUMP) * step.word(LC) * equal()),
        ("no bit in common, or the AND has an inverse", step.flag(JSET) * not_zero(and_of_all(step))),
        ("no bit in common, then the AND is 0", step.flag(JSET) * and_of_all(step) * equal()),
        ("taken", step.at(TAKEN) - taken),
    ]
}

fn next(step: &Step) -> Vec<Constraint> {
    let elsewhere = constant(1) - step.any(&[CALLX, EXIT]);
    let following = step.at(PC) + step.active() + step.flag(flags::WIDE);
    let away = step.at(OFF) - step.at(PC) - constant(1);
    let jumped = (step.at(TAKEN) + step.flag(CALL)) * away;
    let depth = step.at(DEPTH) + step.any(&[CALL, CALLX]) - step.pop();
    // The address in the register; what is below a multiple of 8 is dropped.
    let address = step.after(PC) * Fr::from(8) + step.offset_in_word() + step.at(OFF);
    vec![
        ("pc after a jump or none", elsewhere * (step.after(PC) - following - jumped)),
        ("pc after callx", step.flag(CALLX) * (address - step.at(B))),
        ("pc after the end", step.at(HALT) * (step.after(PC) - constant(HALTED))),
        ("only exit ends", step.at(HALT) * (constant(1) - step.flag(EXIT))),
        ("only the first frame ends", step.at(HALT) * step.at(DEPTH)),
        ("depth", step.after(DEPTH) - depth),
        ("time", step.after(CLOCK) - step.at(CLOCK) - step.active()),
    ]
}

/// Calls keep r6 to r9 and the pc to return to in two words of their frame, too wide for loads and
/// stores to reach; returns read them.
fn frames(step: &Step) -> Vec<Constraint> {
    let call = || step.any(&[CALL, CALLX]);
    let frame = |depth: Expr| step.at(WORD) - constant(FRAMES) - depth * Fr::from(FRAME_WORDS);
    let saved = step.at(R + 6) + step.at(R + 7) * power(64) + step.at(R + 8) * power(128);
    let saved_pc = step.at(R + 9) + (step.at(PC) + constant(1)) * power(64);
    let restored = step.word(LA) + step.word(LB) * power(64) + step.word(LC) * power(128);
    let restored_pc = step.word(LD) + step.after(PC) * power(64);
    vec![
        ("frame of a call", call() * frame(step.at(DEPTH))),
        ("frame of a return", step.pop() * frame(step.at(DEPTH) - constant(1))),
        ("r6 to r8 saved", call() * (step.at(NEW0) - saved)),
        ("r9 and pc saved", call() * (step.at(NEW1) - saved_pc)),
        ("r6 to r8 restored", step.pop() * (step.at(OLD0) - restored)),
        ("r9 and pc restored", step.pop() * (step.at(OLD1) - restored_pc)),
    ]
}
