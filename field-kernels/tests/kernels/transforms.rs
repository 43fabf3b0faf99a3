//! Transforms of all sizes and kinds.

use parhelion_field_kernels::{Bn254FqSpec, Bn254FrSpec, Domain, Fp, Kernels, PastaFpSpec, PastaFqSpec};

use crate::common::{Library, Mirror, Suite, all_ours, all_theirs, random, shapes};

/// The largest size that is tested, 2^14, or the field's largest: BN254's Fq only has size 2.
fn sizes<S: Mirror>() -> impl Iterator<Item = u32> {
    0..=S::TWO_ADICITY.min(14)
}

/// The library's element of order 2^k.
fn omega<S: Mirror>(k: u32) -> Library<S> {
    (k..S::TWO_ADICITY).fold(S::CHOICES[0], |root, _| root * root)
}

/// The values of a polynomial at powers of `omega`, from those of its even and odd halves:
/// f(x) = g(x²) + x·h(x²).
fn values<S: Mirror>(poly: &[Library<S>], omega: Library<S>) -> Vec<Library<S>> {
    if poly.len() == 1 {
        return poly.to_vec();
    }
    let [even, odd] = [0, 1].map(|first| {
        let half: Vec<_> = poly.iter().skip(first).step_by(2).copied().collect();
        values::<S>(&half, omega * omega)
    });
    let powers = std::iter::successors(Some(S::UNIT), |power| Some(*power * omega));
    let (upper, lower): (Vec<_>, Vec<_>) = even
        .into_iter()
        .zip(odd)
        .zip(powers)
        .map(|((even, odd), power)| (even + power * odd, even - power * odd))
        .unzip();
    [upper, lower].concat()
}

/// The values of a polynomial at `shift` times powers of `omega`.
fn values_on_coset<S: Mirror>(poly: &[Fp<S>], shift: Fp<S>, omega: Library<S>) -> Vec<Library<S>> {
    let shift = S::theirs(shift);
    let powers = std::iter::successors(Some(S::UNIT), |power| Some(*power * shift));
    values::<S>(
        &all_theirs(poly).into_iter().zip(powers).map(|(c, power)| c * power).collect::<Vec<_>>(),
        omega,
    )
}

/// The reference itself, by definition.
fn reference<S: Mirror>(_: &Suite) {
    for k in sizes::<S>().take(6) {
        let poly = all_theirs(&random::<S>(1 << k, 1));
        let points = std::iter::successors(Some(S::UNIT), |point| Some(*point * omega::<S>(k)));
        let by_definition: Vec<_> = points
            .take(1 << k)
            .map(|x| poly.iter().rev().fold(S::NOTHING, |value, coefficient| value * x + *coefficient))
            .collect();
        assert_eq!(values::<S>(&poly, omega::<S>(k)), by_definition);
    }
}

fn every_size<S: Mirror>(suite: &Suite) {
    for k in sizes::<S>() {
        let domain = Domain::<S>::new(k).expect("a size the field has");
        assert_eq!(S::theirs(domain.omega()), omega::<S>(k));
        assert_eq!(domain.omega() * domain.omega_inv(), Fp::ONE);
        for (name, poly) in shapes::<S>(1 << k) {
            let coefficients = all_theirs(&poly);
            let expected = values::<S>(&coefficients, omega::<S>(k));
            suite.check::<S>(&format!("{name}, 2^{k} points"), &expected, |kernels| {
                let mut values = poly.clone();
                kernels.ntt(&domain, &mut values);
                values
            });
            let values = all_ours::<S>(&expected);
            suite.check::<S>(&format!("{name}, inverse, 2^{k} points"), &coefficients, |kernels| {
                let mut values = values.clone();
                kernels.intt(&domain, &mut values);
                values
            });
        }
        // Values at the edges, too.
        let (_, values) =
            shapes::<S>(1 << k).into_iter().find(|(name, _)| *name == "edges").expect("a shape");
        let mut coefficients = values.clone();
        Kernels::sequential().intt(&domain, &mut coefficients);
        let expected = all_theirs(&values);
        assert_eq!(self::values::<S>(&all_theirs(&coefficients), omega::<S>(k)), expected);
        suite.check::<S>(&format!("towards edges, 2^{k} points"), &expected, |kernels| {
            let mut values = coefficients.clone();
            kernels.ntt(&domain, &mut values);
            values
        });
    }
}

