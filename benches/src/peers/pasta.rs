//! pasta_curves of Zcash.

use pasta_curves::arithmetic::CurveAffine;
use pasta_curves::{Fp, Fq, pallas, vesta};

use super::{curve_points, ff_elements};

ff_elements!(ff_0_14: Fp, Fq);
curve_points!(CurveAffine: pallas::Affine, vesta::Affine);
