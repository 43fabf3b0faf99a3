//! Constants of a field in radix 2^52.

use std::marker::PhantomData;

use crate::FieldSpec;

/// Low 52 bits.
pub(super) const MASK: u64 = (1 << 52) - 1;

/// Constants of the field `S` in limbs of 52 bits.
pub(super) struct Radix52<S>(PhantomData<S>);

impl<S: FieldSpec> Radix52<S> {
    /// p.
    pub(super) const MODULUS: [u64; 5] = split(S::MODULUS);
    /// 2^260 - p.
    pub(super) const NEG_MODULUS: [u64; 5] = {
        let mut limbs = Self::MODULUS;
        let mut i = 0;
        while i < 5 {
            limbs[i] = MASK - limbs[i];
            i += 1;
        }
        // p is odd, so the lowest limb has room for the 1 that completes the complement.
        limbs[0] += 1;
        limbs
    };
    /// -1/p mod 2^52.
    pub(super) const NEG_INV: u64 = S::NEG_INV & MASK;
    /// 2^-156, 2^-104 and 2^-52 mod p: what limbs 0, 1 and 2 of a number are worth when it is divided by
    /// 2^156.
    pub(super) const FOLDS: [[u64; 5]; 3] = {
        let (mut value, mut folds, mut halvings) = ([1, 0, 0, 0, 0], [[0; 5]; 3], 0);
        while halvings < 156 {
            value = half(value, Self::MODULUS);
            halvings += 1;
            if halvings % 52 == 0 {
                folds[3 - halvings / 52] = value;
            }
        }
        folds
    };
    /// ⌊2^97/(⌊p/2^208⌋ + 1)⌋: times the highest limb of a value, over 2^97, this estimates how many
    /// times p goes into it, from below.
    pub(super) const QUOTIENT: u64 = {
        let quotient = (1u128 << 97) / (Self::MODULUS[4] as u128 + 1);
        assert!(quotient < 1 << 52, "the modulus must be more than 2^253");
        quotient as u64
    };
    /// How many times p fits 2^260.
    pub(super) const CAPACITY: u32 = ((1u64 << 52) / (Self::MODULUS[4] + 1)) as u32;

    /// `times`·p.
    pub(super) const fn multiple(times: u64) -> [u64; 5] {
        assert!(times <= Self::CAPACITY as u64, "the multiple must be less than 2^260");
        let mut limbs = [0; 5];
        let (mut carry, mut i) = (0, 0);
        while i < 5 {
            let wide = Self::MODULUS[i] as u128 * times as u128 + carry;
            limbs[i] = wide as u64 & MASK;
            carry = wide >> 52;
            i += 1;
        }
        limbs
    }
}

/// Four limbs of 64 bits as five of 52.
pub(super) const fn split(a: [u64; 4]) -> [u64; 5] {
    [
        a[0] & MASK,
        (a[0] >> 52 | a[1] << 12) & MASK,
        (a[1] >> 40 | a[2] << 24) & MASK,
        (a[2] >> 28 | a[3] << 36) & MASK,
        a[3] >> 16,
    ]
}

/// a/2 mod p, for a < p.
const fn half(mut a: [u64; 5], p: [u64; 5]) -> [u64; 5] {
    if a[0] & 1 == 1 {
        let (mut carry, mut i) = (0, 0);
        while i < 5 {
            let sum = a[i] + p[i] + carry;
            a[i] = sum & MASK;
            carry = sum >> 52;
            i += 1;
        }
    }
    let mut i = 0;
    while i < 5 {
        let above = if i < 4 { a[i + 1] & 1 } else { 0 };
        a[i] = a[i] >> 1 | above << 51;
        i += 1;
    }
    a
}
