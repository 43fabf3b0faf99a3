//! Multi-scalar multiplication and normalisation, on ordinary and adversarial inputs.

use parhelion_field_kernels::{Fp, Kernels, PallasSpec, Projective};
use rand::RngCore;

use crate::common::{MirrorCurve, Points, Suite, all_theirs, edges, random, rng};

/// A place among some points and whether to negate what is there, or none for the identity.
type Place = Option<(usize, bool)>;

type Scalars<C> = Vec<Fp<<C as parhelion_field_kernels::CurveSpec>::Scalar>>;

/// Columns of scalars with the same points, all at once and the first alone.
fn check<C: MirrorCurve>(suite: &Suite, what: &str, points: &Points<C>, columns: &[Scalars<C>]) {
    let expected: Vec<C::Point> = columns.iter().map(|scalars| points.sum(&all_theirs(scalars))).collect();
    let slices: Vec<&[_]> = columns.iter().map(Vec::as_slice).collect();
    let what = format!("{what}, {} points", points.affine.len());
    suite.check_points::<C>(&what, &expected, |kernels| {
        kernels.normalize(&kernels.msm_columns::<C>(&points.affine, &slices))
    });
    // Tables of a few multiples of each point, and of one for each window.
    let multiples: &[usize] = if points.affine.len() > 1 << 14 { &[] } else { &[2, usize::MAX] };
    for multiples in multiples {
        let bytes = multiples.saturating_mul(size_of_val(&points.affine[..]));
        let Some(table) = Kernels::sequential().shift_bases(&points.affine, bytes) else { continue };
        suite.check_points::<C>(&format!("{what}, {multiples} multiples"), &expected, |kernels| {
            kernels.normalize(&kernels.msm_columns_of::<C>(table.bases(), &slices))
        });
    }
    if let Some(first) = slices.first() {
        suite.check_points::<C>(&what, &expected[..1], |kernels| {
            vec![kernels.msm(&points.affine, first).to_affine()]
        });
    }
}

fn every_length<C: MirrorCurve>(suite: &Suite) {
    let points = Points::<C>::random(1100);
    let lengths = [
        0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 255, 256, 257, 1023,
        1024, 1025, 1100,
    ];
    for len in lengths {
        let points = points.pick((0..len).map(|place| Some((place, false))));
        check(suite, "uniform", &points, &[random(len, 5)]);
    }
    // Bases beyond the scalars are not used.
    let columns = [0, 1, 2, 7, 130, 1099].map(|len| random(len, 6));
    check(suite, "shorter columns", &points, &columns);
    check(suite, "no columns", &points, &[]);
}

fn all_sizes_of_scalars<C: MirrorCurve>(suite: &Suite) {
    let len = 300;
    let (points, mut rng) = (Points::<C>::random(len), rng(6));
    let mut columns: Vec<Scalars<C>> = Vec::new();
    for bits in [1, 2, 8, 16, 31, 32, 63, 64] {
        let small: Scalars<C> = (0..len).map(|_| Fp::from_u64(rng.next_u64() >> (64 - bits))).collect();
        let negative = small.iter().map(|scalar| -*scalar).collect();
        // A few blinding factors among small scalars, as in a column of a circuit.
        let blinded = [&small[..len - 6], &random(6, bits)[..]].concat();
        columns.extend([small, negative, blinded]);
    }
    // Every width, and one less or more.
    let widths = (0..len as u64).map(|i| Fp::from_u64(2).pow(i % 256) + Fp::from_u64(i % 3) - Fp::ONE);
    columns.push(widths.collect());
    let sparse = random(len, 7).into_iter().enumerate();
    columns.push(sparse.map(|(i, scalar)| if i % 97 == 0 { scalar } else { Fp::ZERO }).collect());
    check(suite, "sizes", &points, &columns);
}

fn scalars_at_edges<C: MirrorCurve>(suite: &Suite) {
    let edges = edges::<C::Scalar>();
    let points = Points::<C>::random(edges.len());
    let reversed = edges.iter().rev().copied().collect();
    check(suite, "edges", &points, &[edges, reversed]);
}

fn equal_scalars<C: MirrorCurve>(suite: &Suite) {
    let points = Points::<C>::random(400);
    let half = Fp::from_u64(2).invert().expect("odd order");
    let scalars =
        [Fp::ZERO, Fp::ONE, -Fp::ONE, Fp::from_u64(2), half, -half, Fp::from_u64(255), random(1, 8)[0]];
    check(suite, "equal scalars", &points, &scalars.map(|scalar| vec![scalar; 400]));
}

