//! Halving the bases of an inner product argument.

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

/// low\[i\] + u·high\[i\].
pub(super) fn fold_bases<C: CurveSpec>(
    kernels: &Kernels,
    low: &[Affine<C>],
    high: &[Affine<C>],
    u: Fp<C::Scalar>,
) -> Vec<Affine<C>> {
    let sums = kernels.executor().map(low.len(), |i| high[i].to_projective().mul(u).add_affine(low[i]));
    kernels.normalize(&sums)
}
