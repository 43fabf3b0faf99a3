//! Arithmetic on four 64-bit limbs modulo the prime of a field.
//!
//! Inputs and outputs are less than p unless a function says otherwise.

use std::hint::select_unpredictable;

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

/// `a` if the condition holds, otherwise `b`, without a branch: which it is nobody can predict.
#[inline(always)]
fn select(condition: bool, a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    [
        select_unpredictable(condition, a[0], b[0]),
        select_unpredictable(condition, a[1], b[1]),
        select_unpredictable(condition, a[2], b[2]),
        select_unpredictable(condition, a[3], b[3]),
    ]
}

/// `a` if `a < m`, otherwise `a - m`, for m > 0.
#[inline(always)]
pub(crate) fn reduce_once(a: [u64; 4], m: [u64; 4]) -> [u64; 4] {
    // 2^256 - m is added: compilers keep a chain of carries where constants are added, but not of borrows where
    // they are subtracted.
    let (negated, _) = sub_limbs([0; 4], m);
    let (reduced, carry) = add_limbs(a, negated);
    select(carry, reduced, a)
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
    add_limbs(difference, select(borrow, S::MODULUS, [0; 4])).0
}

/// The 128-bit product as (low, high).
#[inline(always)]
pub(super) fn product(a: u64, b: u64) -> (u64, u64) {
    let product = u128::from(a) * u128::from(b);
    (product as u64, (product >> 64) as u64)
}

/// word·b. The low and high halves of the four products are added in one carry chain.
#[inline(always)]
pub(super) fn row(word: u64, b: [u64; 4]) -> [u64; 5] {
    let ((r0, h0), (l1, h1)) = (product(word, b[0]), product(word, b[1]));
    let ((l2, h2), (l3, h3)) = (product(word, b[2]), product(word, b[3]));
    let (r1, c) = h0.carrying_add(l1, false);
    let (r2, c) = h1.carrying_add(l2, c);
    let (r3, c) = h2.carrying_add(l3, c);
    [r0, r1, r2, r3, h3 + u64::from(c)]
}

/// a + b, which must be less than 2^320.
#[inline(always)]
fn add_rows(a: [u64; 5], b: [u64; 5]) -> [u64; 5] {
    let (r0, c) = a[0].carrying_add(b[0], false);
    let (r1, c) = a[1].carrying_add(b[1], c);
    let (r2, c) = a[2].carrying_add(b[2], c);
    let (r3, c) = a[3].carrying_add(b[3], c);
    [r0, r1, r2, r3, a[4].wrapping_add(b[4]).wrapping_add(u64::from(c))]
}

/// `t + word·b`, which must be less than 2^320.
#[inline(always)]
fn accumulate(t: [u64; 4], word: u64, b: [u64; 4]) -> [u64; 5] {
    add_rows([t[0], t[1], t[2], t[3], 0], row(word, b))
}

/// One step of Montgomery reduction: (t + q·p)/2^64 for the q < 2^64 that makes it whole. t + q·p
/// must be less than 2^320.
#[inline(always)]
pub(super) fn reduce_word<S: FieldSpec>(t: [u64; 5]) -> [u64; 4] {
    let q = t[0].wrapping_mul(S::NEG_INV);
    let [_, r0, r1, r2, r3] = add_rows(t, row(q, S::MODULUS));
    [r0, r1, r2, r3]
}

/// a·b/2^256 mod p. `a` may be any four limbs; b must be less than p.
#[inline(always)]
pub(crate) fn mul<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    reduce_once(mul_lazy::<S>(a, b), S::MODULUS)
}

/// a·b/2^256 mod p without the final subtraction: less than a·b/2^256 + p, which must be < 2^256.
///
/// Rows of products and rows of reductions alternate (CIOS), each row one carry chain. The fifth
/// limb never overflows for b < 2p: after each step t < b + p, so t + word·b + q·p < 2^64·(b + p),
/// and 3p < 2^256.
#[inline(always)]
pub(crate) fn mul_lazy<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    if S::MODULUS[2] == 0 {
        let t = step::<S>([0; 4], a[0], b);
        let t = step::<S>(t, a[1], b);
        let t = step::<S>(t, a[2], b);
        return step::<S>(t, a[3], b);
    }
    let t = reduce_word::<S>(row(a[0], b));
    let t = reduce_word::<S>(accumulate(t, a[1], b));
    let t = reduce_word::<S>(accumulate(t, a[2], b));
    reduce_word::<S>(accumulate(t, a[3], b))
}

/// word·b + c + d, which always fits, as (low, high).
#[inline(always)]
fn multiply_add(word: u64, b: u64, c: u64, d: u64) -> (u64, u64) {
    let sum = u128::from(word) * u128::from(b) + u128::from(c) + u128::from(d);
    (sum as u64, (sum >> 64) as u64)
}

