//! Elements held lazily: any four limbs, standing for their value mod p.

use std::marker::PhantomData;

use super::limbs::{add_limbs, product, reduce_once, reduce_word, sub_limbs};
use crate::FieldSpec;

/// Constants that bound lazy values of a field.
pub(super) struct Bounds<S>(PhantomData<S>);

impl<S: FieldSpec> Bounds<S> {
    /// 0, p, 2p, ...: as many as fit in four limbs, then repeats of the last.
    const MULTIPLES: [[u64; 4]; 8] = multiples(S::MODULUS);
    /// ⌊2^256/p⌋, at most 7: four limbs hold any value less than this many times p.
    pub(super) const HEADROOM: u32 = headroom(&Self::MULTIPLES);
    /// 2p.
    pub(super) const TWICE: [u64; 4] = Self::MULTIPLES[2];
    /// Bits of the modulus's top limb, less 1.
    const TOP_SHIFT: u32 = (S::MODULUS[3] + 1).ilog2();
    /// ⌊2^(64 + TOP_SHIFT) / (top limb + 1)⌋ in 64 bits: an underestimate of the reciprocal.
    const RECIPROCAL: u64 = {
        let quotient = (1u128 << (64 + Self::TOP_SHIFT)) / (S::MODULUS[3] as u128 + 1);
        if quotient > u64::MAX as u128 { u64::MAX } else { quotient as u64 }
    };
}

const fn multiples(modulus: [u64; 4]) -> [[u64; 4]; 8] {
    let mut multiples = [[0; 4]; 8];
    let mut factor = 1;
    while factor < 8 {
        let (mut sum, mut carry, mut limb) = ([0; 4], 0, 0);
        while limb < 4 {
            let wide = multiples[factor - 1][limb] as u128 + modulus[limb] as u128 + carry;
            sum[limb] = wide as u64;
            carry = wide >> 64;
            limb += 1;
        }
        multiples[factor] = if carry == 0 { sum } else { multiples[factor - 1] };
        factor += 1;
    }
    multiples
}

const fn headroom(multiples: &[[u64; 4]; 8]) -> u32 {
    let mut count = 1;
    while count < 7 && multiples[count as usize + 1][3] != multiples[count as usize][3] {
        count += 1;
    }
    count
}

/// The same value mod p, less than p + p/2^50; `a` may be any four limbs.
#[inline(always)]
pub(super) fn shrink<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    // The quotient is ⌊a/p⌋ from the top limbs, off by less than 2^-58 before it is rounded down:
    // too small by one only if a is that close above a multiple of p.
    let quotient = product(a[3], Bounds::<S>::RECIPROCAL).1 >> Bounds::<S>::TOP_SHIFT;
    sub_limbs(a, Bounds::<S>::MULTIPLES[quotient as usize & 7]).0
}

/// The same value mod p, less than p; `a` may be any four limbs.
#[inline(always)]
pub(super) fn canonical<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    reduce_once(shrink::<S>(a), S::MODULUS)
}

/// a - 2p if that is not negative, otherwise a.
#[inline(always)]
pub(super) fn drop_twice<S: FieldSpec>(a: [u64; 4]) -> [u64; 4] {
    reduce_once(a, Bounds::<S>::TWICE)
}

/// a + b, which must be less than 2^256.
#[inline(always)]
pub(super) fn add_lazy(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    add_limbs(a, b).0
}

/// a - b + 2p, which must be less than 2^256, for b ≤ 2p.
#[inline(always)]
pub(super) fn sub_lazy<S: FieldSpec>(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    add_limbs(a, sub_limbs(Bounds::<S>::TWICE, b).0).0
}

