//! Transforms of one column.

use std::hint::black_box;

use ark_ff::FftField;
use ark_poly::EvaluationDomain as _;
use halo2_axiom::halo2curves::bn256 as axiom;
use halo2_axiom::poly::{EvaluationDomain, Polynomial};
use halo2curves::bn256 as curves;
use parhelion_field_kernels::{Bn254FrSpec, Domain, FieldSpec, Fp, PastaFpSpec};

use crate::Result;
use crate::contest::{Contest, Contestant, Role};
use crate::element::Element;
use crate::inputs::Scalars;
use crate::peers::{ARKWORKS, AXIOM, CURVES, ZCASH, ark_domain};
use crate::setup::kernels;

const GROUP: &str = "ntt";

/// How many times faster than halo2-axiom and arkworks a transform should be.
const GOAL: f64 = 6.0;

/// What is transformed, and which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Forward,
    Inverse,
    Coset,
}

/// The same element in another library's type.
fn element<S: FieldSpec, E: Element>(value: Fp<S>) -> E {
    E::from_bytes(value.to_bytes())
}

/// The shift of the coset, which is halo2-axiom's: a third root of unity.
fn shift() -> Fp<Bn254FrSpec> {
    use ff::WithSmallOrderMulGroup;
    Fp::from_bytes(Element::to_bytes(&axiom::Fr::ZETA))
}

fn ours<S: FieldSpec>(kind: Kind, domain: &Domain<S>, shift: Fp<S>, input: &[Fp<S>]) -> Result<Contestant> {
    let (kernels, domain) = (kernels()?, domain.clone());
    let mut out = vec![Fp::ZERO; input.len()];
    Ok(Contestant::in_place("parhelion", Role::Ours, input, move |values: &mut Vec<Fp<S>>| match kind {
        Kind::Forward => kernels.ntt(&domain, black_box(values)),
        Kind::Inverse => kernels.intt(&domain, black_box(values)),
        Kind::Coset => {
            kernels.coset_ntt(&domain, black_box(values), shift, &mut out);
            std::mem::swap(values, &mut out);
        }
    }))
}

/// halo2-axiom, by way of its evaluation domain.
fn axiom(kind: Kind, k: u32, input: &[Fp<Bn254FrSpec>]) -> Contestant {
    let domain = EvaluationDomain::<axiom::Fr>::new(2, k);
    Contestant::in_place(AXIOM, Role::Peer, input, move |values: &mut Vec<axiom::Fr>| match kind {
        Kind::Forward => {
            let data = domain.get_fft_data(values.len());
            halo2_axiom::arithmetic::best_fft(black_box(values), domain.get_omega(), k, data, false);
        }
        Kind::Inverse => {
            let polynomial = Polynomial::new(std::mem::take(black_box(values)));
            *values = domain.lagrange_to_coeff(polynomial).into_values();
        }
        Kind::Coset => {
            let polynomial = domain.coeff_from_vec(std::mem::take(black_box(values)));
            *values = domain.coeff_to_extended_part(polynomial, ff::Field::ONE).into_values();
        }
    })
}

/// halo2curves' `best_fft`, forward.
fn curves(k: u32, omega: curves::Fr, input: &[Fp<Bn254FrSpec>]) -> Contestant {
    Contestant::in_place(CURVES, Role::Peer, input, move |values: &mut Vec<curves::Fr>| {
        halo2curves::fft::best_fft(black_box(values), omega, k);
    })
}

/// halo2_proofs' `best_fft`, forward.
fn zcash(k: u32, omega: pasta_curves::Fp, input: &[Fp<PastaFpSpec>]) -> Contestant {
    Contestant::in_place(ZCASH, Role::Peer, input, move |values: &mut Vec<pasta_curves::Fp>| {
        halo2_proofs::arithmetic::best_fft(black_box(values), omega, k);
    })
}

fn arkworks<S: FieldSpec, F: FftField + Element>(
    kind: Kind,
    domain: &Domain<S>,
    shift: Fp<S>,
    input: &[Fp<S>],
) -> Contestant {
    let plain = ark_domain::<F>(domain.k(), element(domain.omega()));
    let coset = plain.get_coset(element(shift)).expect("a shift that is not 0");
    Contestant::in_place(ARKWORKS, Role::Peer, input, move |values: &mut Vec<F>| match kind {
        Kind::Forward => plain.fft_in_place(black_box(values)),
        Kind::Inverse => plain.ifft_in_place(black_box(values)),
        Kind::Coset => coset.fft_in_place(black_box(values)),
    })
}

fn bn254(kind: Kind, k: u32) -> Result<Vec<Contestant>> {
    let (domain, input) = (Domain::<Bn254FrSpec>::new(k)?, Scalars::Uniform.draw(1 << k));
    let mut contestants = vec![
        ours(kind, &domain, shift(), &input)?,
        axiom(kind, k, &input).goal(GOAL),
        arkworks::<_, ark_bn254::Fr>(kind, &domain, shift(), &input).goal(GOAL),
    ];
    if kind == Kind::Forward {
        contestants.push(curves(k, element(domain.omega()), &input));
    }
    Ok(contestants)
}

fn pasta(kind: Kind, k: u32) -> Result<Vec<Contestant>> {
    let (domain, input) = (Domain::<PastaFpSpec>::new(k)?, Scalars::Uniform.draw(1 << k));
    let mut contestants = vec![
        ours(kind, &domain, Fp::generator(), &input)?,
        arkworks::<_, ark_pallas::Fq>(kind, &domain, Fp::generator(), &input).goal(GOAL),
    ];
    if kind == Kind::Forward {
        contestants.push(zcash(k, element(domain.omega()), &input));
    }
    Ok(contestants)
}

/// The contests of the group `ntt`.
#[must_use]
pub fn ntt() -> Vec<Contest> {
    let mut contests = Vec::new();
    for (kind, name) in [(Kind::Forward, "forward"), (Kind::Inverse, "inverse"), (Kind::Coset, "coset")] {
        for k in [14, 17, 20] {
            contests.push(Contest::new(GROUP, format!("BN254 Fr, 2^{k}, {name}"), 1 << k, move || {
                bn254(kind, k)
            }));
        }
    }
    for k in [14, 17, 20] {
        let kind = Kind::Forward;
        contests
            .push(Contest::new(GROUP, format!("Pasta Fp, 2^{k}, forward"), 1 << k, move || pasta(kind, k)));
    }
    contests
}
