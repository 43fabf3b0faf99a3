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

/// Two points to add, by their places, and the place of the sum.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) left: u32,
    pub(crate) right: u32,
    pub(crate) target: u32,
}

/// Pairs of points to add, in columns, as backends read several at a time.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    left: Vec<u32>,
    right: Vec<u32>,
    target: Vec<u32>,
}

impl Pairs {
    pub(crate) fn clear(&mut self) {
        self.left.clear();
        self.right.clear();
        self.target.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.target.len()
    }

    pub(crate) fn push(&mut self, pair: Pair) {
        self.left.push(pair.left);
        self.right.push(pair.right);
        self.target.push(pair.target);
    }

    /// Pairs of points whose sums go side by side, from place `target` on.
    pub(crate) fn extend(&mut self, pairs: &[[u32; 2]], target: u32) {
        self.left.extend(pairs.iter().map(|pair| pair[0]));
        self.right.extend(pairs.iter().map(|pair| pair[1]));
        self.target.extend(target..target + pairs.len() as u32);
    }

    pub(crate) fn get(&self, index: usize) -> Option<Pair> {
        let left = *self.left.get(index)?;
        Some(Pair { left, right: self.right[index], target: self.target[index] })
    }

    /// The columns: left, right, target.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn columns(&self) -> [&[u32]; 3] {
        [&self.left, &self.right, &self.target]
    }

    /// Repeats the last pair until the number of pairs is a multiple of `count`. Backends that add that
    /// many at a time read all points before they write any sum.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn pad(&mut self, count: usize) {
        while let Some(last) = self.len().checked_sub(1)
            && !self.len().is_multiple_of(count)
            && let Some(pair) = self.get(last)
        {
            self.push(pair);
        }
    }
}

/// A point in a cache line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub(crate) struct Slot<C: CurveSpec>(pub(crate) Affine<C>);

/// In the place of a point: its negative is meant.
pub(crate) const NEGATIVE: u32 = 1 << 31;

/// Where [`Backend::add_pairs`] reads points and writes sums.
pub(crate) trait PointMemory<C: CurveSpec> {
    /// Whether places may be marked [`NEGATIVE`].
    const SIGNED: bool;

    /// The points.
    fn points(&self) -> &[Slot<C>];

    /// The places for sums.
    fn sums(&mut self) -> &mut [Slot<C>];

    /// The points of a pair, negated where they are marked.
    #[inline(always)]
    fn pair(&self, pair: Pair) -> [Affine<C>; 2] {
        [pair.left, pair.right].map(|place| {
            let Affine { x, y } = self.points()[(place & !NEGATIVE) as usize].0;
            Affine { x, y: y.negate_if(Self::SIGNED && place & NEGATIVE != 0) }
        })
    }
}

/// Signed points in one place, sums in another.
#[derive(Debug)]
pub(crate) struct Apart<'a, C: CurveSpec> {
    pub(crate) points: &'a [Slot<C>],
    pub(crate) sums: &'a mut [Slot<C>],
}

impl<C: CurveSpec> PointMemory<C> for Apart<'_, C> {
    const SIGNED: bool = true;

    #[inline(always)]
    fn points(&self) -> &[Slot<C>] {
        self.points
    }

    #[inline(always)]
    fn sums(&mut self) -> &mut [Slot<C>] {
        self.sums
    }
}

/// Sums that replace points. No place may be in two pairs, but a pair's sum may replace one of its
/// points.
#[derive(Debug)]
pub(crate) struct InPlace<'a, C: CurveSpec>(pub(crate) &'a mut [Slot<C>]);

impl<C: CurveSpec> PointMemory<C> for InPlace<'_, C> {
    const SIGNED: bool = false;

    #[inline(always)]
    fn points(&self) -> &[Slot<C>] {
        self.0
    }

    #[inline(always)]
    fn sums(&mut self) -> &mut [Slot<C>] {
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

#[cfg(target_arch = "x86_64")]
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
    /// identity, doubling and opposite points included, with one inversion for many pairs. May pad the
    /// pairs.
    fn add_pairs<C: CurveSpec>(
        self,
        memory: &mut impl PointMemory<C>,
        pairs: &mut Pairs,
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
    fn invert<S: FieldSpec>(self, values: &mut [Fp<S>]);

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