fn every_coset<S: Mirror>(suite: &Suite) {
    for k in sizes::<S>() {
        let domain = Domain::<S>::new(k).expect("a size the field has");
        for shift in [Fp::generator(), -Fp::ONE, Fp::ONE, Fp::delta(), domain.omega()] {
            let poly = if shift == Fp::ONE { shapes(1 << k)[1].1.clone() } else { random::<S>(1 << k, 2) };
            let expected = values_on_coset(&poly, shift, omega::<S>(k));
            suite.check::<S>(&format!("coset of {shift:?}, 2^{k} points"), &expected, |kernels| {
                let mut out = vec![-Fp::ONE; 1 << k];
                kernels.coset_ntt(&domain, &poly, shift, &mut out);
                out
            });
            let values = all_ours::<S>(&expected);
            let back = format!("inverse on the coset of {shift:?}, 2^{k} points");
            suite.check::<S>(&back, &all_theirs(&poly), |kernels| {
                let mut values = values.clone();
                kernels.coset_intt(&domain, &mut values, shift.invert().expect("not 0"));
                values
            });
        }
    }
}

/// As many columns as threads, fewer, more, and none; the results of all, one after the other.
fn columns<S: Mirror>(suite: &Suite) {
    for k in sizes::<S>().filter(|k| [0, 1, 5, 6, 7, 11].contains(k)) {
        let domain = Domain::<S>::new(k).expect("a size the field has");
        let shift = Fp::generator();
        for count in [0, 1, 2, 3, 4, 9] {
            let polys: Vec<Vec<Fp<S>>> = (0..count).map(|seed| random(1 << k, seed)).collect();
            let omega = omega::<S>(k);
            let forward: Vec<_> =
                polys.iter().flat_map(|poly| values::<S>(&all_theirs(poly), omega)).collect();
            let what = format!("{count} columns of 2^{k} points");
            suite.check::<S>(&what, &forward, |kernels| {
                let mut columns = polys.clone();
                kernels
                    .ntt_columns(&domain, &mut columns.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
                columns.concat()
            });
            suite.check::<S>(&what, &all_theirs(&polys.concat()), |kernels| {
                let mut columns: Vec<Vec<_>> = forward.chunks(1 << k).map(all_ours::<S>).collect();
                kernels.intt_columns(
                    &domain,
                    &mut columns.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>(),
                );
                columns.concat()
            });
            let cosets: Vec<_> = polys.iter().flat_map(|poly| values_on_coset(poly, shift, omega)).collect();
            suite.check::<S>(&what, &cosets, |kernels| {
                let mut out = vec![vec![Fp::ONE; 1 << k]; polys.len()];
                let jobs = polys.iter().map(Vec::as_slice).zip(out.iter_mut().map(Vec::as_mut_slice));
                let mut jobs: Vec<_> = jobs.collect();
                kernels.coset_ntt_columns(&domain, &mut jobs, shift);
                out.concat()
            });
        }
    }
}

on_fields! { reference, every_size, every_coset, columns }

#[test]
fn domains_beyond_the_field_are_errors() {
    assert!(Domain::<PastaFpSpec>::new(33).is_err());
    assert!(Domain::<PastaFqSpec>::new(33).is_err());
    assert!(Domain::<Bn254FrSpec>::new(29).is_err());
    assert!(Domain::<Bn254FqSpec>::new(2).is_err());
    assert!(Domain::<PastaFpSpec>::new(u32::MAX).is_err());
}

#[test]
#[should_panic(expected = "the domain has 8 points, got 7 elements")]
fn wrong_lengths_break_the_contract() {
    let domain = Domain::<Bn254FrSpec>::new(3).expect("a size the field has");
    Kernels::sequential().ntt(&domain, &mut [Fp::ONE; 7]);
}
