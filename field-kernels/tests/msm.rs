//! Multi-scalar multiplication against the library's, on ordinary and adversarial inputs, at 1, 2
//! and 3 threads.

mod common;

use common::Mirror;
use ff::Field;
use group::{Curve, Group};
use halo2curves_axiom::bn256::{Fr, G1, G1Affine};
use halo2curves_axiom::msm::msm_best;
use parhelion_field_kernels::{Bn254FrSpec, Bn254G1Affine, Bn254G1Spec};
use rand::Rng;

/// The library's result, summed naively where its own algorithm has no answer (it needs at least
/// one point, and divides by zero on some degenerate inputs).
fn expected(points: &[G1Affine], scalars: &[Fr]) -> G1Affine {
    if scalars.len() > 600 {
        return msm_best(scalars, points).to_affine();
    }
    scalars.iter().zip(points).fold(G1::identity(), |sum, (scalar, point)| sum + point * scalar).to_affine()
}

fn check(name: &str, points: &[G1Affine], columns: &[Vec<Fr>]) {
    let bases: Vec<Bn254G1Affine> = points.iter().map(common::our_point).collect();
    let expected: Vec<G1Affine> = columns.iter().map(|column| expected(points, column)).collect();
    let ours: Vec<Vec<_>> =
        columns.iter().map(|column| column.iter().map(Bn254FrSpec::ours).collect()).collect();
    let slices: Vec<&[_]> = ours.iter().map(Vec::as_slice).collect();
    for kernels in common::all_kernels() {
        let sums = kernels.msm_columns::<Bn254G1Spec>(&bases, &slices);
        let threads = kernels.threads();
        for ((column, sum), expected) in kernels.normalize(&sums).iter().enumerate().zip(&expected) {
            assert_eq!(*sum, common::our_point(expected), "{name}, column {column}, {threads} threads");
        }
        if let Some(first) = slices.first() {
            assert_eq!(kernels.msm(&bases, first).to_affine(), common::our_point(&expected[0]), "{name}");
        }
    }
}

fn uniform(n: usize) -> Vec<Fr> {
    let mut rng = common::rng(5);
    (0..n).map(|_| Fr::random(&mut rng)).collect()
}

#[test]
fn lengths_around_every_boundary() {
    let points = common::random_points(1100, 1);
    for n in [0, 1, 2, 3, 7, 31, 32, 33, 191, 192, 193, 255, 256, 257, 1023, 1024, 1025, 1100] {
        check(&format!("length {n}"), &points[..n], &[uniform(n)]);
    }
}

#[test]
fn fewer_scalars_than_bases() {
    let points = common::random_points(400, 1);
    check("shorter columns", &points, &[uniform(0), uniform(1), uniform(399), uniform(400)]);
}

#[test]
fn all_sizes_of_scalars() {
    let n = 700;
    let (points, mut rng) = (common::random_points(n, 1), common::rng(6));
    let mut columns: Vec<Vec<Fr>> = Vec::new();
    for bits in [1u32, 2, 8, 16, 31, 32, 63, 64] {
        let mask = u64::MAX >> (64 - bits);
        let small: Vec<Fr> = (0..n).map(|_| Fr::from(rng.r#gen::<u64>() & mask)).collect();
        let negative = small.iter().map(|scalar| -scalar).collect();
        let mut blinded = small.clone();
        blinded[n - 6..].iter_mut().for_each(|scalar| *scalar = Fr::random(&mut rng));
        columns.extend([small, negative, blinded]);
    }
    let wide = |bits: u64| Fr::from(2).pow([bits]);
    columns.push((0..n as u64).map(|i| wide(i % 254) - Fr::from(i & 1)).collect());
    columns.push((0..n).map(|i| if i % 97 == 0 { uniform(1)[0] } else { Fr::ZERO }).collect());
    check("sizes", &points, &columns);
}

#[test]
fn equal_scalars() {
    let points = common::random_points(900, 1);
    let half = Fr::from(2).invert().unwrap();
    for scalar in [Fr::ZERO, Fr::ONE, -Fr::ONE, Fr::from(2), half, -half, Fr::from(255), uniform(1)[0]] {
        check("equal scalars", &points, &[vec![scalar; 900]]);
    }
}

#[test]
fn points_that_meet() {
    let n = 800;
    let random = common::random_points(n, 1);
    let (point, identity) = (random[0], G1Affine::default());
    let opposite = -point;
    let inputs: [(&str, Vec<G1Affine>); 4] = [
        ("one point", vec![point; n]),
        ("P and -P", (0..n).map(|i| if i % 2 == 0 { point } else { opposite }).collect()),
        ("all identity", vec![identity; n]),
        ("identity among them", (0..n).map(|i| if i % 3 == 0 { identity } else { random[i / 2] }).collect()),
    ];
    for (name, points) in inputs {
        let bytes = (0..n).map(|i| Fr::from(i as u64 % 5)).collect();
        check(name, &points, &[vec![Fr::ONE; n], vec![-Fr::ONE; n], uniform(n), bytes]);
    }
}

#[test]
fn a_larger_one() {
    let n = (1 << 12) + 3;
    let points = common::random_points(n, 1);
    let mixed: Vec<Fr> = uniform(n)
        .into_iter()
        .enumerate()
        .map(|(i, s)| if i % 4 == 0 { s } else { Fr::from(i as u64) })
        .collect();
    check("2^12 + 3", &points, &[uniform(n), mixed]);
}
