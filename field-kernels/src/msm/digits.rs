//! Signed digits of scalars, and classes of scalars by size.

use crate::contract::{Backend, NEGATIVE};
use crate::scalar::limbs::{less_than, sub_limbs};
use crate::{FieldSpec, Fp};

/// Upper limits of the classes in bits; the last holds any magnitude (at most (p - 1) / 2).
const CLASS_BITS: [u32; 8] = [1, 8, 16, 32, 64, 96, 160, 255];

/// Widest window considered: 2^15 buckets of 64 bytes still fit the second-level cache.
const MAX_WINDOW: u32 = 16;

/// A scalar as sign and magnitude: whichever of s and p - s is smaller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signed {
    pub(super) magnitude: [u64; 4],
    /// Index of the base, marked [`NEGATIVE`] where it is subtracted.
    pub(super) base: u32,
}

/// Scalars of similar size.
#[derive(Debug)]
pub(super) struct Class {
    /// Bits of the largest magnitude.
    pub(super) bits: u32,
    pub(super) scalars: Vec<Signed>,
}

/// Sorts the nonzero scalars of a column into classes, so that each is only scanned for as many
/// windows as it has. Classes too small to be worth a pass of their own join the next wider one.
pub(super) fn classify<S: FieldSpec>(backend: impl Backend, scalars: &[Fp<S>]) -> Vec<Class> {
    let mut signed: Vec<(u32, Signed)> = Vec::with_capacity(scalars.len());
    let mut integers = [[0; 4]; 256];
    for (start, scalars) in (0..).step_by(integers.len()).zip(scalars.chunks(integers.len())) {
        let integers = &mut integers[..scalars.len()];
        backend.to_integers(scalars, integers);
        let bases = integers.iter().zip(start..);
        signed.extend(bases.filter_map(|(integer, base)| signed_form::<S>(*integer, base)));
    }
    let mut counts = [0usize; CLASS_BITS.len()];
    signed.iter().for_each(|(bits, _)| counts[class_of(*bits)] += 1);

    // Which class each class ends up in.
    let mut target: [usize; CLASS_BITS.len()] = std::array::from_fn(|class| class);
    for class in 0..CLASS_BITS.len() - 1 {
        let Some(next) = (class + 1..CLASS_BITS.len()).find(|&next| counts[next] > 0) else { break };
        let (here, there) = (counts[class], counts[next]);
        let apart = cost(here, CLASS_BITS[class]) + cost(there, CLASS_BITS[next]);
        if here > 0 && cost(here + there, CLASS_BITS[next]) <= apart {
            target[..=class].iter_mut().filter(|t| **t == class).for_each(|t| *t = next);
            counts[next] += here;
            counts[class] = 0;
        }
    }

    let mut classes: Vec<Class> =
        counts.iter().map(|count| Class { bits: 1, scalars: Vec::with_capacity(*count) }).collect();
    for (bits, scalar) in signed {
        let class = &mut classes[target[class_of(bits)]];
        class.bits = class.bits.max(bits);
        class.scalars.push(scalar);
    }
    classes.retain(|class| !class.scalars.is_empty());
    classes
}

/// The magnitude of an integer less than p, and its number of bits; `None` for 0.
#[inline]
fn signed_form<S: FieldSpec>(integer: [u64; 4], base: u32) -> Option<(u32, Signed)> {
    // Mostly the highest limb tells; p - s is computed where s might be the larger.
    let (magnitude, base) = if integer[3] < S::MODULUS[3] / 2 {
        (integer, base)
    } else {
        let (negated, _) = sub_limbs(S::MODULUS, integer);
        if less_than(integer, negated) { (integer, base) } else { (negated, base | NEGATIVE) }
    };
    let top = magnitude.iter().rposition(|limb| *limb != 0)?;
    let bits = 64 * (top as u32 + 1) - magnitude[top].leading_zeros();
    Some((bits, Signed { magnitude, base }))
}

fn class_of(bits: u32) -> usize {
    CLASS_BITS.iter().position(|&limit| bits <= limit).unwrap_or(CLASS_BITS.len() - 1)
}

/// How many windows of `window` bits a magnitude of `bits` bits has, the sign included.
pub(super) fn windows(bits: u32, window: u32) -> u32 {
    bits / window + 1
}

/// The best window for `count` scalars.
pub(super) fn best_window(count: usize, bits: u32) -> u32 {
    (2..=MAX_WINDOW).min_by_key(|&window| pass_cost(count, bits, window)).unwrap_or(2)
}

/// Cost of a class in units of about one addition.
fn cost(count: usize, bits: u32) -> u64 {
    if count == 0 { 0 } else { pass_cost(count, bits, best_window(count, bits)) }
}

