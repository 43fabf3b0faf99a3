//! pasta-msm of Supranational, which takes points of an older pasta_curves.
//!
//! Its thread pool has a thread for each CPU that the process may run on when it starts; see
//! [`setup`](crate::setup) for how that is bounded.

use pasta_curves_0_5::arithmetic::CurveAffine;
use pasta_curves_0_5::{Fp, Fq, pallas, vesta};

use super::{curve_points, ff_elements};

ff_elements!(ff: Fp, Fq);
curve_points!(CurveAffine: pallas::Affine, vesta::Affine);

/// The library's multi-scalar multiplication on Pallas.
pub(crate) fn pallas_msm(points: &[pallas::Affine], scalars: &[Fq]) -> pallas::Point {
    pasta_msm::pallas(points, scalars)
}

/// The library's multi-scalar multiplication on Vesta.
pub(crate) fn vesta_msm(points: &[vesta::Affine], scalars: &[Fp]) -> vesta::Point {
    pasta_msm::vesta(points, scalars)
}
