//! Points and constants of curves against the library's.

mod common;

use common::{Mirror, MirrorCurve, Points, edges, random};
use parhelion_field_kernels::{Affine, Bn254G1Spec, Fp, PallasSpec, Projective, VestaSpec};

fn constants<C: MirrorCurve>() {
    assert_eq!(C::generator(), C::our_points(&[C::library_generator()])[0]);
    assert_eq!(C::Base::theirs(C::b()), C::library_b());
    assert!(C::generator().is_on_curve());
    // The group has the order of the scalars.
    let generator = C::generator().to_projective();
    assert_eq!(generator.mul(-Fp::ONE), -generator);
    assert!((generator.mul(-Fp::ONE) + generator).is_identity());
}

/// Every pair of points that can be special to a formula, in affine and other coordinates.
fn addition<C: MirrorCurve>() {
    let some = Points::<C>::random(3);
    let places = [None, Some((0, false)), Some((0, true)), Some((1, false)), Some((2, true))];
    let points = some.pick(places.into_iter());
    let theirs: Vec<C::Point> =
        points.logarithms.iter().map(|logarithm| C::library_generator() * *logarithm).collect();
    let same = |ours: Projective<C>, theirs: C::Point, what: &str| {
        assert_eq!(ours.to_affine(), C::our_points(&[theirs])[0], "{what}");
        assert_eq!(ours, C::our_points(&[theirs])[0].to_projective(), "{what}");
        assert!(ours.to_affine().is_on_curve(), "{what}");
    };
    for (a, x) in points.affine.iter().zip(&theirs) {
        // The same point with ZZ other than 1, unless it is the identity.
        let scaled = a.to_projective().double() + (-*a).to_projective();
        same(scaled, *x, "2a - a");
        same(scaled.double(), C::doubled(*x), "2a");
        same(-scaled, -*x, "-a");
        for (b, y) in points.affine.iter().zip(&theirs) {
            let what = format!("{a:?} + {b:?}");
            same(a.to_projective().add_affine(*b), *x + *y, &what);
            same(a.to_projective() + b.to_projective(), *x + *y, &what);
            same(scaled.add_affine(*b), *x + *y, &what);
            same(scaled + b.to_projective().double() + (-*b).to_projective(), *x + *y, &what);
            assert_eq!(scaled == b.to_projective(), x == y, "{what}: equality");
        }
    }
    let sum: Projective<C> = points.affine.iter().map(|point| point.to_projective()).sum();
    same(sum, theirs.iter().fold(C::identity(), |sum, point| sum + *point), "sum");
}

fn multiples<C: MirrorCurve>() {
    let generator = C::generator().to_projective();
    for scalar in [edges::<C::Scalar>(), random(5, 1)].concat().into_iter().step_by(3) {
        let expected = C::library_generator() * C::Scalar::theirs(scalar);
        assert_eq!(generator.mul(scalar).to_affine(), C::our_points(&[expected])[0], "{scalar:?}");
    }
}

fn membership<C: MirrorCurve>() {
    assert!(Affine::<C>::IDENTITY.is_on_curve());
    for Affine { x, y } in Points::<C>::random(10).affine {
        assert!(Affine::<C> { x, y }.is_on_curve());
        assert!(Affine::<C> { x, y: -y }.is_on_curve());
        assert!(!Affine::<C> { x, y: y + Fp::ONE }.is_on_curve());
        assert!(!Affine::<C> { x: x + Fp::ONE, y }.is_on_curve());
    }
    // x = 0 alone does not make the identity.
    assert!(!Affine::<C> { x: Fp::ZERO, y: Fp::ONE }.is_identity());
    assert!(!Affine::<C> { x: Fp::ONE, y: Fp::ZERO }.is_identity());
}

macro_rules! stamp_points {
    ($curve:ident, $spec:ty) => {
        mod $curve {
            use super::*;

            #[test]
            fn constants_are_the_librarys() {
                constants::<$spec>();
            }
            #[test]
            fn addition_is_the_librarys() {
                addition::<$spec>();
            }
            #[test]
            fn multiples_are_the_librarys() {
                multiples::<$spec>();
            }
            #[test]
            fn points_off_the_curve_are_told() {
                membership::<$spec>();
            }
        }
    };
}

stamp_points!(bn254_g1, Bn254G1Spec);
stamp_points!(pallas, PallasSpec);
stamp_points!(vesta, VestaSpec);