/// Each window adds every point but one a bucket, joins the buckets with two additions each, and
/// costs a few inversions; the windows' sums are joined by one doubling for each bit.
pub(super) fn pass_cost(count: usize, bits: u32, window: u32) -> u64 {
    let buckets = 1u64 << (window - 1);
    u64::from(windows(bits, window)) * (count as u64 + buckets + 60) + u64::from(bits)
}

/// Digit number `index` in base 2^window, in -2^(window-1) ..= 2^(window-1) (Booth's recoding: the
/// bit below the window is a carry, the window's top bit a sign).
pub(super) fn digit(magnitude: &[u64; 4], index: u32, window: u32) -> i32 {
    let low = index * window;
    let bits = match low.checked_sub(1) {
        None => extract(magnitude, 0, window) << 1,
        Some(start) => extract(magnitude, start, window + 1),
    };
    let half = ((bits + 1) >> 1) as i32;
    if bits >> window == 0 { half } else { half - (1 << window) }
}

/// `count` bits from bit `start` on; bits past the end are zero.
fn extract(limbs: &[u64; 4], start: u32, count: u32) -> u32 {
    let (word, bit) = ((start / 64) as usize, start % 64);
    let low = limbs.get(word).map_or(0, |limb| limb >> bit);
    let high = if bit == 0 { 0 } else { limbs.get(word + 1).map_or(0, |limb| limb << (64 - bit)) };
    ((low | high) & ((1 << count) - 1)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bn254Fr;
    use crate::scalar::Scalar;

    /// The value of all digits, mod 2^256.
    fn recompose(magnitude: &[u64; 4], bits: u32, window: u32) -> [u64; 4] {
        let mut value = [0u64; 4];
        for index in (0..windows(bits, window)).rev() {
            for _ in 0..window {
                let mut carry = 0;
                for limb in &mut value {
                    (*limb, carry) = ((*limb << 1) | carry, *limb >> 63);
                }
            }
            let digit = digit(magnitude, index, window);
            assert!(digit.unsigned_abs() <= 1 << (window - 1));
            let extended = i64::from(digit);
            let sign = if extended < 0 { u64::MAX } else { 0 };
            let mut carry = false;
            for (limb, add) in value.iter_mut().zip([extended as u64, sign, sign, sign]) {
                (*limb, carry) = limb.carrying_add(add, carry);
            }
        }
        value
    }

    #[test]
    fn digits_make_up_the_scalar() {
        let mut samples = vec![[0; 4], [1, 0, 0, 0], [u64::MAX; 4], [0, 0, 0, 1 << 61]];
        samples.extend((1..40).map(|i| Bn254Fr::from_u64(i).invert().unwrap().to_canonical()));
        for magnitude in samples {
            let magnitude = [magnitude[0], magnitude[1], magnitude[2], magnitude[3] >> 2];
            for window in 2..=MAX_WINDOW {
                assert_eq!(recompose(&magnitude, 254, window), magnitude, "window {window}");
            }
        }
        for byte in 0..=255u64 {
            assert_eq!(recompose(&[byte, 0, 0, 0], 8, 9), [byte, 0, 0, 0]);
            assert_eq!(recompose(&[byte & 1, 0, 0, 0], 1, 2), [byte & 1, 0, 0, 0]);
        }
    }

    #[test]
    fn every_scalar_is_in_a_class_that_holds_it() {
        let scalars: Vec<Bn254Fr> = (0..2000u64)
            .map(|i| match i % 5 {
                0 => Bn254Fr::ZERO,
                1 => -Bn254Fr::from_u64(i),
                2 => Bn254Fr::from_u64(i & 1),
                3 => Bn254Fr::from_u64(i).invert().unwrap(),
                _ => Bn254Fr::from_u64(i << 40),
            })
            .collect();
        let classes = classify(Scalar::new(), &scalars);
        let mut seen = vec![false; scalars.len()];
        for class in &classes {
            for scalar in &class.scalars {
                let base = (scalar.base & !NEGATIVE) as usize;
                assert!(!std::mem::replace(&mut seen[base], true));
                let value = Bn254Fr::from_canonical(scalar.magnitude).unwrap();
                let value = if scalar.base & NEGATIVE == 0 { value } else { -value };
                assert_eq!(value, scalars[base]);
                let top = scalar.magnitude.iter().rposition(|l| *l != 0).unwrap();
                assert!(64 * top as u32 + 64 - scalar.magnitude[top].leading_zeros() <= class.bits);
            }
        }
        assert!(seen.iter().zip(&scalars).all(|(seen, scalar)| *seen != scalar.is_zero()));
    }
}
