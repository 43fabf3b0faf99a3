//! Element-wise kernels.

use parhelion_field_kernels::{Fp, Kernels};

use crate::common::{
    LENGTHS, Library, Mirror, Suite, all_theirs, cycled, edges, heaviest, largest, random, shapes,
};

/// A kernel that replaces elements of `acc`, given those of `rhs` and a factor.
struct Kernel<S: Mirror> {
    name: &'static str,
    run: fn(&Kernels, &mut [Fp<S>], &[Fp<S>], Fp<S>),
    /// The same on a pair of elements of the library.
    expected: fn(Library<S>, Library<S>, Library<S>) -> Library<S>,
    /// The `acc` that gives a wanted result for some `rhs` and factor that are not 0.
    landing: fn(Fp<S>, Fp<S>, Fp<S>) -> Fp<S>,
}

fn kernels<S: Mirror>() -> [Kernel<S>; 6] {
    [
        Kernel {
            name: "add_assign",
            run: |kernels, acc, rhs, _| kernels.add_assign(acc, rhs),
            expected: |a, b, _| a + b,
            landing: |wanted, b, _| wanted - b,
        },
        Kernel {
            name: "sub_assign",
            run: |kernels, acc, rhs, _| kernels.sub_assign(acc, rhs),
            expected: |a, b, _| a - b,
            landing: |wanted, b, _| wanted + b,
        },
        Kernel {
            name: "mul_assign",
            run: |kernels, acc, rhs, _| kernels.mul_assign(acc, rhs),
            expected: |a, b, _| a * b,
            landing: |wanted, b, _| wanted * b.invert().expect("not 0"),
        },
        Kernel {
            name: "scale",
            run: |kernels, acc, _, by| kernels.scale(acc, by),
            expected: |a, _, by| a * by,
            landing: |wanted, _, by| wanted * by.invert().expect("not 0"),
        },
        Kernel {
            name: "add_scaled",
            run: |kernels, acc, rhs, by| kernels.add_scaled(acc, rhs, by),
            expected: |a, b, by| a + by * b,
            landing: |wanted, b, by| wanted - by * b,
        },
        Kernel {
            name: "horner_step",
            run: |kernels, acc, rhs, by| kernels.horner_step(acc, by, rhs),
            expected: |a, b, by| a * by + b,
            landing: |wanted, b, by| (wanted - b) * by.invert().expect("not 0"),
        },
    ]
}

fn check<S: Mirror>(suite: &Suite, kernel: &Kernel<S>, what: &str, acc: &[Fp<S>], rhs: &[Fp<S>], by: Fp<S>) {
    let pairs = all_theirs(acc).into_iter().zip(all_theirs(rhs));
    let expected: Vec<_> = pairs.map(|(a, b)| (kernel.expected)(a, b, S::theirs(by))).collect();
    let what = format!("{} of {} elements, {what}, factor {by:?}", kernel.name, acc.len());
    suite.check::<S>(&what, &expected, |kernels| {
        let mut acc = acc.to_vec();
        (kernel.run)(kernels, &mut acc, rhs, by);
        acc
    });
}

fn every_length<S: Mirror>(suite: &Suite) {
    for kernel in kernels::<S>() {
        for len in LENGTHS {
            let [by] = random(1, 3).try_into().expect("one");
            check(suite, &kernel, "random", &random(len, 1), &random(len, 2), by);
        }
    }
}

/// All pairs of edges, where sums, differences and products pass the modulus as closely as they can.
fn pairs_of_edges<S: Mirror>(suite: &Suite) {
    let edges = edges::<S>();
    let acc: Vec<Fp<S>> = edges.iter().flat_map(|edge| vec![*edge; edges.len()]).collect();
    let rhs = cycled(&edges, acc.len());
    for kernel in kernels::<S>() {
        check(suite, &kernel, "pairs of edges", &acc, &rhs, random(1, 3)[0]);
    }
}

fn factors_at_edges<S: Mirror>(suite: &Suite) {
    let edges = edges::<S>();
    for kernel in kernels::<S>().into_iter().skip(3) {
        for by in edges.iter().copied() {
            // Lanes in which different edges meet.
            check(
                suite,
                &kernel,
                "edges",
                &edges,
                &edges[1..].iter().chain(&edges[..1]).copied().collect::<Vec<_>>(),
                by,
            );
        }
    }
}

/// Random operands whose results are edges: where a final reduction decides by the highest bits, or is
/// one multiple of p off.
fn results_at_edges<S: Mirror>(suite: &Suite) {
    let edges = edges::<S>();
    for kernel in kernels::<S>() {
        for seed in 0..8 {
            let (rhs, by) = (random(edges.len(), 10 + seed), random::<S>(1, 20 + seed)[0]);
            let acc: Vec<Fp<S>> =
                edges.iter().zip(&rhs).map(|(wanted, rhs)| (kernel.landing)(*wanted, *rhs, by)).collect();
            let mut results = acc.clone();
            (kernel.run)(&Kernels::sequential(), &mut results, &rhs, by);
            assert_eq!(results, edges, "{}: the operands are those of the edges", kernel.name);
            check(suite, &kernel, "towards edges", &acc, &rhs, by);
        }
    }
}

/// Results of 0, which a final reduction finds as p, here and there in a long random vector: at the ends of lanes and of
/// pieces, and among the elements that fill no register.
fn rare_results<S: Mirror>(suite: &Suite) {
    let len = 4105;
    let (rhs, by) = (random(len, 31), random::<S>(1, 32)[0]);
    for kernel in kernels::<S>() {
        for places in [&[][..], &[0], &[7, 2047], &[2048, 4095], &[4096, 4104], &[9, 2055, 4103]] {
            let mut acc = random(len, 33);
            for place in places {
                acc[*place] = (kernel.landing)(Fp::ZERO, rhs[*place], by);
            }
            check(suite, &kernel, &format!("0 at {places:?}"), &acc, &rhs, by);
        }
    }
}

fn shapes_of_vectors<S: Mirror>(suite: &Suite) {
    for kernel in kernels::<S>() {
        for (name, acc) in shapes::<S>(300) {
            for (other, rhs) in shapes::<S>(300) {
                for by in [Fp::ZERO, Fp::ONE, -Fp::ONE] {
                    check(suite, &kernel, &format!("{name} and {other}"), &acc, &rhs, by);
                }
            }
        }
    }
}

fn squares<S: Mirror>(suite: &Suite) {
    let vectors = LENGTHS.map(|len| random::<S>(len, len as u64));
    for values in vectors.into_iter().chain([edges::<S>(), vec![largest(); 9], vec![heaviest(); 9]]) {
        let expected: Vec<_> = all_theirs(&values).into_iter().map(|value| value * value).collect();
        suite.check(&format!("squares of {} elements", values.len()), &expected, |kernels| {
            let mut squares = values.clone();
            kernels.square(&mut squares);
            squares
        });
    }
}

on_fields! { squares, every_length, pairs_of_edges, factors_at_edges, results_at_edges, rare_results, shapes_of_vectors }

#[test]
#[should_panic(expected = "vectors differ in length: 2 and 3 elements")]
fn different_lengths_break_the_contract() {
    let [a, b] = [2, 3].map(|len| random::<parhelion_field_kernels::PastaFpSpec>(len, 1));
    Kernels::sequential().add_assign(&mut a.clone(), &b);
}
