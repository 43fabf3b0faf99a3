//! The evaluation domain a key carries.

use std::collections::HashMap;

use ff::{BatchInvert, Field, PrimeField, WithSmallOrderMulGroup};
use halo2_axiom::fft::recursive::FFTData;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::poly::EvaluationDomain;

use crate::Error;

/// The library's domain of 2^k rows for constraints of `degree`, without tables nobody reads.
///
/// `EvaluationDomain::new` gives the same, but for transform tables of 4E - 2 columns, E being the
/// ratio of the extended domain to the domain: 14 columns at degree 5, half a gigabyte at k = 20.
/// They are indexed, but on x86-64 not read, by the library's transforms.
pub(crate) fn evaluation_domain(degree: usize, k: u32) -> Result<EvaluationDomain<Fr>, Error> {
    let quotient_poly_degree = (degree as u64).saturating_sub(1);
    // The smallest power of two with room for the quotient's coefficients.
    let ratio = quotient_poly_degree.max(1).checked_next_power_of_two();
    let extended_k = k + ratio.map_or(u64::BITS, u64::trailing_zeros);
    if extended_k > Fr::S {
        return Err(Error::DomainTooLarge { k, degree, extended_k, max: Fr::S });
    }
    let n = 1u64 << k;

    let mut extended_omega = Fr::ROOT_OF_UNITY;
    for _ in extended_k..Fr::S {
        extended_omega = extended_omega.square();
    }
    // Generators of the groups of 2^extended_k, ..., 2^k elements.
    let mut omegas = vec![extended_omega];
    for _ in k..extended_k {
        omegas.push(omegas[omegas.len() - 1].square());
    }
    let mut omegas_inv = omegas.clone();

    // X^n - 1 on the coset zeta * <extended_omega>, where it repeats with this period.
    let period = 1usize << (extended_k - k);
    let step = extended_omega.pow_vartime([n]);
    let mut t_evaluations: Vec<Fr> =
        std::iter::successors(Some(Fr::ZETA.pow_vartime([n])), |power| Some(power * step))
            .take(period)
            .map(|power| power - Fr::ONE)
            .collect();

    let (mut n_inv, mut extended_n_inv) = (Fr::from(n), Fr::from(1u64 << extended_k));
    let divisors = [&mut n_inv, &mut extended_n_inv];
    t_evaluations.iter_mut().chain(divisors).chain(&mut omegas_inv).batch_invert();

    let transform_tables: HashMap<usize, FFTData<Fr>> = (k..=extended_k)
        .rev()
        .zip(omegas.iter().zip(&omegas_inv))
        .map(|(k, (omega, omega_inv))| (1 << k, transform_table(1 << k, *omega, *omega_inv)))
        .collect();

    let smallest = omegas.len() - 1;
    Ok(EvaluationDomain {
        n,
        k,
        extended_k,
        omega: omegas[smallest],
        omega_inv: omegas_inv[smallest],
        extended_omega,
        extended_omega_inv: omegas_inv[0],
        g_coset: Fr::ZETA,
        g_coset_inv: Fr::ZETA.square(),
        quotient_poly_degree,
        ifft_divisor: n_inv,
        extended_ifft_divisor: extended_n_inv,
        t_evaluations,
        barycentric_weight: n_inv,
        fft_data: transform_tables,
    })
}

/// An entry for the library to find: its transforms take one, and on x86-64 ignore it.
#[cfg(target_arch = "x86_64")]
fn transform_table(_: usize, _: Fr, _: Fr) -> FFTData<Fr> {
    FFTData::default()
}

/// The tables of the library's recursive transform, which it uses on this architecture.
#[cfg(not(target_arch = "x86_64"))]
fn transform_table(len: usize, omega: Fr, omega_inv: Fr) -> FFTData<Fr> {
    FFTData::new(len, omega, omega_inv)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_the_librarys() {
        for degree in 1..=10 {
            for k in [1, 4, 9] {
                let ours = evaluation_domain(degree, k).unwrap();
                let stock = EvaluationDomain::<Fr>::new(degree as u32, k);
                assert_eq!(format!("{:?}", ours.pinned()), format!("{:?}", stock.pinned()));
                assert_eq!((ours.n, ours.k, ours.extended_k), (stock.n, stock.k, stock.extended_k));
                assert_eq!((ours.omega, ours.omega_inv), (stock.omega, stock.omega_inv));
                assert_eq!(
                    (ours.extended_omega, ours.extended_omega_inv),
                    (stock.extended_omega, stock.extended_omega_inv)
                );
                assert_eq!((ours.g_coset, ours.g_coset_inv), (stock.g_coset, stock.g_coset_inv));
                assert_eq!(ours.quotient_poly_degree, stock.quotient_poly_degree);
                assert_eq!(
                    (ours.ifft_divisor, ours.extended_ifft_divisor, ours.barycentric_weight),
                    (stock.ifft_divisor, stock.extended_ifft_divisor, stock.barycentric_weight)
                );
                assert_eq!(ours.t_evaluations, stock.t_evaluations);
                let mut sizes: Vec<_> =
                    [&ours, &stock].map(|d| d.fft_data.keys().copied().collect::<Vec<_>>()).into();
                sizes.iter_mut().for_each(|sizes| sizes.sort_unstable());
                assert_eq!(sizes[0], sizes[1]);
            }
        }
    }

    #[test]
    fn the_librarys_transforms_work_on_it() {
        let (ours, stock) = (evaluation_domain(5, 6).unwrap(), EvaluationDomain::<Fr>::new(5, 6));
        let values: Vec<Fr> = (0..64).map(|i| Fr::from(i * i + 3)).collect();
        let [ours, stock] = [ours, stock].map(|domain| {
            let coefficients = domain.lagrange_to_coeff(domain.lagrange_from_vec(values.clone()));
            let extended = domain.coeff_to_extended(&coefficients);
            (coefficients.into_values(), extended.values().to_vec(), domain.extended_to_coeff(extended))
        });
        assert_eq!(ours, stock);
    }

    #[test]
    fn a_domain_beyond_the_fields_roots_is_an_error() {
        assert!(evaluation_domain(5, 26).is_ok());
        let error = evaluation_domain(5, 27).unwrap_err();
        let expected = matches!(error, Error::DomainTooLarge { k: 27, degree: 5, extended_k: 29, max: 28 });
        assert!(expected, "{error}");
        assert!(evaluation_domain(usize::MAX, 4).is_err());
    }
}
