//! Batch inversion, powers and running products.

use parhelion_field_kernels::Fp;

use crate::common::{LENGTHS, Library, Mirror, Suite, all_theirs, edges, random, shapes};

fn invert<S: Mirror>(suite: &Suite, what: &str, values: &[Fp<S>]) {
    let inverse = |value| S::inverse(value).unwrap_or(S::NOTHING);
    let expected: Vec<_> = all_theirs(values).into_iter().map(inverse).collect();
    suite.check::<S>(&format!("inverses of {} elements, {what}", values.len()), &expected, |kernels| {
        let mut values = values.to_vec();
        kernels.batch_invert(&mut values);
        values
    });
}

fn inverses_of_every_length<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        invert(suite, "random", &random::<S>(len, 1));
    }
    for (name, values) in shapes::<S>(200) {
        invert(suite, name, &values);
    }
}

fn inverses_among_zeros<S: Mirror>(suite: &Suite) {
    let some = random::<S>(70, 1);
    // One zero in every place, one number among zeros in every place, and whole lanes of zeros.
    for place in 0..some.len() {
        let mut values = some.clone();
        values[place] = Fp::ZERO;
        invert(suite, "one zero", &values);
        values.fill(Fp::ZERO);
        values[place] = some[place];
        invert(suite, "all zeros but one", &values);
    }
    for lane in 0..16 {
        let zero_lane =
            some.iter().enumerate().map(|(i, value)| if i % 16 == lane { Fp::ZERO } else { *value });
        invert(suite, "a lane of zeros", &zero_lane.collect::<Vec<_>>());
    }
}

/// Inverses that are edges, too.
fn inverses_at_edges<S: Mirror>(suite: &Suite) {
    let edges = edges::<S>();
    invert(suite, "edges", &edges);
    invert(
        suite,
        "towards edges",
        &edges.iter().map(|edge| edge.invert().unwrap_or_default()).collect::<Vec<_>>(),
    );
}

fn powers<S: Mirror>(suite: &Suite, len: usize, base: Fp<S>, first: Fp<S>) {
    let (step, first_power) = (S::theirs(base), S::theirs(first));
    let expected: Vec<Library<S>> =
        std::iter::successors(Some(first_power), |power| Some(*power * step)).take(len).collect();
    suite.check::<S>(&format!("{len} powers of {base:?} from {first:?} on"), &expected, |kernels| {
        let mut out = vec![-Fp::ONE; len];
        kernels.powers(base, first, &mut out);
        out
    });
}

fn powers_of_every_length<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        powers(suite, len, random::<S>(1, 1)[0], random(1, 2)[0]);
    }
}

fn powers_at_edges<S: Mirror>(suite: &Suite) {
    let root = Fp::<S>::root_of_unity(1).expect("p is odd");
    for first in [Fp::ZERO, Fp::ONE, random(1, 2)[0], root] {
        for base in edges::<S>() {
            powers(suite, 41, base, first);
        }
    }
    // Powers that run through edges, where their products are reduced last.
    for edge in edges::<S>() {
        let base = random::<S>(1, 9)[0];
        powers(suite, 70, base, edge * base.pow(35).invert().expect("not 0"));
    }
}

fn multiply<S: Mirror>(suite: &Suite, what: &str, factors: &[Fp<S>], first: Fp<S>) {
    let mut product = S::theirs(first);
    let mut expected: Vec<Library<S>> = Vec::new();
    for factor in all_theirs(factors) {
        expected.push(product);
        product = product * factor;
    }
    expected.push(product);
    suite.check::<S>(
        &format!("running product of {} factors, {what}", factors.len()),
        &expected,
        |kernels| {
            let mut factors = factors.to_vec();
            let product = kernels.running_product(&mut factors, first);
            factors.push(product);
            factors
        },
    );
}

fn running_products_of_every_length<S: Mirror>(suite: &Suite) {
    for len in LENGTHS {
        multiply(suite, "random", &random::<S>(len, 1), random(1, 2)[0]);
    }
}

fn running_products_at_edges<S: Mirror>(suite: &Suite) {
    for len in [5, 127, 128, 200, 1300] {
        for (name, factors) in shapes::<S>(len) {
            for first in [Fp::ZERO, Fp::ONE, random(1, 2)[0]] {
                multiply(suite, name, &factors, first);
            }
        }
        // Every product is an edge: each factor is one edge over the one before.
        let wanted: Vec<Fp<S>> =
            edges().into_iter().filter(|edge| !edge.is_zero()).cycle().take(len + 1).collect();
        let quotients: Vec<Fp<S>> =
            wanted.windows(2).map(|pair| pair[1] * pair[0].invert().expect("not 0")).collect();
        multiply(suite, "towards edges", &quotients, wanted[0]);
        // A zero in the middle makes what follows zero.
        let mut factors = random::<S>(len, 3);
        factors[len / 2] = Fp::ZERO;
        multiply(suite, "a zero", &factors, Fp::ONE);
    }
}

on_fields! {
    inverses_of_every_length, inverses_among_zeros, inverses_at_edges, powers_of_every_length, powers_at_edges,
    running_products_of_every_length, running_products_at_edges,
}
