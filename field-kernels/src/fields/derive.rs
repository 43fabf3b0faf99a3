//! What follows from a modulus, computed at compile time.

/// -1/m mod 2^64, for odd m.
pub(super) const fn neg_inverse(m: u64) -> u64 {
    // Newton's iteration doubles the number of correct low bits; m is its own inverse mod 8.
    let mut inverse = m;
    let mut step = 0;
    while step < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(m.wrapping_mul(inverse)));
        step += 1;
    }
    inverse.wrapping_neg()
}

/// 2^exponent mod m, for odd m < 2^256/3, the bound that the arithmetic relies on.
pub(super) const fn power_of_two(exponent: u32, m: [u64; 4]) -> [u64; 4] {
    assert!(m[0] & 1 == 1 && m[3] < u64::MAX / 3, "a modulus must be odd and less than 2^256/3");
    assert!(m[3] >> 32 != 0, "a modulus must be at least 2^224");
    let mut value = [1, 0, 0, 0];
    let mut step = 0;
    while step < exponent {
        value = double(value, m);
        step += 1;
    }
    value
}

/// 2a mod m, for a < m < 2^255.
const fn double(a: [u64; 4], m: [u64; 4]) -> [u64; 4] {
    let doubled =
        [a[0] << 1, (a[1] << 1) | (a[0] >> 63), (a[2] << 1) | (a[1] >> 63), (a[3] << 1) | (a[2] >> 63)];
    let (mut reduced, mut borrow, mut limb) = ([0; 4], false, 0);
    while limb < 4 {
        let (difference, under) = doubled[limb].overflowing_sub(m[limb]);
        let (difference, under_again) = difference.overflowing_sub(borrow as u64);
        reduced[limb] = difference;
        borrow = under | under_again;
        limb += 1;
    }
    if borrow { doubled } else { reduced }
}

/// The number of times 2 divides m - 1, for odd m.
pub(super) const fn two_adicity(m: [u64; 4]) -> u32 {
    let mut limb = 0;
    let mut zeros = 0;
    while limb < 4 {
        let word = if limb == 0 { m[0] - 1 } else { m[limb] };
        if word != 0 {
            return zeros + word.trailing_zeros();
        }
        zeros += 64;
        limb += 1;
    }
    zeros
}
