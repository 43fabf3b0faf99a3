//! Signed digits of scalars.

use super::classes::Piece;
use crate::contract::NEGATIVE;

/// Widest window considered: 2^15 buckets of 64 bytes still fit the caches.
pub(super) const MAX_WINDOW: u32 = 16;

/// How many windows of `window` bits a magnitude of `bits` bits has, the sign included.
pub(super) fn windows(bits: u32, window: u32) -> u32 {
    bits / window + 1
}

/// The best window for `count` scalars: of those with half as many buckets as scalars at most, since the memory for more
/// would be out of proportion to what they gain.
pub(super) fn best_window(count: usize, bits: u32) -> u32 {
    let widest = count.max(4).ilog2().min(MAX_WINDOW);
    (2..=widest).min_by_key(|&window| pass_cost(count, bits, window)).unwrap_or(2)
}

/// Cost of a class in units of about one addition.
pub(super) fn cost(count: usize, bits: u32) -> u64 {
    if count == 0 { 0 } else { pass_cost(count, bits, best_window(count, bits)) }
}

/// Each window adds every point but one a bucket, joins the buckets with two additions each, and
/// costs a few inversions; the windows' sums are joined by one doubling for each bit.
pub(super) fn pass_cost(count: usize, bits: u32, window: u32) -> u64 {
    let buckets = 1u64 << (window - 1);
    u64::from(windows(bits, window)) * (count as u64 + buckets + 60) + u64::from(bits)
}

/// The digits number `index` in base 2^window, each in -2^(window-1) ..= 2^(window-1): its magnitude, marked
/// [`NEGATIVE`] perhaps (Booth's recoding: the bit below the window is a carry, the window's top bit a sign).
pub(super) fn digits(scalars: Piece<'_>, index: u32, window: u32, keys: &mut [u32]) {
    if scalars.class.is_unit() {
        return keys.fill(1);
    }
    let limb = |number| scalars.limb(number);
    match (index * window).checked_sub(1).map(|start| ((start / 64) as usize, start % 64)) {
        // No bit is below the lowest.
        None => each(keys, limb(0), |limb| key(limb << 1, window)),
        Some((word, bit)) => match (limb(word), limb(word + 1)) {
            (low, None) => each(keys, low, |low| key(low >> bit, window)),
            (Some(low), Some(high)) if bit > 0 => {
                for ((to, low), high) in keys.iter_mut().zip(low).zip(high) {
                    *to = key(low >> bit | high << (64 - bit), window);
                }
            }
            (low, Some(_)) => each(keys, low, |low| key(low, window)),
        },
    }
}

/// The keys of limbs; limbs that are not there are zeros.
#[inline(always)]
fn each(keys: &mut [u32], limbs: Option<&[u64]>, key: impl Fn(u64) -> u32) {
    match limbs {
        None => keys.fill(0),
        Some(limbs) => keys.iter_mut().zip(limbs).for_each(|(to, limb)| *to = key(*limb)),
    }
}

/// The digit of the lowest bits.
#[inline(always)]
fn key(bits: u64, window: u32) -> u32 {
    let bits = bits as u32 & ((2 << window) - 1);
    let (half, sign) = ((bits + 1) >> 1, bits >> window);
    // Half, or 2^window less half.
    let magnitude = (half ^ sign.wrapping_neg()).wrapping_add(sign + (sign << window));
    magnitude | (sign * NEGATIVE)
}

#[cfg(test)]
mod tests {
    use super::super::classes::Class;
    use super::*;
    use crate::Bn254Fr;

    /// The value of all digits, mod 2^256.
    fn recompose(magnitude: &[u64; 4], bits: u32, window: u32) -> [u64; 4] {
        let mut value = [0u64; 4];
        let class = Class { bits, count: 1, first: 0, limbs: 0 };
        let piece = Piece { class, first: 0, places: &[0], limbs: &magnitude[..class.words()] };
        for index in (0..windows(bits, window)).rev() {
            for _ in 0..window {
                let mut carry = 0;
                for limb in &mut value {
                    (*limb, carry) = ((*limb << 1) | carry, *limb >> 63);
                }
            }
            let mut key = [0];
            digits(piece, index, window, &mut key);
            let (size, negative) = (i64::from(key[0] & !NEGATIVE), key[0] & NEGATIVE != 0);
            assert!(size <= 1 << (window - 1));
            let extended = if negative { -size } else { size };
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
            assert_eq!(recompose(&[byte & 3, 0, 0, 0], 2, 2), [byte & 3, 0, 0, 0]);
        }
        for word in [0, 1, u64::MAX, 1 << 63, 0x5555_5555_5555_5555] {
            for window in 2..=MAX_WINDOW {
                assert_eq!(recompose(&[word, 0, 0, 0], 64, window), [word, 0, 0, 0]);
            }
        }
    }
}