/// a/2^k mod p, less than p, for 0 < k < 64; `a` may be any four limbs.
#[inline(always)]
pub(super) fn divide_by_power_of_two<S: FieldSpec>(a: [u64; 4], k: u32) -> [u64; 4] {
    // Montgomery's reduction, k bits instead of 64: q < 2^k makes a + q·p divisible by 2^k.
    let a = shrink::<S>(a);
    let q = a[0].wrapping_mul(S::NEG_INV) & ((1 << k) - 1);
    let multiple = super::limbs::row(q, S::MODULUS);
    let (t, carry) = add_limbs(a, [multiple[0], multiple[1], multiple[2], multiple[3]]);
    let top = multiple[4] + u64::from(carry);
    let shifted = |low: u64, high: u64| low >> k | high << (64 - k);
    let t = [shifted(t[0], t[1]), shifted(t[1], t[2]), shifted(t[2], t[3]), shifted(t[3], top)];
    // Less than a/2^k + p, and a < 2p.
    reduce_once(t, S::MODULUS)
}

/// A fixed factor w, prepared for multiplying by Shoup's method.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Prepared {
    /// w itself, not in Montgomery form.
    factor: [u64; 4],
    /// ⌊w·2^256/p⌋.
    quotient: [u64; 4],
}

impl Prepared {
    /// The factor whose Montgomery form is `factor` < p.
    pub(crate) fn new<S: FieldSpec>(factor: [u64; 4]) -> Self {
        // Reducing finds w with factor + quotient·p = w·2^256; as factor < p, that quotient is the
        // one rounded down.
        let (mut t, mut quotient) = (factor, [0; 4]);
        for q in &mut quotient {
            *q = t[0].wrapping_mul(S::NEG_INV);
            t = reduce_word::<S>([t[0], t[1], t[2], t[3], 0]);
        }
        Self { factor: t, quotient }
    }

    /// a·w mod p, less than 2p; `a` may be any four limbs. In whatever form `a` is, so is the result.
    ///
    /// q = ⌊a·quotient/2^256⌋ is ⌊a·w/p⌋ or one less, so a·w - q·p is found from low halves alone:
    /// 16 + 10 + 10 products, none waiting for a carry out of the other, against the alternating
    /// rows of Montgomery's 36. (Harvey, "Faster arithmetic for number-theoretic transforms", 2014.)
    #[inline(always)]
    pub(super) fn mul<S: FieldSpec>(&self, a: [u64; 4]) -> [u64; 4] {
        let q = high_half(a, self.quotient);
        sub_limbs(low_half(a, self.factor), low_half(q, S::MODULUS)).0
    }
}

/// ⌊a·b/2^256⌋.
#[inline(always)]
fn high_half(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let wide = super::wide::multiply(a, b);
    [wide[4], wide[5], wide[6], wide[7]]
}

/// a·b mod 2^256.
#[inline(always)]
fn low_half(a: [u64; 4], b: [u64; 4]) -> [u64; 4] {
    let ((t0, h0), (l1, h1), (l2, h2)) = (product(a[0], b[0]), product(a[0], b[1]), product(a[0], b[2]));
    let (t1, c) = h0.carrying_add(l1, false);
    let (t2, c) = h1.carrying_add(l2, c);
    let t3 = h2.wrapping_add(a[0].wrapping_mul(b[3])).wrapping_add(u64::from(c));

    let ((l0, h0), (l1, h1)) = (product(a[1], b[0]), product(a[1], b[1]));
    let (r1, c) = h0.carrying_add(l1, false);
    let r2 = h1.wrapping_add(a[1].wrapping_mul(b[2])).wrapping_add(u64::from(c));
    let (t1, c) = t1.carrying_add(l0, false);
    let (t2, c) = t2.carrying_add(r1, c);
    let t3 = t3.wrapping_add(r2).wrapping_add(u64::from(c));

    let (l0, h0) = product(a[2], b[0]);
    let r1 = h0.wrapping_add(a[2].wrapping_mul(b[1]));
    let (t2, c) = t2.carrying_add(l0, false);
    let t3 = t3.wrapping_add(r1).wrapping_add(u64::from(c));
    [t0, t1, t2, t3.wrapping_add(a[3].wrapping_mul(b[0]))]
}
