//! The one place where library types and kernel types are seen as each other.
//!
//! halo2curves' BN254 `Fr` and `Fq` are four 64-bit Montgomery limbs with R = 2^256, below
//! the modulus; so are [`Bn254Fr`] and [`Bn254Fq`]. The casts here cost nothing; the layout
//! they rest on is asserted at compile time, and their values are compared in the tests.
#![allow(unsafe_code)]

mod arena;
#[cfg(feature = "zcash")]
mod pasta;

pub(crate) use arena::AssignedArena;
#[cfg(feature = "zcash")]
pub use pasta::PastaCurve;
#[cfg(feature = "zcash")]
pub(crate) use pasta::{
    KernelScalar, Spec, pasta_point, pasta_points, pasta_scalar, pasta_scalars, to_pasta_scalar,
};

use std::any::{Any, TypeId};
use std::mem::{ManuallyDrop, align_of, offset_of, size_of};

use halo2_axiom::halo2curves::bn256::{Fq, Fr, G1Affine};
use parhelion_field_kernels::{Bn254Fq, Bn254Fr, Bn254G1Affine};

const _: () = {
    assert!(size_of::<Fr>() == 32 && size_of::<Bn254Fr>() == 32);
    assert!(align_of::<Fr>() == align_of::<Bn254Fr>());
    assert!(size_of::<Fq>() == 32 && size_of::<Bn254Fq>() == 32);
    assert!(size_of::<G1Affine>() == 64 && size_of::<Bn254G1Affine>() == 64);
    assert!(align_of::<G1Affine>() == align_of::<Bn254G1Affine>());
    assert!(offset_of!(G1Affine, x) == offset_of!(Bn254G1Affine, x));
    assert!(offset_of!(G1Affine, y) == offset_of!(Bn254G1Affine, y));
};

/// Library scalars as kernel scalars.
pub(crate) fn scalars(values: &[Fr]) -> &[Bn254Fr] {
    // SAFETY: equal size and alignment (asserted above). `Fr` is a 32-byte struct with a single
    // field of 32 bytes, so its limbs start at offset 0, as in the transparent `Bn254Fr`. Both
    // types keep the same invariant: Montgomery limbs below the modulus.
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

/// A vector of kernel scalars handed to the library without a copy.
pub(crate) fn into_scalars(values: Vec<Bn254Fr>) -> Vec<Fr> {
    let mut values = ManuallyDrop::new(values);
    // SAFETY: the vector is forgotten, so the new one is the allocation's only owner; size and
    // alignment of the elements are equal, so capacity and allocation layout carry over.
    unsafe { Vec::from_raw_parts(values.as_mut_ptr().cast(), values.len(), values.capacity()) }
}

/// A vector of library scalars handed to the kernels without a copy.
pub(crate) fn from_scalars(values: Vec<Fr>) -> Vec<Bn254Fr> {
    let mut values = ManuallyDrop::new(values);
    // SAFETY: as for `into_scalars`, in the other direction.
    unsafe { Vec::from_raw_parts(values.as_mut_ptr().cast(), values.len(), values.capacity()) }
}

/// Library points as kernel points.
pub(crate) fn points(values: &[G1Affine]) -> &[Bn254G1Affine] {
    // SAFETY: equal size, alignment and field offsets (asserted above); the coordinates have the
    // same representation, and both write the identity as (0, 0).
    unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) }
}

/// One kernel scalar as a library scalar.
pub(crate) fn into_scalar(value: Bn254Fr) -> Fr {
    // SAFETY: equal size; see `scalars`.
    unsafe { std::mem::transmute::<Bn254Fr, Fr>(value) }
}

/// One library scalar as a kernel scalar.
pub(crate) fn from_scalar(value: Fr) -> Bn254Fr {
    // SAFETY: equal size; see `scalars`.
    unsafe { std::mem::transmute::<Fr, Bn254Fr>(value) }
}

/// One kernel point as a library point.
pub(crate) fn into_point(value: Bn254G1Affine) -> G1Affine {
    // SAFETY: equal size and field offsets; see `points`.
    unsafe { std::mem::transmute::<Bn254G1Affine, G1Affine>(value) }
}

/// `value` as a `&B` if `A` is `B` but for lifetimes.
///
/// The drop-in functions keep the library's generic signatures, so which scheme they were
/// called for is only known here. `A` need not be `'static`.
pub(crate) fn downcast_ref<A, B>(value: &A) -> Option<&B> {
    if typeid::of::<A>() == typeid::of::<B>() {
        // SAFETY: `A` and `B` are the same type up to lifetimes, so the layouts agree. Every `B`
        // this is called with is free of lifetime parameters (keys, SRS, field elements), and so
        // is then `A`.
        Some(unsafe { &*std::ptr::from_ref(value).cast::<B>() })
    } else {
        None
    }
}

/// `value` as a `&B` if `A` is `B`.
pub(crate) fn downcast_static_ref<A: 'static, B: 'static>(value: &A) -> Option<&B> {
    (value as &dyn Any).downcast_ref()
}

/// A slice of `A` as a slice of library scalars if `A` is one.
pub(crate) fn scalar_slice<A: 'static>(values: &[A]) -> Option<&[Fr]> {
    // SAFETY: `A` and `Fr` are the same type.
    (TypeId::of::<A>() == TypeId::of::<Fr>())
        .then(|| unsafe { std::slice::from_raw_parts(values.as_ptr().cast(), values.len()) })
}

/// `value` as a `B` if `A` is `B`.
pub(crate) fn downcast<A: 'static, B: 'static>(value: A) -> Option<B> {
    let mut value = Some(value);
    (&mut value as &mut dyn Any).downcast_mut::<Option<B>>().and_then(Option::take)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ff::{Field, PrimeField};
    use halo2_axiom::halo2curves::serde::SerdeObject;

    #[test]
    fn scalars_keep_their_value() {
        let library = [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(7), Fr::DELTA, Fr::ROOT_OF_UNITY];
        for (value, limbs) in library.iter().zip(scalars(&library)) {
            let canonical: Vec<u8> = limbs.to_canonical().iter().flat_map(|l| l.to_le_bytes()).collect();
            assert_eq!(value.to_repr().as_ref(), canonical.as_slice());
            assert_eq!(into_scalar(*limbs), *value);
            assert_eq!(from_scalar(*value), *limbs);
        }
        assert_eq!(into_scalars(from_scalars(library.to_vec())), library);
    }

    #[test]
    fn points_keep_their_coordinates() {
        let library = [G1Affine::generator(), G1Affine::default(), -G1Affine::generator()];
        for (value, point) in library.iter().zip(points(&library)) {
            let raw: Vec<u8> = [point.x.to_montgomery(), point.y.to_montgomery()]
                .iter()
                .flatten()
                .flat_map(|limb| limb.to_le_bytes())
                .collect();
            assert_eq!(value.to_raw_bytes(), raw);
            assert_eq!(into_point(*point), *value);
        }
    }

    #[test]
    fn downcasts_see_the_type() {
        let value = Fr::from(3);
        assert_eq!(downcast_ref::<Fr, Fr>(&value), Some(&value));
        assert!(downcast_ref::<Fr, Fq>(&value).is_none());
        assert_eq!(downcast::<Fr, Fr>(value), Some(value));
        assert!(downcast::<Fr, Fq>(value).is_none());
    }
}
