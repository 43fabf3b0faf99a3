//! The Algebra libraries of arkworks.

use ark_ec::short_weierstrass::{Affine, Projective, SWCurveConfig};
use ark_ec::{AffineRepr, VariableBaseMSM};
use ark_ff::{BigInt, BigInteger, FftField, Fp, MontBackend, MontConfig, PrimeField};
use ark_poly::{EvaluationDomain, Radix2EvaluationDomain};

use super::Point;
use crate::Element;

impl<T: MontConfig<4>> Element for Fp<MontBackend<T, 4>, 4> {
    fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        Self::from_bigint(BigInt(limbs)).expect("canonical bytes")
    }

    fn to_bytes(&self) -> [u8; 32] {
        self.into_bigint().to_bytes_le().try_into().expect("four limbs")
    }
}

impl<P: SWCurveConfig> Point for Affine<P>
where
    P::BaseField: Element,
{
    type Base = P::BaseField;

    fn from_coordinates(x: Self::Base, y: Self::Base) -> Self {
        let point = Self::new_unchecked(x, y);
        assert!(point.is_on_curve(), "a point of the curve");
        point
    }

    fn coordinates(&self) -> Option<(Self::Base, Self::Base)> {
        self.xy()
    }
}

/// The domain of size 2^k that the halo2 libraries use, whose generator is not arkworks' own.
pub(crate) fn ark_domain<F: FftField>(k: u32, omega: F) -> Radix2EvaluationDomain<F> {
    let mut domain = Radix2EvaluationDomain::new(1 << k).expect("a domain of that size");
    domain.group_gen = omega;
    domain.group_gen_inv = omega.inverse().expect("a root of unity");
    domain
}

/// The library's multi-scalar multiplication.
pub(crate) fn ark_msm<P: SWCurveConfig>(points: &[Affine<P>], scalars: &[P::ScalarField]) -> Projective<P> {
    Projective::msm_unchecked(points, scalars)
}
