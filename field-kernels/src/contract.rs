//! What a backend provides.
//!
//! The algorithms in `ntt/`, `msm/` and `poly/` decide what is computed where; a backend computes,
//! over slices that are worth entering it for. Elements are canonical (less than p, in Montgomery
//! form with R = 2^256) wherever they cross this seam, in both directions, so backends mix freely and
//! agree on every bit. What a backend holds between is its own: the scalar one keeps sums
//! unreduced where they fit four limbs.
//!
//! A backend is a token of no size. Whoever holds one of a backend that needs CPU features has
//! detected them: the token is made nowhere else than in `dispatch.rs`, after detection.

use std::fmt::Debug;

use parhelion_scheduler::Executor;

use crate::ntt::Kind;
use crate::program::Rows;
use crate::scratch::{Carver, lines_of};
use crate::{Affine, CurveSpec, Domain, FieldSpec, Fp, Program, Scratch};

/// Two points to add, by their places, and the place of the sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) target: u32,
}

/// Pairs of points to add, in columns, as backends read several at a time.
#[derive(Debug)]
pub(crate) struct Pairs<'a> {
    left: &'a mut [u32],
    right: &'a mut [u32],
    target: &'a mut [u32],
    len: usize,
}

/// Pairs that backends may repeat to fill their lanes.
const PADDING: usize = 8;

impl<'a> Pairs<'a> {
    /// Lines of memory that room for `most` pairs takes.
    pub(crate) fn lines(most: usize) -> usize {
        3 * lines_of::<u32>(most + PADDING)
    }

    /// Room for `most` pairs.
    pub(crate) fn new(carver: &mut Carver<'a>, most: usize) -> Self {
        let mut column = || carver.cut(most + PADDING);
        Self { left: column(), right: column(), target: column(), len: 0 }
    }

    pub(crate) fn clear(&mut self) {
        self.len = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    #[inline]
    pub(crate) fn push(&mut self, pair: Pair) {
        self.left[self.len] = pair.left;
        self.right[self.len] = pair.right;
        self.target[self.len] = pair.target;
        self.len += 1;
    }

    /// Pairs of points whose sums go side by side, from place `target` on.
    pub(crate) fn extend(&mut self, pairs: &[[u32; 2]], target: u32) {
        let range = self.len..self.len + pairs.len();
        let columns = self.left[range.clone()].iter_mut().zip(&mut self.right[range.clone()]);
        for ((left, right), pair) in columns.zip(pairs) {
            (*left, *right) = (pair[0], pair[1]);
        }
        for (place, target) in self.target[range].iter_mut().zip(target..) {
            *place = target;
        }
        self.len += pairs.len();
    }

    pub(crate) fn get(&self, index: usize) -> Option<Pair> {
        let at = |column: &[u32]| column[..self.len].get(index).copied();
        Some(Pair { left: at(self.left)?, right: at(self.right)?, target: at(self.target)? })
    }

    /// The columns: left, right, target.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn columns(&self) -> [&[u32]; 3] {
        [&self.left[..self.len], &self.right[..self.len], &self.target[..self.len]]
    }

    /// Repeats the last pair until the number of pairs is a multiple of eight. Backends that add that
    /// many at a time read all points before they write any sum.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn pad(&mut self) {
        while let Some(last) = self.len.checked_sub(1)
            && !self.len.is_multiple_of(PADDING)
            && let Some(pair) = self.get(last)
        {
            self.push(pair);
        }
    }
}

/// In the place of a point: its negative is meant.
pub(crate) const NEGATIVE: u32 = 1 << 31;

/// Where [`Backend::add_pairs`] reads points and writes sums.
pub(crate) trait PointMemory<C: CurveSpec> {
    /// Whether places may be marked [`NEGATIVE`].
    const SIGNED: bool;

    /// The points.
    fn points(&self) -> &[Affine<C>];

    /// The places for sums.
    fn sums(&mut self) -> &mut [Affine<C>];

    /// The points of a pair, negated where they are marked.
    #[inline(always)]
    fn pair(&self, pair: Pair) -> [Affine<C>; 2] {
        [pair.left, pair.right].map(|place| {
            let Affine { x, y } = self.points()[(place & !NEGATIVE) as usize];
            Affine { x, y: y.negate_if(Self::SIGNED && place & NEGATIVE != 0) }
        })
    }
}

/// Signed points in one place, sums in another.
#[derive(Debug)]
pub(crate) struct Apart<'a, C: CurveSpec> {
    pub(crate) points: &'a [Affine<C>],
    pub(crate) sums: &'a mut [Affine<C>],
}

impl<C: CurveSpec> PointMemory<C> for Apart<'_, C> {
    const SIGNED: bool = true;

    #[inline(always)]
    fn points(&self) -> &[Affine<C>] {
        self.points
    }

    #[inline(always)]
    fn sums(&mut self) -> &mut [Affine<C>] {
        self.sums
    }
}

/// Sums that replace points. No place may be in two pairs, but a pair's sum may replace one of its
/// points.
#[derive(Debug)]
pub(crate) struct InPlace<'a, C: CurveSpec>(pub(crate) &'a mut [Affine<C>]);

