//! Arithmetic on four 64-bit limbs modulo the prime of a field.
//!
//! Inputs and outputs are less than p unless a function says otherwise.

use crate::FieldSpec;

/// Whether `a < b`, as integers.
#[inline]
pub(crate) fn less_than(a: [u64; 4], b: [u64; 4]) -> bool {
    sub_limbs(a, b).1
}

/// `a + b` and the carry out.
#[inline(always)]
pub(crate) fn add_limbs(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let (r0, c) = a[0].carrying_add(b[0], false);
    let (r1, c) = a[1].carrying_add(b[1], c);
    let (r2, c) = a[2].carrying_add(b[2], c);
    let (r3, c) = a[3].carrying_add(b[3], c);
    ([r0, r1, r2, r3], c)
}

/// `a - b` and the borrow out.
#[inline(always)]
pub(crate) fn sub_limbs(a: [u64; 4], b: [u64; 4]) -> ([u64; 4], bool) {
    let (r0, c) = a[0].borrowing_sub(b[0], false);
    let (r1, c) = a[1].borrowing_sub(b[1], c);
    let (r2, c) = a[2].borrowing_sub(b[2], c);
    let (r3, c) = a[3].borrowing_sub(b[3], c);
    ([r0, r1, r2, r3], c)
}

/// `a` if `a < m`, otherwise `a - m`.
#[inline(always)]
pub(crate) fn reduce_once(a: [u64; 4], m: [u64; 4]) -> [u64; 4] {
    let (reduced, borrow) = sub_limbs(a, m);
    std::array::from_fn(|i| if borrow { a[i] } else { reduced[i] })
}

/// a + b mod p.
#[inline(always)]
pub(crate) fn add<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    // No carry out: both are less than p < 2^255.
    reduce_once(add_limbs(a, b).0, S::MODULUS)
}

/// a - b mod p.
#[inline(always)]
pub(crate) fn sub<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let (difference, borrow) = sub_limbs(a, b);
    let correction = S::MODULUS.map(|limb| if borrow { limb } else { 0 });
    add_limbs(difference, correction).0
}

/// a·b/2^256 mod p. `a` may be any four limbs and `b` less than p, or both less than 2p.
#[inline(always)]
pub(crate) fn mul<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    reduce_once(mul_lazy::<S>(a, b), S::MODULUS)
}

/// a²/2^256 mod p.
#[inline(always)]
pub(crate) fn square<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    mul::<S>(a, a)
}

/// a/2^256 mod p, less than p.
#[inline(always)]
pub(crate) fn from_montgomery<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    mul::<S>(a, [1, 0, 0, 0])
}

/// a·b/2^256 mod p without the final subtraction: less than a·b/2^256 + p, which must be < 2^256.
///
/// Operand scanning with the two carry words of a row added into one: that sum cannot overflow
/// because p < 2^255 (the "no-carry" variant of Acar's CIOS, from the gnark authors).
#[inline(always)]
pub(crate) fn mul_lazy<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let m = S::MODULUS;
    let mut t = [0u64; 4];
    for &word in &a {
        let (t0, mut high) = word.carrying_mul_add(b[0], t[0], 0);
        let q = t0.wrapping_mul(S::NEG_INV);
        let (_, mut carry) = q.carrying_mul_add(m[0], t0, 0);
        for j in 1..4 {
            let (low, next_high) = word.carrying_mul_add(b[j], t[j], high);
            high = next_high;
            (t[j - 1], carry) = q.carrying_mul_add(m[j], low, carry);
        }
        t[3] = carry.wrapping_add(high);
    }
    t
}
