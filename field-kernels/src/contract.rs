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

/// Two neighbouring points to add.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// Where the first is; the second follows.
    pub(crate) left: u32,
    /// Where the sum goes.
    pub(crate) target: u32,
}

/// The computations that differ between instruction sets.
pub(crate) trait Backend: Copy + Debug + Send + Sync + 'static {
    /// The name by which users choose it.
    const NAME: &'static str;

    /// Working memory of [`add_pairs`](Self::add_pairs).
    type PairScratch<C: CurveSpec>: Debug + Default + Send;

    /// sums\[target\] = points\[left\] + points\[left + 1\] for each pair: complete affine addition, the
    /// identity, doubling and opposite points included, with one inversion for all pairs.
    fn add_pairs<C: CurveSpec>(
        self,
        points: &[Affine<C>],
        pairs: &[Pair],
        sums: &mut [Affine<C>],
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
}