impl<C: CurveSpec> PointMemory<C> for InPlace<'_, C> {
    const SIGNED: bool = false;

    #[inline(always)]
    fn points(&self) -> &[Affine<C>] {
        self.0
    }

    #[inline(always)]
    fn sums(&mut self) -> &mut [Affine<C>] {
        self.0
    }
}

/// An operation on two elements, the first of which it replaces.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Elementwise<S: FieldSpec> {
    /// a + b
    Add,
    /// a - b
    Sub,
    /// a·b
    Mul,
    /// a + b·factor
    AddScaled(Fp<S>),
    /// a·factor + b
    HornerStep(Fp<S>),
}

/// The computations that differ between instruction sets.
pub(crate) trait Backend: Copy + Debug + Send + Sync + 'static {
    /// The name by which users choose it.
    const NAME: &'static str;

    /// Working memory of [`add_pairs`](Self::add_pairs).
    type PairScratch<'a, C: CurveSpec>: Debug;

    /// Lines of memory that [`pair_scratch`](Self::pair_scratch) takes.
    fn pair_lines<C: CurveSpec>() -> usize;

    /// Working memory of [`add_pairs`](Self::add_pairs).
    fn pair_scratch<'a, C: CurveSpec>(carver: &mut Carver<'a>) -> Self::PairScratch<'a, C>;

    /// Writes point\[left\] + point\[right\] to the target of each pair: complete affine addition, the
    /// identity, doubling and opposite points included, with one inversion for many pairs. May pad the
    /// pairs.
    fn add_pairs<C: CurveSpec>(
        self,
        memory: &mut impl PointMemory<C>,
        pairs: &mut Pairs<'_>,
        scratch: &mut Self::PairScratch<'_, C>,
    );

    /// A kind of transform with the tables that all columns share.
    type Transform<'a, S: FieldSpec>: Debug + Send + Sync;

    /// Lines of memory that [`transform`](Self::transform) takes.
    fn transform_lines<S: FieldSpec>(domain: &Domain<S>, kind: Kind<S>) -> usize;

    /// Prepares transforms of one kind.
    fn transform<'a, S: FieldSpec>(
        self,
        executor: &dyn Executor,
        carver: &mut Carver<'a>,
        domain: &'a Domain<S>,
        kind: Kind<S>,
    ) -> Self::Transform<'a, S>;

    /// Transforms `from`, or what `out` holds if there is none, into `out`; both have as many
    /// elements as the domain has points.
    fn run_transform<S: FieldSpec>(
        self,
        executor: &dyn Executor,
        scratch: &Scratch,
        transform: &Self::Transform<'_, S>,
        from: Option<&[Fp<S>]>,
        out: &mut [Fp<S>],
    );

    /// Runs `program` on the rows of `outputs`. The columns have all rows; a rotation wraps around them.
    fn run_rows<S: FieldSpec>(
        self,
        scratch: &Scratch,
        program: &Program,
        columns: &[&[Fp<S>]],
        uniforms: &[Fp<S>],
        outputs: &mut Rows<'_, S>,
    );

    /// acc\[i\] = acc\[i\] (operation) rhs\[i\]; both are as long.
    fn combine<S: FieldSpec>(self, acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: Elementwise<S>);

    /// values\[i\] *= by.
    fn scale<S: FieldSpec>(self, values: &mut [Fp<S>], by: Fp<S>);

    /// values\[i\] = values\[i\]².
    fn square<S: FieldSpec>(self, values: &mut [Fp<S>]);

    /// out\[i\] = Σ c·v\[start + i\] over the terms (v, c); what a vector lacks is 0.
    fn linear_combination<S: FieldSpec>(self, out: &mut [Fp<S>], start: usize, terms: &[(&[Fp<S>], Fp<S>)]);

    /// Σ a\[i\]·b\[i\]; both are as long.
    fn inner_product<S: FieldSpec>(self, a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S>;

    /// A point with what evaluations there share.
    type Point<S: FieldSpec>: Debug + Send + Sync;

    /// Prepares evaluations at a point.
    fn point<S: FieldSpec>(self, point: Fp<S>) -> Self::Point<S>;

    /// The value of a polynomial; 0 for no coefficients.
    fn evaluate<S: FieldSpec>(self, poly: &[Fp<S>], point: &Self::Point<S>) -> Fp<S>;

    /// Replaces each element by its inverse; zeros stay.
    fn invert<S: FieldSpec>(self, scratch: &Scratch, values: &mut [Fp<S>]);

    /// out\[i\] = first·base^i.
    fn powers<S: FieldSpec>(self, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]);

    /// Replaces each factor by the product of `first` and the factors before it, and returns the
    /// product of `first` and all factors.
    fn running_product<S: FieldSpec>(self, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S>;

    /// Divides a polynomial by X - `root` in place and returns the remainder. The quotient has one
    /// coefficient less; the last element becomes 0.
    fn divide_by_linear<S: FieldSpec>(self, poly: &mut [Fp<S>], root: Fp<S>) -> Fp<S>;

    /// The integers in 0..p that elements stand for; both slices are as long.
    fn to_integers<S: FieldSpec>(self, values: &[Fp<S>], out: &mut [[u64; 4]]);
}
