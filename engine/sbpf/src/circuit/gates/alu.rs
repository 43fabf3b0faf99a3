//! Operands, arithmetic and what is written to registers.

use halo2_axiom::halo2curves::bn256::Fr;

use super::*;
use crate::circuit::flags::*;

pub(super) fn constraints(step: &Step) -> Vec<Constraint> {
    let mut constraints = operands(step);
    constraints.extend(limbs(step));
    constraints.extend(signs(step));
    constraints.extend(arithmetic(step));
    constraints.extend(bitwise(step));
    constraints.extend(registers(step));
    constraints
}

fn operands(step: &Step) -> Vec<Constraint> {
    // On bitwise steps the limbs are nibbles, and these cells mean nothing.
    let bitwise = || step.any(&[AND, OR, XOR, JSET]);
    let first = || constant(1) - bitwise();
    let second = || constant(1) - bitwise() - step.any(&[SHL, SHR]);
    let cut = |group| step.flag(IS32) * step.bytes(group, 4, 8) * power(32);
    vec![
        ("first operand", step.at(A) - step.register(DST_LOW)),
        ("second operand", step.at(B) - step.at(IMM) - step.register(SRC_LOW)),
        ("first operand cut to 32 bits", first() * (step.at(X) - step.at(A) + cut(LA))),
        ("second operand cut to 32 bits", second() * (step.at(Y) - step.at(B) + cut(LB))),
        ("factor of a left shift", step.flag(SHL) * (step.at(Y) - step.at(POW))),
        ("factor of a right shift", step.flag(SHR) * (step.at(Y) * step.at(POW) - modulus(step))),
    ]
}

/// Which values the groups of limbs are the bytes of.
fn limbs(step: &Step) -> Vec<Constraint> {
    let common = step.any(&[ADD, SUB, MUL, SHL, SHR, MOV, JUMP]);
    let division = step.any(&[DIV, MOD]);
    let first = common.clone() + step.any(&[NEG, LE, BE]) + step.flag(IS32) * division.clone();
    let narrow = step.any(&[ADD, SUB, NEG, MUL, SHL, SHR, DIV, MOD, MOV]) * step.flag(IS32);
    vec![
        ("bytes of the first operand", first * (step.word(LA) - step.at(A))),
        ("bytes of the second operand", (common + division) * (step.word(LB) - step.at(B))),
        ("a 32-bit result has 4 bytes", narrow * step.bytes(LC, 4, 8)),
    ]
}

/// The doubled rests of the bytes with the signs are looked up as bytes.
fn signs(step: &Step) -> Vec<Constraint> {
    let sign_byte = step.flag(SIGNED)
        * (step.at(LA + 7) + step.flag(IS32) * (step.at(LA + 3) - step.at(LA + 7)))
        + step.flag(EXTEND) * step.at(LC + 3);
    let second = step.flag(JUMP) * step.flag(SIGNED) * step.at(LB + 7);
    let doubled = |byte: Expr, sign| byte * Fr::from(2) - step.at(sign) * Fr::from(256);
    vec![
        ("sign of the first operand or of the result", step.at(TOP1) - doubled(sign_byte, SIGN1)),
        ("sign of the second operand", step.at(TOP2) - doubled(second, SIGN2)),
    ]
}

