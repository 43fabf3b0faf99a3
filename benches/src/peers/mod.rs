//! The libraries compared with, and how their values are made from bytes and read back.
//!
//! Each module stands for one library and implements [`Element`] for its fields and [`Point`] for its
//! curves. Their kernels are called in `cases`.

mod arkworks;
mod axiom;
mod halo2curves;
mod pasta;
mod pasta_msm;

pub(crate) use arkworks::{ark_domain, ark_msm};
pub(crate) use pasta_msm::{pallas_msm, vesta_msm};

use crate::Element;

/// What `halo2_axiom::arithmetic` and the curves of halo2-axiom are called in tables.
pub(crate) const AXIOM: &str = "halo2-axiom";
/// The curves and fields of halo2-axiom, with assembly.
pub(crate) const AXIOM_CURVES: &str = "halo2curves-axiom";
/// The curves and fields of PSE's halo2, with assembly.
pub(crate) const CURVES: &str = "halo2curves 0.10";
/// The Algebra libraries of arkworks, with assembly.
pub(crate) const ARKWORKS: &str = "arkworks 0.6";
/// Zcash's Pasta curves, with assembly.
pub(crate) const PASTA: &str = "pasta_curves 0.6.1";
/// Zcash's halo2, over `PASTA`.
pub(crate) const ZCASH: &str = "halo2_proofs 0.4.1";
/// Supranational's multi-scalar multiplication for the Pasta curves.
pub(crate) const PASTA_MSM: &str = "pasta-msm 0.1.5";

/// A point of some library, in affine coordinates.
pub(crate) trait Point: Copy + Send + Sync + 'static {
    /// The field of the coordinates.
    type Base: Element;

    /// The point with these coordinates, neither being the identity's.
    fn from_coordinates(x: Self::Base, y: Self::Base) -> Self;

    /// x and y, or `None` for the identity.
    fn coordinates(&self) -> Option<(Self::Base, Self::Base)>;

    /// The bytes of x and y; zeros for the identity.
    fn to_bytes(&self) -> Vec<u8> {
        self.coordinates().map_or(vec![0; 64], |(x, y)| crate::element::bytes_of(&[x, y]))
    }
}

/// The same points in another library's type.
pub(crate) fn points<C, P>(points: &[parhelion_field_kernels::Affine<C>]) -> Vec<P>
where
    C: parhelion_field_kernels::CurveSpec,
    P: Point,
{
    let base = |value: &parhelion_field_kernels::Fp<C::Base>| P::Base::from_bytes(value.to_bytes());
    points.iter().map(|point| P::from_coordinates(base(&point.x), base(&point.y))).collect()
}

/// [`Element`] for fields that implement a version of `ff::PrimeField` with 32 bytes.
macro_rules! ff_elements {
    ($ff:ident: $($field:ty),*) => {$(
        impl crate::Element for $field {
            fn from_bytes(bytes: [u8; 32]) -> Self {
                $ff::PrimeField::from_repr(bytes.into()).expect("canonical bytes")
            }

            fn to_bytes(&self) -> [u8; 32] {
                $ff::PrimeField::to_repr(self).into()
            }
        }
    )*};
}

/// [`Point`] for curves that implement a version of the `CurveAffine` of the halo2 libraries.
macro_rules! curve_points {
    ($curve_affine:path: $($point:ty),*) => {$(
        impl crate::peers::Point for $point {
            type Base = <$point as $curve_affine>::Base;

            fn from_coordinates(x: Self::Base, y: Self::Base) -> Self {
                <$point as $curve_affine>::from_xy(x, y).expect("a point of the curve")
            }

            fn coordinates(&self) -> Option<(Self::Base, Self::Base)> {
                let coordinates = <$point as $curve_affine>::coordinates(self).into_option()?;
                Some((*coordinates.x(), *coordinates.y()))
            }
        }
    )*};
}

use {curve_points, ff_elements};
