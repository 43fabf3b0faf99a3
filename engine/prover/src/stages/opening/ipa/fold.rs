//! Halving the bases of an inner product argument.
//!
//! All multiplications have one factor, the challenge, so that all points go through the same doublings
//! and additions at the same time: programs over columns of coordinates, without a branch.

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use super::formulas::{Formula, add_affine, double};

/// Most points that are folded together: their columns fit the second-level cache.
const MAX_CHUNK: usize = 1 << 10;
/// Fewest points that are.
const MIN_CHUNK: usize = 1 << 6;
/// Most doublings of a program.
const MAX_DOUBLINGS: usize = 6;

/// Folds points of a curve.
pub(super) struct Folder<C: CurveSpec> {
    /// So many doublings, from 1 on.
    doublings: Vec<Formula<C::Base>>,
    /// So many doublings, from 0 on, and the addition of a point.
    additions: Vec<Formula<C::Base>>,
    /// The same with its subtraction.
    subtractions: Vec<Formula<C::Base>>,
}

impl<C: CurveSpec> Folder<C> {
    pub(super) fn new() -> Self {
        let doubled_then = |sign| {
            let formula = |doublings| {
                Formula::new(|algebra, [mut acc, point]| {
                    (0..doublings).for_each(|_| acc = double(algebra, acc));
                    add_affine(algebra, acc, point, sign)
                })
            };
            (0..=MAX_DOUBLINGS).map(formula).collect()
        };
        let doubled = |doublings| {
            Formula::new(|algebra, [mut acc, _]| {
                (0..doublings).for_each(|_| acc = double(algebra, acc));
                acc
            })
        };
        Self {
            doublings: (1..=MAX_DOUBLINGS).map(doubled).collect(),
            additions: doubled_then(false),
            subtractions: doubled_then(true),
        }
    }

    /// low\[i\] + u·high\[i\].
    pub(super) fn fold(
        &self,
        kernels: &Kernels,
        low: &[Affine<C>],
        high: &[Affine<C>],
        u: Fp<C::Scalar>,
    ) -> Vec<Affine<C>> {
        let executor = kernels.executor();
        let len = executor.chunk_len(low.len(), MIN_CHUNK).min(MAX_CHUNK);
        let digits = signed_digits(u.to_canonical());
        let mut folded = low.to_vec();
        executor.for_each(folded.chunks_mut(len).zip(high.chunks(len)), |_, (low, high)| {
            self.fold_chunk(kernels, low, high, u, &digits);
        });
        folded
    }

    fn fold_chunk(
        &self,
        kernels: &Kernels,
        low: &mut [Affine<C>],
        high: &[Affine<C>],
        u: Fp<C::Scalar>,
        digits: &[i8],
    ) {
        let columns = |points: &[Affine<C>]| -> [Vec<Fp<C::Base>>; 2] {
            let coordinate = |of: fn(&Affine<C>) -> Fp<C::Base>| points.iter().map(of).collect();
            [coordinate(|point| point.x), coordinate(|point| point.y)]
        };
        let (point, addend) = (columns(high), columns(low));
        // The highest digit is 1.
        let [x, y] = point.clone();
        let mut acc = [x, y, vec![Fp::ONE; low.len()]];
        let mut next = acc.clone();
        let mut run = |formula: &Formula<C::Base>, point: &[Vec<Fp<C::Base>>; 2]| {
            formula.run(kernels, &acc, point, &mut next);
            std::mem::swap(&mut acc, &mut next);
        };
        let mut doublings = 0;
        for &digit in digits.iter().rev().skip(1) {
            doublings += 1;
            if digit == 0 {
                if doublings == MAX_DOUBLINGS {
                    run(&self.doublings[doublings - 1], &point);
                    doublings = 0;
                }
                continue;
            }
            let formulas = if digit > 0 { &self.additions } else { &self.subtractions };
            run(&formulas[doublings], &point);
            doublings = 0;
        }
        if doublings > 0 {
            run(&self.doublings[doublings - 1], &point);
        }
        run(&self.additions[0], &addend);

        let [xs, ys, mut inverses] = acc;
        kernels.batch_invert(&mut inverses);
        for (index, ((x, y), z_inverse)) in xs.into_iter().zip(ys).zip(inverses).enumerate() {
            // The formulas are not complete: but for the identity, what they do not cover ends with
            // Z = 0. Neither happens to bases that nobody made to that end.
            low[index] = if z_inverse.is_zero() || low[index].is_identity() || high[index].is_identity() {
                fold_one(low[index], high[index], u)
            } else {
                let square = z_inverse.square();
                Affine { x: x * square, y: y * square * z_inverse }
            };
        }
    }
}

