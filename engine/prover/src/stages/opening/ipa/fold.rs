//! Folding the bases of an inner product argument.
//!
//! Blocks of points are multiplied by one factor each and added up, so that all points of a block go through the
//! same additions at the same time, and all sums through the same doublings: programs over columns of
//! coordinates, without a branch.

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Kernels, Projective};
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

    /// Σ weights\[b\]·bases\[b·len + i\] for each i below len: as many bases for each weight.
    pub(super) fn fold(
        &self,
        kernels: &Kernels,
        bases: &[Affine<C>],
        weights: &[Fp<C::Scalar>],
    ) -> Vec<Affine<C>> {
        let executor = kernels.executor();
        let block = bases.len() / weights.len();
        let len = executor.chunk_len(block, MIN_CHUNK).min(MAX_CHUNK);
        let digits: Vec<Vec<i8>> =
            weights.iter().map(|weight| signed_digits(weight.to_canonical())).collect();
        let mut folded = vec![Affine::IDENTITY; block];
        executor.for_each(folded.chunks_mut(len), |index, folded| {
            let range = index * len..index * len + folded.len();
            let terms: Vec<Term<'_, C>> = (bases.chunks(block).zip(weights).zip(&digits))
                .map(|((points, weight), digits)| Term {
                    points: &points[range.clone()],
                    weight: *weight,
                    digits,
                })
                .collect();
            self.fold_chunk(kernels, &terms, folded);
        });
        folded
    }

    fn fold_chunk(&self, kernels: &Kernels, terms: &[Term<'_, C>], folded: &mut [Affine<C>]) {
        let columns: Vec<[Vec<Fp<C::Base>>; 2]> = terms.iter().map(|term| coordinates(term.points)).collect();
        let highest = terms.iter().map(|term| term.digits.len()).max().unwrap_or(0);
        // The highest digit of each is 1, so that the sum begins with a point.
        let Some(first) = terms.iter().position(|term| term.digits.len() == highest && highest > 0) else {
            return;
        };
        let [x, y] = columns[first].clone();
        let mut acc = [x, y, vec![Fp::ONE; folded.len()]];
        let mut next = acc.clone();
        let mut run = |formula: &Formula<C::Base>, point: &[Vec<Fp<C::Base>>; 2]| {
            formula.run(kernels, &acc, point, &mut next);
            std::mem::swap(&mut acc, &mut next);
        };
        let mut doublings = 0;
        for position in (0..highest).rev() {
            let top = position + 1 == highest;
            doublings += usize::from(!top);
            for (index, (term, point)) in terms.iter().zip(&columns).enumerate() {
                let formulas = match term.digits.get(position) {
                    Some(1) if !(top && index == first) => &self.additions,
                    Some(-1) => &self.subtractions,
                    _ => continue,
                };
                run(&formulas[doublings], point);
                doublings = 0;
            }
            if doublings == MAX_DOUBLINGS {
                run(&self.doublings[doublings - 1], &columns[first]);
                doublings = 0;
            }
        }
        if doublings > 0 {
            run(&self.doublings[doublings - 1], &columns[first]);
        }

        let [xs, ys, mut inverses] = acc;
        kernels.batch_invert(&mut inverses);
        for (index, ((x, y), z_inverse)) in xs.into_iter().zip(ys).zip(inverses).enumerate() {
            // The formulas are not complete: but for the identity, what they do not cover ends with
            // Z = 0. Neither happens to bases that nobody made to that end.
            let usual = !z_inverse.is_zero() && terms.iter().all(|term| !term.points[index].is_identity());
            let square = z_inverse.square();
            folded[index] = if usual {
                Affine { x: x * square, y: y * square * z_inverse }
            } else {
                fold_one(terms, index)
            };
        }
    }
}

/// Some points that have the same factor.
struct Term<'a, C: CurveSpec> {
    points: &'a [Affine<C>],
    weight: Fp<C::Scalar>,
    /// Of the weight.
    digits: &'a [i8],
}

fn coordinates<C: CurveSpec>(points: &[Affine<C>]) -> [Vec<Fp<C::Base>>; 2] {
    let coordinate = |of: fn(&Affine<C>) -> Fp<C::Base>| points.iter().map(of).collect();
    [coordinate(|point| point.x), coordinate(|point| point.y)]
}

/// One sum, by double and add.
fn fold_one<C: CurveSpec>(terms: &[Term<'_, C>], index: usize) -> Affine<C> {
    let multiple = |term: &Term<'_, C>| term.points[index].to_projective().mul(term.weight);
    terms.iter().map(multiple).sum::<Projective<C>>().to_affine()
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
        const BLOCK: usize = 150;
        let point =
            |i: usize| C::generator().to_projective().mul(Fp::generator().pow(i as u64 + 1)).to_affine();
        let folder = Folder::new();
        let (one, two) = (Fp::ONE, Fp::from_u64(2));
        let [u, v] = [77, 78].map(|power| Fp::generator().pow(power));
        for weights in [vec![one, one], vec![one, -one], vec![one, two], vec![one, u], vec![one, u, v, u * v]]
        {
            let mut bases: Vec<Affine<C>> = (0..weights.len() * BLOCK).map(point).collect();
            let (low, high) = bases.split_at_mut(BLOCK);
            // What formulas for points in general do not cover.
            low[3] = Affine::IDENTITY;
            high[5] = Affine::IDENTITY;
            (low[7], high[7]) = (Affine::IDENTITY, Affine::IDENTITY);
            low[9] = high[9];
            low[11] = -high[11];
            let terms: Vec<Term<'_, C>> = bases
                .chunks(BLOCK)
                .zip(&weights)
                .map(|(points, weight)| Term { points, weight: *weight, digits: &[] })
                .collect();
            let expected: Vec<_> = (0..BLOCK).map(|index| fold_one(&terms, index)).collect();
            let folded = folder.fold(kernels, &bases, &weights);
            let wrong = folded.iter().zip(&expected).position(|(folded, expected)| folded != expected);
            assert_eq!(wrong, None, "weights {weights:?}");
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
