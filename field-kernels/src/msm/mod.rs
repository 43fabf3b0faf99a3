//! Multi-scalar multiplication: sums of scalars times points.

use parhelion_scheduler::ExecutorExt;

use crate::{Affine, CurveSpec, Fp, Kernels, Projective};

impl Kernels {
    /// Σ scalars[i]·bases[i]. Bases beyond the scalars are not used.
    ///
    /// # Panics
    /// If there are more scalars than bases.
    pub fn msm<C: CurveSpec>(&self, bases: &[Affine<C>], scalars: &[Fp<C::Scalar>]) -> Projective<C> {
        self.msm_columns(bases, &[scalars]).pop().unwrap_or_default()
    }

    /// [`msm`](Self::msm) of each column with the same bases.
    ///
    /// # Panics
    /// If there are more scalars in a column than bases.
    pub fn msm_columns<C: CurveSpec>(
        &self,
        bases: &[Affine<C>],
        columns: &[&[Fp<C::Scalar>]],
    ) -> Vec<Projective<C>> {
        for column in columns {
            let (scalars, bases) = (column.len(), bases.len());
            assert!(scalars <= bases, "a column has {scalars} scalars for {bases} bases");
        }
        self.executor().map(columns.len(), |index| pippenger(bases, columns[index]))
    }

    /// The points in affine coordinates, with one inversion for all.
    #[must_use]
    pub fn normalize<C: CurveSpec>(&self, points: &[Projective<C>]) -> Vec<Affine<C>> {
        let mut inverses: Vec<Fp<C::Base>> = points.iter().map(|point| point.zzz).collect();
        self.batch_invert(&mut inverses);
        points.iter().zip(inverses).map(|(point, inverse)| point.scaled_down(inverse)).collect()
    }
}

/// Pippenger's bucket method with unsigned windows.
fn pippenger<C: CurveSpec>(bases: &[Affine<C>], scalars: &[Fp<C::Scalar>]) -> Projective<C> {
    let window = (scalars.len().max(2).ilog2() as usize * 3 / 4).clamp(2, 14);
    let limbs: Vec<[u64; 4]> = scalars.iter().map(|scalar| scalar.to_canonical()).collect();
    let digit = |limbs: &[u64; 4], start: usize| {
        let (word, bit) = (start / 64, start % 64);
        let high = limbs.get(word + 1).copied().unwrap_or(0);
        let pair = u128::from(limbs[word]) | u128::from(high) << 64;
        (pair >> bit) as usize & ((1 << window) - 1)
    };
    (0..256).step_by(window).rev().fold(Projective::IDENTITY, |sum, start| {
        let mut buckets = vec![Projective::IDENTITY; (1 << window) - 1];
        for (limbs, base) in limbs.iter().zip(bases) {
            if let Some(index) = digit(limbs, start).checked_sub(1) {
                buckets[index] = buckets[index].add_affine(*base);
            }
        }
        let (mut running, mut total) = (Projective::IDENTITY, (0..window).fold(sum, |sum, _| sum.double()));
        for bucket in buckets.iter().rev() {
            running += *bucket;
            total += running;
        }
        total
    })
}