fn arithmetic(step: &Step) -> Vec<Constraint> {
    let (x, y, z) = (step.at(X), step.at(Y), step.word(LC));
    let carry = || modulus(step) * step.at(CARRY);
    let rest = || step.bytes(LD, 0, 4) + (constant(1) - step.flag(IS32)) * step.bytes(LD, 4, 8) * power(32);
    // y - 1 - remainder, which shows that the remainder is the smaller one.
    let slack = || {
        let wide = constant(1) - step.flag(IS32);
        step.flag(IS32) * step.bytes(LD, 4, 8) + wide * step.word(LA)
    };
    let sign = || modulus(step) * step.at(SIGN1);
    let order = (step.at(CARRY) - step.flag(SIGNED) * (step.at(SIGN1) - step.at(SIGN2))) * power(64);
    vec![
        ("add", step.flag(ADD) * (x.clone() + y.clone() - z.clone() - carry())),
        ("sub", step.flag(SUB) * (x.clone() + carry() - y.clone() - z.clone())),
        ("compare", step.flag(JUMP) * (x.clone() + order - y.clone() - z.clone())),
        ("neg", step.flag(NEG) * (z.clone() + x.clone() - carry())),
        (
            "mul, left shift",
            step.any(&[MUL, SHL]) * (x.clone() * y.clone() - z.clone() - modulus(step) * step.word(LD)),
        ),
        (
            "right shift",
            step.flag(SHR)
                * ((x.clone() - sign()) * y.clone() - step.word(LD) - modulus(step) * (z.clone() - sign())),
        ),
        ("rest of a right shift", step.flag(SHR) * step.flag(IS32) * step.bytes(LD, 4, 8)),
        ("div", step.flag(DIV) * (z.clone() * y.clone() + rest() - x.clone())),
        ("mod", step.flag(MOD) * (rest() * y.clone() + z.clone() - x)),
        ("remainder of div", step.flag(DIV) * (slack() + rest() + constant(1) - y.clone())),
        ("remainder of mod", step.flag(MOD) * (slack() + z.clone() + constant(1) - y.clone())),
        ("mov", step.flag(MOV) * (z.clone() - y)),
        ("le", step.flag(LE) * (z.clone() - truncated(step))),
        ("be", step.flag(BE) * (z - swapped(step))),
    ]
}

fn truncated(step: &Step) -> Expr {
    let low = |bytes| step.bytes(LA, 0, bytes);
    step.flag(SIZE2) * low(2) + step.flag(SIZE4) * low(4) + step.flag(SIZE8) * low(8)
}

fn swapped(step: &Step) -> Expr {
    let reversed = |bytes| sum((0..bytes).map(|i| step.at(LA + i) * power(8 * (bytes - 1 - i))));
    step.flag(SIZE2) * reversed(2) + step.flag(SIZE4) * reversed(4) + step.flag(SIZE8) * reversed(8)
}

/// On these steps the limbs are nibbles, each pair looked up with its AND.
fn bitwise(step: &Step) -> Vec<Constraint> {
    let bitwise = || step.any(&[AND, OR, XOR, JSET]);
    let all = |cell| nibbles(step, cell, 0) + nibbles(step, cell, 8) * power(32);
    let cut = |cell| {
        let wide = constant(1) - step.flag(IS32);
        nibbles(step, cell, 0) + wide * nibbles(step, cell, 8) * power(32)
    };
    let (a, b, and) = (cut(a_nibble), cut(b_nibble), cut(and_nibble));
    let or = a + b - and.clone();
    vec![
        ("nibbles of the first operand", bitwise() * (step.at(A) - all(a_nibble))),
        ("nibbles of the second operand", bitwise() * (step.at(B) - all(b_nibble))),
        ("and", step.flag(AND) * (step.at(C) - and.clone())),
        ("or", step.flag(OR) * (step.at(C) - or.clone())),
        ("xor", step.flag(XOR) * (step.at(C) - or + and)),
    ]
}

/// What is written, and where.
fn registers(step: &Step) -> Vec<Constraint> {
    let extension = step.flag(EXTEND) * step.at(SIGN1) * (power(64) - power(32));
    let from_bytes = step.flag(WRITE) - step.any(&[AND, OR, XOR]);
    let mut constraints = vec![("the result", from_bytes * (step.at(C) - step.word(LC) - extension))];
    for register in 0..10 {
        let chosen =
            step.flag(WRITE) * step.flag(DST_LOW + register % 4) * step.flag(DST_LOW + 4 + register / 4);
        let mut change = chosen * (step.at(C) - step.at(R + register));
        if let Some(saved) = register.checked_sub(6) {
            change = change + step.pop() * (step.word(LA + 8 * saved) - step.at(R + register));
        }
        let name = "registers keep their values but for the one written";
        constraints.push((name, step.after(R + register) - step.at(R + register) - change));
    }
    constraints
}
