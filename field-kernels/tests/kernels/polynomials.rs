//! Evaluation and division of polynomials.

use parhelion_field_kernels::{Fp, Kernels};

use crate::common::{LENGTHS, Library, Mirror, Suite, all_theirs, edges, random, shapes};

/// The value of a polynomial, by Horner's rule.
fn horner<S: Mirror>(poly: &[Library<S>], x: Library<S>) -> Library<S> {
    poly.iter().rev().fold(S::NOTHING, |value, coefficient| value * x + *coefficient)
}

fn evaluate<S: Mirror>(suite: &Suite, what: &str, poly: &[Fp<S>], x: Fp<S>) {
    let expected = horner::<S>(&all_theirs(poly), S::theirs(x));
    let what = format!("{what}: {} coefficients at {x:?}", poly.len());
    suite.check::<S>(&what, &[expected], |kernels| vec![kernels.evaluate(poly, x)]);
}

fn values_of_every_length<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        for x in [Fp::ZERO, Fp::ONE, -Fp::ONE, random(1, 2)[0]] {
            evaluate(suite, "random", &random::<S>(len, 1), x);
        }
    }
}

fn values_at_edges<S: Mirror>(suite: &Suite) {
    for x in edges::<S>() {
        evaluate(suite, "at an edge", &random::<S>(300, 1), x);
        // A constant term that makes the value an edge.
        let (mut poly, at) = (random(300, 2), random(1, 3)[0]);
        poly[0] = Fp::ZERO;
        poly[0] = x - Kernels::sequential().evaluate(&poly, at);
        assert_eq!(Kernels::sequential().evaluate(&poly, at), x);
        evaluate(suite, "towards an edge", &poly, at);
    }
    for (name, poly) in shapes::<S>(777) {
        for x in [Fp::ZERO, Fp::ONE, -Fp::ONE, Fp::from_u64(2), random(1, 2)[0]] {
            evaluate(suite, name, &poly, x);
        }
    }
}

/// Polynomials of all lengths, some of them several times and at the same points, some at different ones.
fn many_values<S: Mirror>(suite: &Suite) {
    let polys: Vec<Vec<Fp<S>>> = LENGTHS.iter().map(|len| random(*len, 4)).collect();
    let points = [random(1, 5)[0], Fp::ZERO, random(1, 6)[0], -Fp::ONE, random(1, 5)[0]];
    for count in [0, 1, 2, polys.len()] {
        let queries: Vec<(&[Fp<S>], Fp<S>)> = polys[..count]
            .iter()
            .enumerate()
            .flat_map(|(i, poly)| [(poly.as_slice(), points[i % 5]), (poly.as_slice(), points[(i + 1) % 5])])
            .collect();
        let expected: Vec<_> =
            queries.iter().map(|(poly, x)| horner::<S>(&all_theirs(poly), S::theirs(*x))).collect();
        suite.check::<S>(&format!("{count} polynomials"), &expected, |kernels| {
            kernels.evaluate_many(&queries)
        });
    }
}

fn divide<S: Mirror>(suite: &Suite, what: &str, poly: &[Fp<S>], root: Fp<S>) {
    // quotient·(X - root) + remainder, coefficient by coefficient.
    let (theirs, x) = (all_theirs(poly), S::theirs(root));
    let mut expected = vec![S::NOTHING; poly.len()];
    for i in (1..poly.len()).rev() {
        expected[i - 1] = theirs[i] + x * expected[i];
    }
    expected.push(horner::<S>(&theirs, x));
    suite.check::<S>(
        &format!("{what}: {} coefficients over X - {root:?}", poly.len()),
        &expected,
        |kernels| {
            let mut poly = poly.to_vec();
            let remainder = kernels.divide_by_linear(&mut poly, root);
            poly.push(remainder);
            poly
        },
    );
}

fn quotients<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        for root in [Fp::ZERO, Fp::ONE, random(1, 7)[0]] {
            divide(suite, "random", &random::<S>(len, 8), root);
        }
    }
    for root in edges::<S>() {
        divide(suite, "at an edge", &random(40, 9), root);
    }
    for (name, poly) in shapes::<S>(300) {
        divide(suite, name, &poly, random(1, 7)[0]);
        divide(suite, name, &poly, -Fp::ONE);
    }
}

on_fields! { values_of_every_length, values_at_edges, many_values, quotients }