/// Points that meet in buckets: equal, opposite, and the identity, where additions are doublings or
/// settled without a slope.
fn points_that_meet<C: MirrorCurve>(suite: &Suite) {
    let len = 300;
    let some = Points::<C>::random(len);
    let places: [(&str, fn(usize) -> Place); 6] = [
        ("one point", |_| Some((0, false))),
        ("P and -P", |i| Some((0, i % 2 == 1))),
        ("P, P and -P, -P", |i| Some((0, i % 4 > 1))),
        ("each with its negative", |i| Some((i / 2, i % 2 == 1))),
        ("all identity", |_| None),
        ("identity among them", |i| (i % 3 != 0).then_some((i / 2, i % 7 == 0))),
    ];
    let bytes = (0..len as u64).map(|i| Fp::from_u64(i % 5)).collect();
    let alternating = (0..len).map(|i| if i % 2 == 0 { Fp::ONE } else { -Fp::ONE }).collect();
    let columns = [vec![Fp::ONE; len], vec![-Fp::ONE; len], random(len, 9), bytes, alternating];
    for (name, place) in places {
        check(suite, name, &some.pick((0..len).map(place)), &columns);
    }
}

fn a_larger_one<C: MirrorCurve>(suite: &Suite) {
    let len = (1 << 13) + 3;
    let points = Points::<C>::random(len);
    let uniform = random(len, 10);
    let mixed = uniform.iter().zip(0..).map(|(s, i)| if i % 4 == 0 { *s } else { Fp::from_u64(i) }).collect();
    let boolean = (0..len as u64).map(|i| Fp::from_u64(i.wrapping_mul(i) >> 3 & 1)).collect();
    check(suite, "large", &points, &[uniform, mixed, boolean]);
}

/// Buckets that end just before, at and after 2^16 points, which is as many as are summed up at once, and
/// one that goes on.
fn large_buckets<C: MirrorCurve>(suite: &Suite) {
    let some = Points::<C>::random(500);
    for first in [(1 << 16) - 1, 1 << 16, (1 << 16) + 1] {
        let points = some.pick((0..first + 67).map(|i| (i % 31 != 7).then_some((i % 499, i % 3 == 0))));
        let buckets = |second| {
            let digit = |i| if i < first { Fp::ONE } else { Fp::from_u64(second) };
            (0..first + 67).map(digit).collect()
        };
        check(suite, "large buckets", &points, &[buckets(2), buckets(1)]);
    }
}

/// A table is the same whoever makes it.
fn tables<C: MirrorCurve>(suite: &Suite) {
    let points = Points::<C>::random(260).pick((0..260).map(|i| (i % 5 != 3).then_some((i, i % 2 == 0))));
    for multiples in [2, 3, usize::MAX] {
        let bytes = multiples.saturating_mul(size_of_val(&points.affine[..]));
        let table = Kernels::sequential().shift_bases(&points.affine, bytes).expect("room for several");
        let scalars = random(260, 11);
        let expected = [points.sum(&all_theirs(&scalars))];
        suite.check_points::<C>(&format!("{table:?}"), &expected, |kernels| {
            let own = kernels.shift_bases(&points.affine, bytes).expect("as before");
            assert_eq!(format!("{own:?}"), format!("{table:?}"));
            vec![kernels.msm_columns_of::<C>(own.bases(), &[&scalars])[0].to_affine()]
        });
    }
}

/// Points with many different ZZ and ZZZ, and the identity, at every place.
fn normalisation<C: MirrorCurve>(suite: &Suite) {
    let some = Points::<C>::random(260);
    for len in [0, 1, 2, 7, 15, 16, 17, 31, 32, 33, 129, 260] {
        let places = |i: usize| (i % 5 != 3).then_some((i, false));
        let Points { affine, logarithms } = some.pick((0..len).map(places));
        // 3P in coordinates of its own.
        let tripled: Vec<Projective<C>> =
            affine.iter().map(|point| point.to_projective().double().add_affine(*point)).collect();
        let expected: Vec<C::Point> = logarithms
            .iter()
            .map(|logarithm| C::library_generator() * (*logarithm + *logarithm + *logarithm))
            .collect();
        suite.check_points::<C>(&format!("{len} points normalised"), &expected, |kernels| {
            kernels.normalize(&tripled)
        });
    }
    suite.check_points::<C>(&"identities normalised", &[C::identity(); 40], |kernels| {
        kernels.normalize(&[Projective::IDENTITY; 40])
    });
}

on_curves! {
    every_length, all_sizes_of_scalars, scalars_at_edges, equal_scalars, points_that_meet, a_larger_one,
    large_buckets, tables, normalisation,
}

#[test]
#[should_panic(expected = "a column has 2 scalars for 1 bases")]
fn missing_bases_break_the_contract() {
    let points = Points::<PallasSpec>::random(1);
    let _ = Kernels::sequential().msm(&points.affine, &[Fp::ONE; 2]);
}
