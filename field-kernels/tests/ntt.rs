//! Transforms against the library's, and against evaluation by definition.

mod common;

use common::Mirror;
use ff::PrimeField;
use halo2curves_axiom::bn256::Fr;
use halo2curves_axiom::fft::best_fft;
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Domain, Kernels};

fn omega(k: u32) -> Fr {
    (k..Fr::S).fold(Fr::ROOT_OF_UNITY, |omega, _| omega * omega)
}

/// Uniform values, and values at the edges of the field at every position.
fn inputs(n: usize) -> Vec<Vec<Bn254Fr>> {
    let edges = Bn254FrSpec::edges();
    let cycled = (0..n).map(|i| edges[i % edges.len()]).collect();
    let largest = vec![-Bn254Fr::ONE; n];
    let mut impulse = vec![Bn254Fr::ZERO; n];
    impulse[n - 1] = -Bn254Fr::ONE;
    vec![Bn254FrSpec::random(n, n as u64), cycled, largest, impulse, vec![Bn254Fr::ZERO; n]]
}

#[test]
fn every_size_is_the_librarys() {
    for k in 1..=14 {
        let domain = Domain::<Bn254FrSpec>::new(k).unwrap();
        assert_eq!(Bn254FrSpec::theirs(domain.omega()), omega(k));
        for input in inputs(1 << k) {
            let mut expected: Vec<Fr> = input.iter().map(|v| Bn254FrSpec::theirs(*v)).collect();
            best_fft(&mut expected, omega(k), k);
            for kernels in common::all_kernels() {
                let mut values = input.clone();
                kernels.ntt(&domain, &mut values);
                let ours: Vec<Fr> = values.iter().map(|v| Bn254FrSpec::theirs(*v)).collect();
                assert!(ours == expected, "k = {k}, {} threads", kernels.threads());
                kernels.intt(&domain, &mut values);
                assert!(values == input, "inverse, k = {k}, {} threads", kernels.threads());
            }
        }
    }
}

#[test]
fn one_point() {
    let (domain, kernels) = (Domain::<Bn254FrSpec>::new(0).unwrap(), Kernels::sequential());
    let mut values = [Bn254Fr::from_u64(9)];
    kernels.ntt(&domain, &mut values);
    kernels.intt(&domain, &mut values);
    kernels.coset_ntt(&domain, &values.clone(), Bn254Fr::from_u64(5), &mut values);
    assert_eq!(values, [Bn254Fr::from_u64(9)]);
}

#[test]
fn cosets_are_evaluations() {
    for (k, shift) in [(1, 7), (4, 7), (5, 49), (13, 7)] {
        let domain = Domain::<Bn254FrSpec>::new(k).unwrap();
        let shift = Bn254Fr::from_u64(shift);
        for input in inputs(1 << k) {
            for kernels in common::all_kernels() {
                let mut values = vec![Bn254Fr::ONE; 1 << k];
                kernels.coset_ntt(&domain, &input, shift, &mut values);
                for i in [0, 1, (1 << k) / 2, (1 << k) - 1] {
                    let point = shift * domain.omega().pow(i as u64);
                    let expected = input.iter().rev().fold(Bn254Fr::ZERO, |sum, &c| sum * point + c);
                    assert_eq!(values[i], expected, "k = {k}, point {i}");
                }
                kernels.coset_intt(&domain, &mut values, shift.invert().unwrap());
                assert!(values == input, "k = {k}, {} threads", kernels.threads());
            }
        }
    }
}

#[test]
fn columns_are_transformed_alike() {
    let domain = Domain::<Bn254FrSpec>::new(12).unwrap();
    let shift = Bn254Fr::generator();
    for count in [0, 1, 2, 5] {
        let input: Vec<Vec<Bn254Fr>> = (0..count).map(|i| Bn254FrSpec::random(1 << 12, i)).collect();
        for kernels in common::all_kernels() {
            let mut columns = input.clone();
            kernels.ntt_columns(&domain, &mut columns.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
            let mut cosets = vec![vec![Bn254Fr::ZERO; 1 << 12]; input.len()];
            let jobs =
                input.iter().map(Vec::as_slice).zip(cosets.iter_mut().map(Vec::as_mut_slice)).collect();
            kernels.coset_ntt_columns(&domain, jobs, shift);
            for ((input, column), coset) in input.iter().zip(&columns).zip(&cosets) {
                let mut expected = input.clone();
                Kernels::sequential().ntt(&domain, &mut expected);
                assert!(*column == expected);
                Kernels::sequential().coset_ntt(&domain, input, shift, &mut expected);
                assert!(*coset == expected);
            }
            kernels.intt_columns(&domain, &mut columns.iter_mut().map(Vec::as_mut_slice).collect::<Vec<_>>());
            assert!(columns == input);
        }
    }
}

#[test]
fn domains_beyond_the_field_are_errors() {
    assert!(Domain::<Bn254FrSpec>::new(29).is_err());
    assert!(Domain::<Bn254FrSpec>::new(u32::MAX).is_err());
}

#[test]
#[should_panic(expected = "the domain has 8 points, got 7 elements")]
fn wrong_lengths_break_the_contract() {
    let domain = Domain::<Bn254FrSpec>::new(3).unwrap();
    Kernels::sequential().ntt(&domain, &mut [Bn254Fr::ONE; 7]);
}
