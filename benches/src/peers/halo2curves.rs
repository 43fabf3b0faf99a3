//! halo2curves of PSE.

use halo2curves::CurveAffine;
use halo2curves::bn256::{Fq, Fr, G1Affine};

use super::{curve_points, ff_elements};

ff_elements!(ff: Fr, Fq);
curve_points!(CurveAffine: G1Affine);
