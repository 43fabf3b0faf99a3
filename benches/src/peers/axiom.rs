//! halo2-axiom and its curves.

use halo2_axiom::halo2curves::CurveAffine;
use halo2_axiom::halo2curves::bn256::{Fq, Fr, G1Affine};

use super::{curve_points, ff_elements};

ff_elements!(ff: Fr, Fq);
curve_points!(CurveAffine: G1Affine);
