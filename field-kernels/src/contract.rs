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
use crate::{Affine, CurveSpec, Domain, FieldSpec, Fp, Program};

/// Two points to add.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Where the first is.
    pub(crate) left: u32,
    /// Where the second is.
    pub(crate) right: u32,
    /// Where the sum goes.
    pub(crate) target: u32,
}

/// In the place of a point: its negative is meant.
pub(crate) const NEGATIVE: u32 = 1 << 31;

/// Where [`Backend::add_pairs`] reads points and writes sums.
pub(crate) trait PointMemory<C: CurveSpec> {
    /// Whether places may be marked [`NEGATIVE`].
    const SIGNED: bool;

    /// The point at a place, whose mark is ignored.
    fn at(&self, place: u32) -> &Affine<C>;

    /// Where a sum is written.
    fn at_mut(&mut self, place: u32) -> &mut Affine<C>;

    /// The points of a pair, negated where they are marked.
    #[inline(always)]
    fn points(&self, pair: Pair) -> [Affine<C>; 2] {
        [pair.left, pair.right].map(|place| {
            let Affine { x, y } = *self.at(place);
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
    fn at(&self, place: u32) -> &Affine<C> {
        &self.points[(place & !NEGATIVE) as usize]
    }

    #[inline(always)]
    fn at_mut(&mut self, place: u32) -> &mut Affine<C> {
        &mut self.sums[place as usize]
    }
}

/// Sums that replace points. No place may be in two pairs, but a pair's sum may replace one of its
/// points.
#[derive(Debug)]
pub(crate) struct InPlace<'a, C: CurveSpec>(pub(crate) &'a mut [Affine<C>]);

impl<C: CurveSpec> PointMemory<C> for InPlace<'_, C> {
    const SIGNED: bool = false;

    #[inline(always)]
    fn at(&self, place: u32) -> &Affine<C> {
        &self.0[place as usize]
    }

    #[inline(always)]
    fn at_mut(&mut self, place: u32) -> &mut Affine<C> {
        &mut self.0[place as usize]
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

impl<S: FieldSpec> Elementwise<S> {
    /// The factor, or 1.
    pub(crate) fn factor(self) -> Fp<S> {
        match self {
            Self::Add | Self::Sub | Self::Mul => Fp::ONE,
            Self::AddScaled(by) | Self::HornerStep(by) => by,
        }
    }
}

/// The computations that differ between instruction sets.
pub(crate) trait Backend: Copy + Debug + Send + Sync + 'static {
    /// The name by which users choose it.
    const NAME: &'static str;

    /// Working memory of [`add_pairs`](Self::add_pairs).
    type PairScratch<C: CurveSpec>: Debug + Default + Send;

    /// Writes point\[left\] + point\[right\] to the target of each pair: complete affine addition, the
    /// identity, doubling and opposite points included, with one inversion for many pairs.
    fn add_pairs<C: CurveSpec>(
        self,
        memory: &mut impl PointMemory<C>,
        pairs: &[Pair],
        scratch: &mut Self::PairScratch<C>,
    );

    /// A kind of transform with the tables that all columns share.
    type Transform<'a, S: FieldSpec>: Debug + Send + Sync;

    /// Working memory of [`run_transform`](Self::run_transform).
    type TransformScratch<S: FieldSpec>: Debug + Default + Send;

    /// Prepares transforms of one kind.
    fn transform<'a, S: FieldSpec>(
        self,
        executor: &dyn Executor,
        domain: &'a Domain<S>,
        kind: Kind<S>,
    ) -> Self::Transform<'a, S>;

    /// Transforms `from`, or what `out` holds if there is none, into `out`; both have as many
    /// elements as the domain has points.
    fn run_transform<S: FieldSpec>(
        self,
        executor: &dyn Executor,
        transform: &Self::Transform<'_, S>,
        from: Option<&[Fp<S>]>,
        out: &mut [Fp<S>],
        scratch: &mut Self::TransformScratch<S>,
    );

    /// Runs `program` on the rows from `first` on, as many as each output has. The columns have all
    /// rows; a rotation wraps around them.
    fn run_rows<S: FieldSpec>(
        self,
        program: &Program,
        columns: &[&[Fp<S>]],
        uniforms: &[Fp<S>],
        first: usize,
        outputs: &mut [&mut [Fp<S>]],
    );

    /// acc\[i\] = acc\[i\] (operation) rhs\[i\]; both are as long.
    fn combine<S: FieldSpec>(self, acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: Elementwise<S>);

    /// values\[i\] *= by.
    fn scale<S: FieldSpec>(self, values: &mut [Fp<S>], by: Fp<S>);

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
    fn invert<S: FieldSpec>(self, values: &mut [Fp<S>]);

    /// out\[i\] = first·base^i.
    fn powers<S: FieldSpec>(self, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]);

    /// Replaces each factor by the product of `first` and the factors before it, and returns the
    /// product of `first` and all factors.
    fn running_product<S: FieldSpec>(self, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S>;
}
