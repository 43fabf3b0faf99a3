//! Transforms of one column.

use std::hint::black_box;

use ark_ff::FftField;
use ark_poly::EvaluationDomain as _;
use halo2_axiom::halo2curves::bn256 as axiom;
use halo2_axiom::poly::{EvaluationDomain, Polynomial};
use halo2curves::bn256 as curves;
use parhelion_field_kernels::{Bn254FrSpec, Domain, FieldSpec, Fp, PastaFpSpec, PastaFqSpec};

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
fn zcash<S: FieldSpec, F: Element + ff_0_14::Field + halo2_proofs::arithmetic::FftGroup<F>>(
    domain: &Domain<S>,
    input: &[Fp<S>],
) -> Contestant {
    let (omega, k) = (element::<S, F>(domain.omega()), domain.k());
    Contestant::in_place(ZCASH, Role::Peer, input, move |values: &mut Vec<F>| {
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

/// A Pasta field, with its types of halo2_proofs' and arkworks'.
fn pasta<S, Z, A>(kind: Kind, k: u32) -> Result<Vec<Contestant>>
where
    S: FieldSpec,
    Z: Element + ff_0_14::Field + halo2_proofs::arithmetic::FftGroup<Z>,
    A: Element + FftField,
{
    let (domain, input) = (Domain::<S>::new(k)?, Scalars::Uniform.draw(1 << k));
    let mut contestants = vec![
        ours(kind, &domain, Fp::generator(), &input)?,
        arkworks::<_, A>(kind, &domain, Fp::generator(), &input).goal(GOAL),
    ];
    if kind == Kind::Forward {
        contestants.push(zcash::<S, Z>(&domain, &input));
    }
    Ok(contestants)
}

/// Makes the contestants for transforms of 2^k elements.
type Build = fn(Kind, u32) -> Result<Vec<Contestant>>;

/// The contests of the group `ntt`.
#[must_use]
pub fn ntt() -> Vec<Contest> {
    let fields: [(&str, Build); 3] = [
        ("BN254 Fr", bn254),
        ("Pasta Fp", pasta::<PastaFpSpec, pasta_curves::Fp, ark_pallas::Fq>),
        ("Pasta Fq", pasta::<PastaFqSpec, pasta_curves::Fq, ark_pallas::Fr>),
    ];
    let mut contests = Vec::new();
    for (field, build) in fields {
        for (kind, name) in [(Kind::Forward, "forward"), (Kind::Inverse, "inverse"), (Kind::Coset, "coset")] {
            // What goes for one Pasta field should go for the other.
            let sizes: &[u32] =
                if field == "Pasta Fq" && kind != Kind::Forward { &[17] } else { &[14, 17, 20] };
            for &k in sizes {
                let name = format!("{field}, 2^{k}, {name}");
                contests.push(Contest::new(GROUP, name, 1 << k, move || build(kind, k)));
            }
        }
    }
    contests
}
