//! Multi-scalar multiplication: sums of scalars times points.
//!
//! Pippenger's bucket method. Scalars are split by size (`classes.rs`), so that the small ones that
//! make up most witness columns cost a window or two, and into signed digits (`digits.rs`); the points
//! of a window are sorted by digit and added up within their buckets in affine coordinates, many
//! additions to an inversion (`tree.rs`); the buckets are joined the same way (`window.rs`). Windows
//! of all columns at hand are one list of tasks (`schedule.rs`). A table of multiples of the bases, where there is
//! one, makes one pass of several windows (`shifted.rs`).

mod classes;
mod digits;
mod schedule;
mod shifted;
mod tree;
mod window;

pub use shifted::{Bases, ShiftedBases};

use crate::dispatch::with_backend;
use crate::scratch::bytes_of;
use crate::{Affine, CurveSpec, Fp, Kernels, Projective};

impl Kernels {
    /// The sum of `scalars[i]`·`bases[i]`. Bases beyond the scalars are not used.
    ///
    /// # Panics
    /// If there are more scalars than bases, or 2^30 scalars or more.
    pub fn msm<C: CurveSpec>(&self, bases: &[Affine<C>], scalars: &[Fp<C::Scalar>]) -> Projective<C> {
        let mut sum = Projective::IDENTITY;
        self.msm_into(bases.into(), &[scalars], std::slice::from_mut(&mut sum));
        sum
    }

    /// [`msm`](Self::msm) of each column with the same bases.
    ///
    /// Two columns for each thread are in work at a time (one on a single thread). The working memory is what
    /// [`msm_scratch`](Self::msm_scratch) says.
    ///
    /// # Panics
    /// If there are more scalars in a column than bases, or 2^30 scalars or more.
    pub fn msm_columns<C: CurveSpec>(
        &self,
        bases: &[Affine<C>],
        columns: &[&[Fp<C::Scalar>]],
    ) -> Vec<Projective<C>> {
        self.msm_columns_of(bases.into(), columns)
    }

    /// [`msm_columns`](Self::msm_columns) with bases of which there may be a table.
    ///
    /// # Panics
    /// As [`msm_columns`](Self::msm_columns).
    pub fn msm_columns_of<C: CurveSpec>(
        &self,
        bases: Bases<'_, C>,
        columns: &[&[Fp<C::Scalar>]],
    ) -> Vec<Projective<C>> {
        let mut sums = vec![Projective::IDENTITY; columns.len()];
        self.msm_into(bases, columns, &mut sums);
        sums
    }

    fn msm_into<C: CurveSpec>(
        &self,
        bases: Bases<'_, C>,
        columns: &[&[Fp<C::Scalar>]],
        sums: &mut [Projective<C>],
    ) {
        for column in columns {
            let (scalars, bases) = (column.len(), bases.points().len());
            assert!(scalars <= bases, "a column has {scalars} scalars for {bases} bases");
            assert!(scalars < 1 << 30, "a column has {scalars} scalars, 2^30 or more");
        }
        with_backend!(self, backend => schedule::sum_columns(backend, self, bases, columns, sums));
    }

    /// A bound on the bytes of working memory that multiplications of `scalars` scalars take, for one column
    /// (`columns` = 1) or many at a time.
    #[must_use]
    pub fn msm_scratch<C: CurveSpec>(&self, scalars: usize, columns: usize) -> usize {
        with_backend!(self, backend => {
            bytes_of(schedule::most_lines::<C, _>(backend, self.threads(), scalars, columns, None))
        })
    }

    /// [`msm_scratch`](Self::msm_scratch) with bases of which there may be a table.
    #[must_use]
    pub fn msm_scratch_of<C: CurveSpec>(&self, bases: Bases<'_, C>, scalars: usize, columns: usize) -> usize {
        with_backend!(self, backend => {
            bytes_of(schedule::most_lines::<C, _>(backend, self.threads(), scalars, columns, bases.shifts))
        })
    }

    /// The points in affine coordinates, with one inversion for all.
    #[must_use]
    pub fn normalize<C: CurveSpec>(&self, points: &[Projective<C>]) -> Vec<Affine<C>> {
        let mut inverses: Vec<Fp<C::Base>> = points.iter().map(|point| point.zzz).collect();
        self.batch_invert(&mut inverses);
        points.iter().zip(inverses).map(|(point, inverse)| point.scaled_down(inverse)).collect()
    }
}
