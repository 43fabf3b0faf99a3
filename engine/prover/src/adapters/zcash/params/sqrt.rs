//! Many square roots at once, in a field whose multiplicative group has order 2^s·t, t odd.
//!
//! Sarkar, "Computing square roots faster than the Tonelli-Shanks/Bernstein algorithm" (ePrint
//! 2020/1407). With v = a^((t+1)/2) and b = a^t, v² = a·b, and b is a power of a root of unity g
//! of order 2^s: if b = g^e, then the root is v·g^(-e/2). The exponent is found a digit at a time.
//! Everything but looking up digits is done for all elements together.

use std::collections::HashMap;

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};

/// Bits of e that are found at a time.
const DIGIT: u32 = 8;

/// Powers of the inverse of g: entry d of table i is g^(-d·2^(8i)).
struct InversePowers<S: FieldSpec>(Vec<Vec<Fp<S>>>);

impl<S: FieldSpec> InversePowers<S> {
    fn new(root: Fp<S>) -> Self {
        let mut step = root.invert().unwrap_or_default();
        let tables = (0..S::TWO_ADICITY.div_ceil(DIGIT)).map(|_| {
            let mut table = vec![Fp::ONE; 1 << DIGIT];
            for d in 1..table.len() {
                table[d] = table[d - 1] * step;
            }
            step *= table[table.len() - 1];
            table
        });
        Self(tables.collect())
    }

    /// g^(-exponent)
    fn power(&self, exponent: u64) -> Fp<S> {
        let digit = |table: usize| (exponent >> (DIGIT * table as u32)) as usize & ((1 << DIGIT) - 1);
        self.0.iter().enumerate().fold(Fp::ONE, |product, (index, table)| product * table[digit(index)])
    }
}

/// A square root of each element: which of the two is unspecified, and for an element that has none,
/// so is the result.
pub(super) fn square_roots<S: FieldSpec>(kernels: &Kernels, values: &[Fp<S>]) -> Vec<Fp<S>> {
    let s = S::TWO_ADICITY;
    let root = Fp::<S>::root_of_unity(s).unwrap_or_default();
    let inverse_powers = InversePowers::new(root);

    // w = a^((t-1)/2), v = a·w, b = v·w.
    let mut w = powers(kernels, values, half_of_odd_part::<S>());
    let mut v = values.to_vec();
    kernels.mul_assign(&mut v, &w);
    kernels.mul_assign(&mut w, &v);
    let b = w;

    // Raised to 2^(s - bits found - 8), what is left of b is a power of g^(2^(s-8)), of order 2^8.
    let last = root.pow(1 << (s - DIGIT));
    let mut power = Fp::ONE;
    let mut digit_of: HashMap<Fp<S>, u64> = HashMap::with_capacity(1 << DIGIT);
    for digit in 0..1 << DIGIT {
        digit_of.insert(power, digit);
        power *= last;
    }
    let mut exponents = vec![0u64; b.len()];
    for found in (0..s).step_by(DIGIT as usize) {
        let mut left: Vec<Fp<S>> = exponents.iter().map(|&exponent| inverse_powers.power(exponent)).collect();
        kernels.mul_assign(&mut left, &b);
        (0..s.saturating_sub(found + DIGIT)).for_each(|_| kernels.square(&mut left));
        for (exponent, left) in exponents.iter_mut().zip(&left) {
            *exponent |= digit_of.get(left).copied().unwrap_or(0) << found;
        }
    }
    let corrections: Vec<Fp<S>> =
        exponents.into_iter().map(|exponent| inverse_powers.power(exponent / 2)).collect();
    kernels.mul_assign(&mut v, &corrections);
    v
}

/// (t - 1)/2 as limbs, where p - 1 = 2^s·t.
fn half_of_odd_part<S: FieldSpec>() -> [u64; 4] {
    let shift = S::TWO_ADICITY + 1;
    let (words, bits) = ((shift / 64) as usize, shift % 64);
    let word = |index: usize| S::MODULUS.get(index).copied().unwrap_or(0);
    std::array::from_fn(|index| {
        let (low, high) = (word(index + words), word(index + words + 1));
        if bits == 0 { low } else { low >> bits | high << (64 - bits) }
    })
}

/// Each element raised to `exponent`, four bits at a time.
fn powers<S: FieldSpec>(kernels: &Kernels, values: &[Fp<S>], exponent: [u64; 4]) -> Vec<Fp<S>> {
    let mut table = vec![vec![Fp::ONE; values.len()]];
    for index in 1..16 {
        let mut next: Vec<Fp<S>> = table[index - 1].clone();
        kernels.mul_assign(&mut next, values);
        table.push(next);
    }
    let mut result = table[0].clone();
    for digit in (0..64).rev().map(|digit| (exponent[digit / 16] >> (4 * (digit % 16))) as usize & 15) {
        (0..4).for_each(|_| kernels.square(&mut result));
        if digit > 0 {
            kernels.mul_assign(&mut result, &table[digit]);
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_field_kernels::{PastaFpSpec, PastaFqSpec};

    fn compare<S: FieldSpec>() {
        let values: Vec<Fp<S>> = (0..300).map(|i| Fp::from_u64(i) * Fp::generator().pow(i)).collect();
        let squares: Vec<Fp<S>> = values.iter().map(|value| value.square()).collect();
        let roots = square_roots(&Kernels::sequential(), &squares);
        assert!(roots.iter().zip(&values).all(|(root, value)| root == value || *root == -*value));
        // No root: the result is some element, whose square is another.
        let odd = [Fp::<S>::generator()];
        assert_ne!(square_roots(&Kernels::sequential(), &odd)[0].square(), odd[0]);
    }

    #[test]
    fn roots_square_to_their_squares() {
        compare::<PastaFpSpec>();
        compare::<PastaFqSpec>();
    }
}
