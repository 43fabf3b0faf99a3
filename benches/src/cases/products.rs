//! Vectors of field elements in the first-level cache.

use std::hint::black_box;
use std::ops::{AddAssign, Mul, MulAssign};

use ark_pallas::{Fq as ArkFp, Fr as ArkFq};
use halo2_axiom::halo2curves::bn256 as axiom;
use halo2curves::bn256 as curves;
use parhelion_field_kernels::{Bn254FqSpec, Bn254FrSpec, FieldSpec, Fp, PastaFpSpec, PastaFqSpec};

use crate::Result;
use crate::contest::{Contest, Contestant, Role};
use crate::element::{Element, bytes_of, convert};
use crate::inputs::Scalars;
use crate::peers::{ARKWORKS, AXIOM_CURVES, CURVES, PASTA};
use crate::setup::kernels;

const GROUP: &str = "products";

/// Elements of a vector. Two vectors take 32 KiB.
const LEN: usize = 512;

/// What is done with two vectors.
#[derive(Clone, Copy, Debug)]
enum Operation {
    /// a\[i\] *= b\[i\]
    Product,
    /// a\[i\] += b\[i\]
    Sum,
    /// Σ a\[i\]·b\[i\]
    InnerProduct,
}

/// The two vectors.
fn inputs<E: Element, S: FieldSpec>() -> (Vec<E>, Vec<E>) {
    let both = Scalars::Uniform.draw::<S>(2 * LEN);
    (convert(&both[..LEN]), convert(&both[LEN..]))
}

fn ours<S: FieldSpec>(operation: Operation) -> Result<Contestant> {
    let ((a, b), kernels) = (inputs::<Fp<S>, S>(), kernels()?);
    let name = "parhelion";
    Ok(match operation {
        Operation::Product => Contestant::in_place(name, Role::Ours, &a, move |a: &mut Vec<Fp<S>>| {
            kernels.mul_assign(a, black_box(&b))
        }),
        Operation::Sum => Contestant::in_place(name, Role::Ours, &a, move |a: &mut Vec<Fp<S>>| {
            kernels.add_assign(a, black_box(&b))
        }),
        Operation::InnerProduct => Contestant::value(
            name,
            Role::Ours,
            move || kernels.inner_product(black_box(&a), black_box(&b)),
            |sum| bytes_of(&[*sum]),
        ),
    })
}

/// A library's element type, in the plainest loop.
fn peer<E, S: FieldSpec>(name: &str, operation: Operation) -> Contestant
where
    E: Element + for<'a> MulAssign<&'a E> + for<'a> AddAssign<&'a E> + for<'a> Mul<&'a E, Output = E>,
{
    let (a, b) = inputs::<E, S>();
    match operation {
        Operation::Product => Contestant::in_place(name, Role::Peer, &a, move |a: &mut Vec<E>| {
            a.iter_mut().zip(black_box(&b)).for_each(|(a, b)| *a *= b);
        }),
        Operation::Sum => Contestant::in_place(name, Role::Peer, &a, move |a: &mut Vec<E>| {
            a.iter_mut().zip(black_box(&b)).for_each(|(a, b)| *a += b);
        }),
        Operation::InnerProduct => Contestant::value(
            name,
            Role::Peer,
            move || {
                let mut sum = E::from_bytes([0; 32]);
                black_box(&a).iter().zip(black_box(&b)).for_each(|(a, b)| sum += &(*a * b));
                sum
            },
            |sum| bytes_of(&[*sum]),
        ),
    }
}

/// The goal for a product beside the library with assembly.
fn with_goal(contestant: Contestant, operation: Operation) -> Contestant {
    if matches!(operation, Operation::Product) { contestant.goal(5.0) } else { contestant }
}

/// The contests of the group `products`.
#[must_use]
pub fn products() -> Vec<Contest> {
    let mut contests = Vec::new();
    for (operation, name) in
        [(Operation::Product, "product"), (Operation::Sum, "sum"), (Operation::InnerProduct, "inner product")]
    {
        let mut contest = |field: &str, build: fn(Operation) -> Result<Vec<Contestant>>| {
            contests.push(Contest::new(GROUP, format!("{field}, {name}"), LEN, move || build(operation)));
        };
        contest("BN254 Fr", |operation| {
            type S = Bn254FrSpec;
            Ok(vec![
                ours::<S>(operation)?,
                with_goal(peer::<axiom::Fr, S>(AXIOM_CURVES, operation), operation),
                peer::<curves::Fr, S>(CURVES, operation),
                peer::<ark_bn254::Fr, S>(ARKWORKS, operation),
            ])
        });
        contest("BN254 Fq", |operation| {
            type S = Bn254FqSpec;
            Ok(vec![
                ours::<S>(operation)?,
                with_goal(peer::<axiom::Fq, S>(AXIOM_CURVES, operation), operation),
                peer::<curves::Fq, S>(CURVES, operation),
                peer::<ark_bn254::Fq, S>(ARKWORKS, operation),
            ])
        });
        contest("Pasta Fp", |operation| {
            type S = PastaFpSpec;
            Ok(vec![
                ours::<S>(operation)?,
                with_goal(peer::<pasta_curves::Fp, S>(PASTA, operation), operation),
                peer::<ArkFp, S>(ARKWORKS, operation),
            ])
        });
        contest("Pasta Fq", |operation| {
            type S = PastaFqSpec;
            Ok(vec![
                ours::<S>(operation)?,
                with_goal(peer::<pasta_curves::Fq, S>(PASTA, operation), operation),
                peer::<ArkFq, S>(ARKWORKS, operation),
            ])
        });
    }
    contests
}
