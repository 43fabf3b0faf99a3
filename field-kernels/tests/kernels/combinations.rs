//! Sums of products: linear combinations and inner products.

use parhelion_field_kernels::{Fp, Kernels};

use crate::common::{LENGTHS, Library, Mirror, Suite, all_theirs, cycled, edges, largest, random, shapes};

type Term<S> = (Vec<Fp<S>>, Fp<S>);

fn combine<S: Mirror>(suite: &Suite, what: &str, len: usize, terms: &[Term<S>]) {
    let mut expected = vec![S::NOTHING; len];
    for (vector, factor) in terms {
        let factor = S::theirs(*factor);
        expected.iter_mut().zip(all_theirs(vector)).for_each(|(sum, value)| *sum = *sum + value * factor);
    }
    let what = format!("{what}: combination of {} vectors of {len}", terms.len());
    let terms: Vec<(&[Fp<S>], Fp<S>)> = terms.iter().map(|(vector, by)| (vector.as_slice(), *by)).collect();
    suite.check::<S>(&what, &expected, |kernels| {
        // What is there before does not count.
        let mut out = vec![largest(); len];
        kernels.linear_combination(&mut out, &terms);
        out
    });
}

fn multiply<S: Mirror>(suite: &Suite, what: &str, a: &[Fp<S>], b: &[Fp<S>]) {
    let products = all_theirs(a).into_iter().zip(all_theirs(b)).map(|(a, b)| a * b);
    let expected: Library<S> = products.fold(S::NOTHING, |sum, product| sum + product);
    let what = format!("{what}: inner product of {}", a.len());
    suite.check::<S>(&what, &[expected], |kernels| vec![kernels.inner_product(a, b)]);
}

fn combinations_of_every_length<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        // One vector ends before, one after, every boundary of lanes near the end.
        let lengths = [len, len / 2, len.saturating_sub(1), len.saturating_sub(9), 0];
        let terms: Vec<Term<S>> = lengths
            .iter()
            .zip(1..)
            .map(|(len, seed)| (random(*len, seed), random(1, 100 + seed)[0]))
            .collect();
        combine(suite, "random", len, &terms);
    }
}

/// More products than any sum of 64-bit words holds.
fn long_inner_products<S: Mirror>(suite: &Suite) {
    for eights in [256, 257, 400, 512, 600, 1100] {
        for (name, vector) in shapes::<S>(8 * eights) {
            multiply(suite, name, &vector, &vector);
        }
    }
}

/// Around the number of products that a backend sums up before it reduces.
fn combinations_of_many_vectors<S: Mirror>(suite: &Suite) {
    for count in [0, 1, 2, 255, 256, 257, 400, 513, 900] {
        for (name, vector) in shapes::<S>(17) {
            for factor in [largest(), random(1, 5)[0], Fp::ZERO, Fp::ONE] {
                combine(suite, name, 17, &vec![(vector.clone(), factor); count]);
            }
        }
    }
}

fn combinations_at_edges<S: Mirror>(suite: &Suite) {
    let edges = edges::<S>();
    for by in edges.iter().copied() {
        // By itself, and with a term that makes the sums the edges.
        let vector = random(edges.len(), 7);
        let rest = edges.iter().zip(&vector).map(|(edge, value)| *edge - *value * by).collect();
        combine(suite, "edges", edges.len(), &[(edges.clone(), by)]);
        combine(suite, "towards edges", edges.len(), &[(vector, by), (rest, Fp::ONE)]);
    }
}

fn inner_products_of_every_length<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        multiply(suite, "random", &random::<S>(len, 1), &random(len, 2));
        for (name, vector) in shapes::<S>(len) {
            multiply(suite, name, &vector, &vector);
        }
        let largest = vec![largest::<S>(); len];
        multiply(suite, "heaviest limbs", &largest, &cycled(&edges(), len));
    }
}

fn inner_products_at_edges<S: Mirror>(suite: &Suite) {
    for edge in edges::<S>() {
        for len in [1, 9, 24] {
            let (mut a, b) = (random(len, 3), random(len, 4));
            let rest: Fp<S> = a[1..].iter().zip(&b[1..]).map(|(a, b)| *a * *b).sum();
            a[0] = (edge - rest) * b[0].invert().expect("not 0");
            assert_eq!(Kernels::sequential().inner_product(&a, &b), edge);
            multiply(suite, "towards an edge", &a, &b);
        }
    }
}

on_fields! {
    combinations_of_every_length, combinations_of_many_vectors, combinations_at_edges,
    inner_products_of_every_length, long_inner_products, inner_products_at_edges,
}

#[test]
#[should_panic(expected = "a term has 3 elements, the output 2")]
fn long_terms_break_the_contract() {
    let term = random::<parhelion_field_kernels::PastaFqSpec>(3, 1);
    Kernels::sequential().linear_combination(&mut [Fp::ONE; 2], &[(&term, Fp::ONE)]);
}