/// A row of the product and its reduction, limb by limb side by side: (t + word·b + q·p)/2^64. A few percent faster
/// than one after the other where a limb of p is 0, and as much slower elsewhere.
#[inline(always)]
fn step<S: FieldSpec>(t: [u64; 4], word: u64, b: [u64; 4]) -> [u64; 4] {
    let p = S::MODULUS;
    let (t0, above) = multiply_add(word, b[0], t[0], 0);
    let q = t0.wrapping_mul(S::NEG_INV);
    let (_, carry) = multiply_add(q, p[0], t0, 0);
    let (t1, above) = multiply_add(word, b[1], t[1], above);
    let (r0, carry) = multiply_add(q, p[1], t1, carry);
    let (t2, above) = multiply_add(word, b[2], t[2], above);
    let (r1, carry) = multiply_add(q, p[2], t2, carry);
    let (t3, above) = multiply_add(word, b[3], t[3], above);
    let (r2, carry) = multiply_add(q, p[3], t3, carry);
    // Less than 2^64, as all of it is less than b + p.
    [r0, r1, r2, above.wrapping_add(carry)]
}

/// A sum of products, below 2^256·p.
pub(crate) type Wide = [u64; 8];

/// `sum` + a·b, but for multiples of 2^256·p.
#[inline(always)]
pub(crate) fn add_product<S: FieldSpec>(sum: Wide, a: [u64; 4], b: [u64; 4]) -> Wide {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sum;
    let [r0, t1, t2, t3, t4] = accumulate([s0, s1, s2, s3], a[0], b);
    let [r1, t2, t3, t4, t5] = accumulate([t1, t2, t3, t4], a[1], b);
    let [r2, t3, t4, t5, t6] = accumulate([t2, t3, t4, t5], a[2], b);
    let [r3, t4, t5, t6, t7] = accumulate([t3, t4, t5, t6], a[3], b);
    // What is above 2^256 is below p each, so there is no carry out.
    let [h0, h1, h2, h3] = add::<S>([s4, s5, s6, s7], [t4, t5, t6, t7]);
    [r0, r1, r2, r3, h0, h1, h2, h3]
}

/// A sum of products over 2^256, mod p.
#[inline(always)]
pub(crate) fn reduce_wide<S: FieldSpec>(sum: Wide) -> [u64; 4] {
    let [s0, s1, s2, s3, s4, s5, s6, s7] = sum;
    add::<S>(from_montgomery::<S>([s0, s1, s2, s3]), [s4, s5, s6, s7])
}

/// a²/2^256 mod p.
///
/// Row i holds a\[i\]² and the doubled products with the limbs above, so there are 10 products
/// rather than 16; it is added when the window of the reduction gets there. What the window then
/// holds is less than 2^64·2p, so adding q·p stays below 2^64·3p < 2^320.
#[inline(always)]
pub(crate) fn square<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    // The limbs of 2·(a >> 64i), whose lowest limb takes no bit from below, and those above it.
    let [low1, low2, low3] = [a[1] << 1, a[2] << 1, a[3] << 1];
    let [high2, high3] = [low2 | a[1] >> 63, low3 | a[2] >> 63];

    let t = reduce_word::<S>(row(a[0], [a[0], low1, high2, high3]));

    let ((l0, h0), (l1, h1), (l2, h2)) = (product(a[1], a[1]), product(a[1], low2), product(a[1], high3));
    let (r1, c) = h0.carrying_add(l1, false);
    let (r2, c) = h1.carrying_add(l2, c);
    let r3 = h2 + u64::from(c);
    let (t1, c) = t[1].carrying_add(l0, false);
    let (t2, c) = t[2].carrying_add(r1, c);
    let (t3, c) = t[3].carrying_add(r2, c);
    let t = reduce_word::<S>([t[0], t1, t2, t3, r3 + u64::from(c)]);

    let ((l0, h0), (l1, h1)) = (product(a[2], a[2]), product(a[2], low3));
    let (r1, c) = h0.carrying_add(l1, false);
    let r2 = h1 + u64::from(c);
    let (t2, c) = t[2].carrying_add(l0, false);
    let (t3, c) = t[3].carrying_add(r1, c);
    let t = reduce_word::<S>([t[0], t[1], t2, t3, r2 + u64::from(c)]);

    let (l0, h0) = product(a[3], a[3]);
    let (t3, c) = t[3].carrying_add(l0, false);
    let t = reduce_word::<S>([t[0], t[1], t[2], t3, h0 + u64::from(c)]);
    reduce_once(t, S::MODULUS)
}

/// a/2^256 mod p, less than p; `a` may be any four limbs.
#[inline(always)]
pub(crate) fn from_montgomery<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    let [a0, a1, a2, a3] = a;
    let [t0, t1, t2, t3] = reduce_word::<S>([a0, a1, a2, a3, 0]);
    let [t0, t1, t2, t3] = reduce_word::<S>([t0, t1, t2, t3, 0]);
    let [t0, t1, t2, t3] = reduce_word::<S>([t0, t1, t2, t3, 0]);
    reduce_once(reduce_word::<S>([t0, t1, t2, t3, 0]), S::MODULUS)
}
