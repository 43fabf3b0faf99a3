//! Inversion of vectors.

use std::hint::black_box;

use halo2_axiom::halo2curves::bn256 as axiom;
use parhelion_field_kernels::{Bn254FqSpec, Bn254FrSpec, FieldSpec, Fp, PastaFpSpec, PastaFqSpec};

use crate::Result;
use crate::contest::{Contest, Contestant, Role};
use crate::element::Element;
use crate::inputs::Scalars;
use crate::peers::{ARKWORKS, AXIOM, ZCASH};
use crate::setup::kernels;

const GROUP: &str = "inversion";

/// How many times faster than the stock library inversion should be.
const GOAL: f64 = 5.0;

fn ours<S: FieldSpec>(input: &[Fp<S>]) -> Result<Contestant> {
    let kernels = kernels()?;
    Ok(Contestant::in_place("parhelion", Role::Ours, input, move |values: &mut Vec<Fp<S>>| {
        kernels.batch_invert(black_box(values));
    }))
}

/// As halo2-axiom inverts the denominators of its arguments.
fn axiom<S: FieldSpec, F: Element + ff::Field>(input: &[Fp<S>]) -> Contestant {
    use ff::BatchInvert;

    Contestant::in_place(AXIOM, Role::Peer, input, |values: &mut Vec<F>| {
        halo2_axiom::arithmetic::parallelize(black_box(values), |values, _| {
            values.iter_mut().batch_invert();
        });
    })
}

/// As halo2_proofs does.
fn zcash<S: FieldSpec, F: Element + ff_0_14::Field>(input: &[Fp<S>]) -> Contestant {
    use ff_0_14::BatchInvert;

    Contestant::in_place(ZCASH, Role::Peer, input, |values: &mut Vec<F>| {
        halo2_proofs::arithmetic::parallelize(black_box(values), |values, _| {
            values.iter_mut().batch_invert();
        });
    })
}

fn arkworks<S: FieldSpec, F: Element + ark_ff::Field>(input: &[Fp<S>]) -> Contestant {
    Contestant::in_place(ARKWORKS, Role::Peer, input, |values: &mut Vec<F>| {
        ark_ff::batch_inversion(black_box(values));
    })
}

fn bn254<S, F, A>(k: u32) -> Result<Vec<Contestant>>
where
    S: FieldSpec,
    F: Element + ff::Field,
    A: Element + ark_ff::Field,
{
    let input = Scalars::Uniform.draw::<S>(1 << k);
    Ok(vec![ours(&input)?, axiom::<_, F>(&input).goal(GOAL), arkworks::<_, A>(&input)])
}

fn pasta<S, F, A>(k: u32) -> Result<Vec<Contestant>>
where
    S: FieldSpec,
    F: Element + ff_0_14::Field,
    A: Element + ark_ff::Field,
{
    let input = Scalars::Uniform.draw::<S>(1 << k);
    Ok(vec![ours(&input)?, zcash::<_, F>(&input).goal(GOAL), arkworks::<_, A>(&input)])
}

/// Makes the contestants for vectors of 2^k elements.
type Build = fn(u32) -> Result<Vec<Contestant>>;

/// The contests of the group `inversion`.
#[must_use]
pub fn inversion() -> Vec<Contest> {
    let fields: [(&str, Build); 4] = [
        ("BN254 Fr", bn254::<Bn254FrSpec, axiom::Fr, ark_bn254::Fr>),
        ("BN254 Fq", bn254::<Bn254FqSpec, axiom::Fq, ark_bn254::Fq>),
        ("Pasta Fp", pasta::<PastaFpSpec, pasta_curves::Fp, ark_pallas::Fq>),
        ("Pasta Fq", pasta::<PastaFqSpec, pasta_curves::Fq, ark_pallas::Fr>),
    ];
    let sizes = |(field, build): (&str, Build)| {
        [12, 17].map(|k| Contest::new(GROUP, format!("{field}, 2^{k}"), 1 << k, move || build(k)))
    };
    fields.into_iter().flat_map(sizes).collect()
}