/// low + u·high, by double and add.
fn fold_one<C: CurveSpec>(low: Affine<C>, high: Affine<C>, u: Fp<C::Scalar>) -> Affine<C> {
    high.to_projective().mul(u).add_affine(low).to_affine()
}

/// The non-adjacent form of an integer, lowest digit first: digits -1, 0 and 1, of which no two
/// neighbours are not 0. The highest is 1, for integers that are not 0.
fn signed_digits(integer: [u64; 4]) -> Vec<i8> {
    let bit = |position: usize| {
        let limb = integer.get(position / 64).copied().unwrap_or(0);
        (limb >> (position % 64) & 1) as i8
    };
    let mut digits = Vec::with_capacity(257);
    let mut carry = 0;
    for position in 0..=256 {
        let sum = bit(position) + carry;
        // Of an odd sum the digit is 1 if the next bit is 0, or else -1.
        let digit = if sum == 1 { 1 - 2 * bit(position + 1) } else { 0 };
        carry = (sum - digit) / 2;
        digits.push(digit);
    }
    while digits.last() == Some(&0) {
        digits.pop();
    }
    digits
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_field_kernels::{KernelChoice, PallasSpec, VestaSpec};
    use std::sync::Arc;

    #[test]
    fn signed_digits_stand_for_the_integer() {
        for integer in [0u64, 1, 2, 3, 7, 11, 0xffff_ffff, u64::MAX, 0x9e37_79b9_7f4a_7c15] {
            let digits = signed_digits([integer, 0, 0, 0]);
            let value = digits.iter().rev().fold(0i128, |value, &digit| 2 * value + i128::from(digit));
            assert_eq!(value, i128::from(integer));
            assert!(digits.windows(2).all(|pair| pair[0] == 0 || pair[1] == 0));
            assert!(digits.last().is_none_or(|&digit| digit == 1));
        }
        assert_eq!(signed_digits([u64::MAX; 4]).len(), 257);
    }

    fn compare<C: CurveSpec>(kernels: &Kernels) {
        let point = |i: u64| C::generator().to_projective().mul(Fp::generator().pow(i + 1)).to_affine();
        let (mut low, mut high): (Vec<_>, Vec<_>) = (0..150).map(|i| (point(i), point(500 + i))).unzip();
        // What formulas for points in general do not cover.
        low[3] = Affine::IDENTITY;
        high[5] = Affine::IDENTITY;
        (low[7], high[7]) = (Affine::IDENTITY, Affine::IDENTITY);
        low[9] = high[9];
        low[11] = -high[11];
        let folder = Folder::new();
        for u in [Fp::ONE, -Fp::ONE, Fp::from_u64(2), Fp::from_u64(6), Fp::generator().pow(77)] {
            let expected: Vec<_> =
                low.iter().zip(&high).map(|(low, high)| fold_one(*low, *high, u)).collect();
            let folded = folder.fold(kernels, &low, &high, u);
            let wrong = folded.iter().zip(&expected).position(|(folded, expected)| folded != expected);
            assert_eq!(wrong, None, "u = {u:?}");
        }
    }

    #[test]
    fn points_are_folded_as_one_by_one() {
        for choice in [KernelChoice::Scalar, KernelChoice::Avx512Ifma] {
            for threads in [1, 2] {
                let executor = Arc::new(parhelion_scheduler::RayonExecutor::new(threads).unwrap());
                let Ok(kernels) = Kernels::new(choice, executor) else { continue };
                compare::<VestaSpec>(&kernels);
                compare::<PallasSpec>(&kernels);
            }
        }
    }
}
