//! The bases of an inner product argument, which every round halves.
//!
//! The bases of a round are low\[i\] + u·high\[i\] of those before, so sums of those that were there at first:
//! base i of a round is Σ w\[b\]·G\[b·len + i\] over blocks b of `len` bases each. What a round multiplies its bases by,
//! times the weights of the blocks, are the multiples of the first ones. A multi-scalar multiplication of
//! all n bases takes less time than to multiply half of them by a challenge, one by one: so they are only
//! folded after some rounds, by all weights at once, and not at all where there are few.

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Kernels, Projective};

use super::fold::Folder;
use crate::memory::Buffer;

/// So many blocks are folded into one, four rounds' worth, if [`MIN_FOLDED`] bases or more are left.
///
/// A fold costs each base about 85 mixed additions, and 255 doublings to one in 16; a round without one about 40
/// affine additions, with half as much again for what is not additions.
const BLOCKS: usize = 16;

/// To have fewer bases would cost more than it saves.
const MIN_FOLDED: usize = 1 << 7;

pub(super) struct Bases<'a, C: CurveSpec> {
    /// What all rounds since the last fold read.
    first: First<'a, C>,
    /// The weight of each block of them.
    weights: Vec<Fp<C::Scalar>>,
    /// Multiples of the bases, for either side.
    sides: [Buffer<C::Scalar>; 2],
}

enum First<'a, C: CurveSpec> {
    Given(&'a [Affine<C>]),
    Folded(Vec<Affine<C>>),
}

impl<C: CurveSpec> First<'_, C> {
    fn points(&self) -> &[Affine<C>] {
        match self {
            Self::Given(points) => points,
            Self::Folded(points) => points,
        }
    }
}

impl<'a, C: CurveSpec> Bases<'a, C> {
    /// With room for as many scalars as there are bases, twice.
    pub(super) fn new(bases: &'a [Affine<C>], left: Buffer<C::Scalar>, right: Buffer<C::Scalar>) -> Self {
        Self { first: First::Given(bases), weights: vec![Fp::ONE], sides: [left, right] }
    }

    /// The sum of multiples of the lower half of the bases by `left`, and that of the upper half by `right`.
    pub(super) fn commit(
        &mut self,
        kernels: &Kernels,
        left: &[Fp<C::Scalar>],
        right: &[Fp<C::Scalar>],
    ) -> [Projective<C>; 2] {
        let (bases, half) = (self.first.points(), left.len());
        let [lower, upper] = &mut self.sides;
        let sides = [lower, upper].map(|side| &mut side[..bases.len()]);
        let [lower, upper] = sides;
        let blocks = lower.chunks_mut(2 * half).zip(upper.chunks_mut(2 * half)).zip(&self.weights);
        for ((lower, upper), weight) in blocks {
            let scaled = |to: &mut [Fp<C::Scalar>], from: &[Fp<C::Scalar>]| {
                to.iter_mut().zip(from).for_each(|(to, from)| *to = *from * *weight);
            };
            scaled(&mut lower[..half], left);
            lower[half..].fill(Fp::ZERO);
            upper[..half].fill(Fp::ZERO);
            scaled(&mut upper[half..], right);
        }
        let mut sums = kernels.msm_columns(bases, &[lower, upper]).into_iter();
        std::array::from_fn(|_| sums.next().unwrap_or(Projective::IDENTITY))
    }

    /// Halves the bases: adds `u` times the upper half to the lower.
    pub(super) fn fold(&mut self, kernels: &Kernels, u: Fp<C::Scalar>) {
        self.weights = self.weights.iter().flat_map(|&weight| [weight, weight * u]).collect();
        let bases = self.first.points();
        if self.weights.len() == BLOCKS && bases.len() >= BLOCKS * MIN_FOLDED {
            let folded = Folder::new().fold(kernels, bases, &self.weights);
            (self.first, self.weights) = (First::Folded(folded), vec![Fp::ONE]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_field_kernels::VestaSpec;

    #[test]
    fn bases_are_halved_as_the_definition_says() {
        let kernels = Kernels::sequential();
        let n = BLOCKS * MIN_FOLDED;
        let point = |i: u64| VestaSpec::generator().to_projective().mul(Fp::from_u64(i + 1)).to_affine();
        let given: Vec<Affine<VestaSpec>> = (0..n as u64).map(point).collect();
        let mut expected: Vec<Projective<VestaSpec>> =
            given.iter().map(|point| point.to_projective()).collect();
        let room = || Buffer::from(vec![Fp::ZERO; n]);
        let mut bases = Bases::new(&given, room(), room());
        let mut u = Fp::generator();
        while expected.len() > 1 {
            let half = expected.len() / 2;
            let scalars =
                |from: u64| -> Vec<_> { (0..half as u64).map(|i| Fp::generator().pow(from + i)).collect() };
            let (left, right) = (scalars(3), scalars(100));
            let sum = |points: &[Projective<VestaSpec>], scalars: &[Fp<_>]| {
                points
                    .iter()
                    .zip(scalars)
                    .fold(Projective::IDENTITY, |sum, (point, scalar)| sum + point.mul(*scalar))
            };
            let (lower, upper) = expected.split_at(half);
            assert_eq!(bases.commit(&kernels, &left, &right), [sum(lower, &left), sum(upper, &right)]);
            expected = lower.iter().zip(upper).map(|(lower, upper)| *lower + upper.mul(u)).collect();
            bases.fold(&kernels, u);
            u = u.square() + Fp::ONE;
        }
    }
}
