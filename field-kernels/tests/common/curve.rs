//! The curves of other libraries, and points whose logarithms are known.

use std::fmt::Debug;
use std::ops::{Add, Mul, Neg};

use halo2curves_axiom::CurveAffine as CurveOfBn254;
use parhelion_field_kernels::{Affine, Bn254G1Spec, CurveSpec, PallasSpec, VestaSpec};
use pasta_curves::arithmetic::CurveAffine as CurveOfPasta;
use pasta_curves::group as group_of_pasta;

use super::{Library, Mirror, random};

/// A curve that some other library has as well.
pub trait MirrorCurve: CurveSpec<Base: Mirror, Scalar: Mirror> {
    /// The library's type of points.
    type Point: Copy
        + Debug
        + PartialEq
        + Add<Output = Self::Point>
        + Neg<Output = Self::Point>
        + Mul<Library<Self::Scalar>, Output = Self::Point>;

    /// The library's identity.
    fn identity() -> Self::Point;

    /// The library's generator.
    fn library_generator() -> Self::Point;

    /// The constant b of the library's curve.
    fn library_b() -> Library<Self::Base>;

    /// The library's sum of the point with itself.
    fn doubled(point: Self::Point) -> Self::Point;

    /// The coordinates of points, (0, 0) for the identity.
    fn coordinates(points: &[Self::Point]) -> Vec<[Library<Self::Base>; 2]>;

    /// The crate's points equal to the library's.
    fn our_points(points: &[Self::Point]) -> Vec<Affine<Self>> {
        let point = |[x, y]: [_; 2]| Affine { x: Self::Base::ours(x), y: Self::Base::ours(y) };
        Self::coordinates(points).into_iter().map(point).collect()
    }
}

macro_rules! mirror_curve {
    ($spec:ty, $point:ty, $affine:ty, $group:ident, $curve:ident) => {
        impl MirrorCurve for $spec {
            type Point = $point;

            fn identity() -> $point {
                $group::Group::identity()
            }

            fn library_generator() -> $point {
                $group::Group::generator()
            }

            fn library_b() -> Library<Self::Base> {
                <$affine as $curve>::b()
            }

            fn doubled(point: $point) -> $point {
                $group::Group::double(&point)
            }

            fn coordinates(points: &[$point]) -> Vec<[Library<Self::Base>; 2]> {
                let mut affine = vec![<$affine>::default(); points.len()];
                <$point as $group::Curve>::batch_normalize(points, &mut affine);
                let coordinates = affine.iter().zip(points).map(|(affine, point)| {
                    if *point == Self::identity() {
                        return [Self::Base::NOTHING; 2];
                    }
                    let coordinates = $curve::coordinates(affine).expect("not the identity");
                    [*coordinates.x(), *coordinates.y()]
                });
                coordinates.collect()
            }
        }
    };
}

mirror_curve!(
    Bn254G1Spec,
    halo2curves_axiom::bn256::G1,
    halo2curves_axiom::bn256::G1Affine,
    group,
    CurveOfBn254
);
mirror_curve!(PallasSpec, pasta_curves::Ep, pasta_curves::EpAffine, group_of_pasta, CurveOfPasta);
mirror_curve!(VestaSpec, pasta_curves::Eq, pasta_curves::EqAffine, group_of_pasta, CurveOfPasta);

/// Points as multiples of the generator, so that any sum of multiples of them is one multiple of the
/// generator: a reference that shares nothing with the algorithms under test.
#[derive(Clone, Debug)]
pub struct Points<C: MirrorCurve> {
    /// The points.
    pub affine: Vec<Affine<C>>,
    /// What the generator is to be multiplied by.
    pub logarithms: Vec<Library<C::Scalar>>,
}

impl<C: MirrorCurve> Points<C> {
    /// Different points without pattern.
    pub fn random(len: usize) -> Self {
        let [start, step] = [random(1, 71)[0], random(1, 72)[0]].map(C::Scalar::theirs);
        let by = C::library_generator() * step;
        let first = (C::library_generator() * start, start);
        let all = std::iter::successors(Some(first), |(point, at)| Some((*point + by, *at + step)));
        let (points, logarithms): (Vec<_>, Vec<_>) = all.take(len).unzip();
        Self { affine: C::our_points(&points), logarithms }
    }

    /// The points at some places, negated where asked for, and the identity for no place.
    pub fn pick(&self, places: impl Iterator<Item = Option<(usize, bool)>>) -> Self {
        let (affine, logarithms) = places
            .map(|place| match place {
                None => (Affine::IDENTITY, C::Scalar::NOTHING),
                Some((at, false)) => (self.affine[at], self.logarithms[at]),
                Some((at, true)) => (-self.affine[at], -self.logarithms[at]),
            })
            .unzip();
        Self { affine, logarithms }
    }

    /// The sum of the points times the scalars, by the library.
    pub fn sum(&self, scalars: &[Library<C::Scalar>]) -> C::Point {
        let products = self.logarithms.iter().zip(scalars).map(|(point, scalar)| *point * *scalar);
        C::library_generator() * products.fold(C::Scalar::NOTHING, |sum, product| sum + product)
    }
}
