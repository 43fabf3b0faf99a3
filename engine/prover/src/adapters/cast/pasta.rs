//! The types of `pasta_curves` and those of the kernels, seen as each other.
//!
//! The fields of Pasta are `repr(transparent)` over four 64-bit Montgomery limbs with R = 2^256,
//! below the modulus. Points in affine coordinates are `repr(C)` with the crate's feature `repr-c`,
//! which this crate turns on: x then y, the identity (0, 0).

use std::mem::{ManuallyDrop, align_of, size_of};

use halo2_proofs::arithmetic::CurveAffine;
use halo2_proofs::pasta::{EpAffine, EqAffine};
use parhelion_field_kernels::{Affine, CurveSpec, Fp, PallasSpec, VestaSpec};

/// Nobody else implements [`PastaCurve`].
mod sealed {
    pub trait Sealed {}
}

/// A curve that proofs are made over: Vesta (`EqAffine`, for circuits over `pallas::Base`) or Pallas
/// (`EpAffine`, for circuits over `vesta::Base`).
///
/// # Safety
/// `ScalarExt` and `Base` are four Montgomery limbs like [`Fp`] of the fields of `Spec`, and the type
/// itself is x then y, as [`Affine`] is.
pub unsafe trait PastaCurve: CurveAffine + sealed::Sealed {
    /// The curve's constants in the kernels.
    type Spec: CurveSpec;
}

impl sealed::Sealed for EqAffine {}
impl sealed::Sealed for EpAffine {}

// SAFETY: `Fp` and `Fq` of pasta_curves are `repr(transparent)` over `[u64; 4]`, in Montgomery form;
// `EqAffine` is `repr(C)` by the feature `repr-c`. Vesta is over Fq and of order p.
unsafe impl PastaCurve for EqAffine {
    type Spec = VestaSpec;
}

// SAFETY: as for `EqAffine`. Pallas is over Fp and of order q.
unsafe impl PastaCurve for EpAffine {
    type Spec = PallasSpec;
}

/// The kernels' constants of a curve of the library.
pub(crate) type Spec<C> = <C as PastaCurve>::Spec;

/// The kernels' constants of its scalar field.
pub(crate) type KernelScalar<C> = <Spec<C> as CurveSpec>::Scalar;

/// Sizes and alignments of a curve's types, checked where it is compiled in.
const fn check<C: PastaCurve>() {
    assert!(size_of::<C::ScalarExt>() == 32 && size_of::<Fp<KernelScalar<C>>>() == 32);
    assert!(align_of::<C::ScalarExt>() == align_of::<Fp<KernelScalar<C>>>());
    assert!(size_of::<C>() == 64 && size_of::<Affine<Spec<C>>>() == 64);
    assert!(align_of::<C>() == align_of::<Affine<Spec<C>>>());
}

/// `value` as a `B`.
///
/// # Safety
/// Every `A` must be a valid `B` of the same size.
unsafe fn reinterpret<A: Copy, B: Copy>(value: A) -> B {
    const { assert!(size_of::<A>() == size_of::<B>()) };
    let value = ManuallyDrop::new(value);
    // SAFETY: the sizes agree, the bytes are a `B` by the caller's promise, and are read unaligned.
    unsafe { std::ptr::from_ref(&*value).cast::<B>().read_unaligned() }
}

/// Library scalars as kernel scalars.
pub(crate) fn pasta_scalars<C: PastaCurve>(values: &[C::ScalarExt]) -> &[Fp<KernelScalar<C>>] {
    const { check::<C>() };
    // SAFETY: `PastaCurve` promises one layout and one invariant for both types.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

/// One library scalar as a kernel scalar.
pub(crate) fn pasta_scalar<C: PastaCurve>(value: C::ScalarExt) -> Fp<KernelScalar<C>> {
    const { check::<C>() };
    // SAFETY: as for `pasta_scalars`.
    unsafe { reinterpret(value) }
}

/// One kernel scalar as a library scalar.
pub(crate) fn to_pasta_scalar<C: PastaCurve>(value: Fp<KernelScalar<C>>) -> C::ScalarExt {
    const { check::<C>() };
    // SAFETY: as for `pasta_scalars`.
    unsafe { reinterpret(value) }
}

/// Library points as kernel points.
pub(crate) fn pasta_points<C: PastaCurve>(values: &[C]) -> &[Affine<Spec<C>>] {
    const { check::<C>() };
    // SAFETY: `PastaCurve` promises one layout for both types; the identity is (0, 0) in both.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

/// One kernel point, which is on the curve, as a library point.
pub(crate) fn pasta_point<C: PastaCurve>(value: Affine<Spec<C>>) -> C {
    const { check::<C>() };
    // SAFETY: as for `pasta_points`.
    unsafe { reinterpret(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff_0_14::{Field, PrimeField};

    fn bytes<S: parhelion_field_kernels::FieldSpec>(value: Fp<S>) -> Vec<u8> {
        value.to_canonical().iter().flat_map(|limb| limb.to_le_bytes()).collect()
    }

    fn compare<C: PastaCurve>() {
        let scalars = [C::ScalarExt::ZERO, C::ScalarExt::ONE, -C::ScalarExt::ONE, C::ScalarExt::DELTA];
        for (value, limbs) in scalars.iter().zip(pasta_scalars::<C>(&scalars)) {
            assert_eq!(value.to_repr().as_ref(), bytes(*limbs));
            assert_eq!(pasta_scalar::<C>(*value), *limbs);
            assert_eq!(to_pasta_scalar::<C>(*limbs), *value);
        }
        let points = [C::generator(), -C::generator(), (C::generator() * C::ScalarExt::DELTA).into()];
        for (value, point) in points.iter().zip(pasta_points(&points)) {
            let coordinates = value.coordinates().unwrap();
            assert_eq!(coordinates.x().to_repr().as_ref(), bytes(point.x));
            assert_eq!(coordinates.y().to_repr().as_ref(), bytes(point.y));
            assert_eq!(pasta_point::<C>(*point), *value);
            assert!(point.is_on_curve());
        }
        assert!(pasta_points(&[C::identity()])[0].is_identity());
    }

    #[test]
    fn scalars_and_points_keep_their_values() {
        compare::<EqAffine>();
        compare::<EpAffine>();
    }
}
