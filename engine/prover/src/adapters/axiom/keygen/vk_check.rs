//! Whether a verifying key belongs to a circuit.
//!
//! The library takes any verifying key for a circuit's own. A proving key made around a stranger's
//! gives proofs that nobody accepts, which is found out only after a proof has been paid for.

use std::fmt::Display;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use parhelion_field_kernels::{Bn254Fr, Bn254G1Affine, Bn254G1Spec, Kernels};

use super::layout::Layout;
use crate::Error;
use crate::adapters::cast;

/// Compares what needs no arithmetic: sizes, the selector mode and the constraint system.
pub(super) fn same_shape(vk: &VerifyingKey<G1Affine>, layout: &Layout<Fr>) -> Result<(), Error> {
    let domain = vk.get_domain();
    if domain.k() != layout.k {
        return Err(Error::ParamsMismatch { key: domain.k(), params: layout.k });
    }
    let columns = vk.fixed_commitments().len();
    equal("selector compression", layout.compress_selectors, vk.compress_selectors())?;
    equal("fixed columns, selectors included", layout.fixed_columns(), columns)?;
    equal("permutation columns", layout.permutation.columns, vk.permutation().commitments().len())?;
    let key_degree = domain.get_quotient_poly_degree() + 1;
    equal("degree (see MAX_DEGREE)", layout.cs.degree(), key_degree)?;
    let pinned = [layout.cs.pinned(), vk.cs().pinned()].map(|pinned| format!("{pinned:?}"));
    let [circuit, key] = pinned;
    if circuit == key {
        return Ok(());
    }
    let same = circuit.bytes().zip(key.bytes()).take_while(|(a, b)| a == b).count();
    let excerpt = |text: &str| text.chars().skip(same.saturating_sub(20)).take(60).collect();
    Err(Error::KeyMismatch { what: "constraint system", circuit: excerpt(&circuit), key: excerpt(&key) })
}

/// Compares the key's commitments with the circuit's columns.
///
/// One commitment to a combination of all columns stands for committing to each. Its weights are
/// powers of the key's own hash: enough against mistakes, as a key that was made to pass on purpose
/// only harms its maker.
pub(super) fn same_commitments(
    kernels: &Kernels,
    lagrange: &[Bn254G1Affine],
    vk: &VerifyingKey<G1Affine>,
    fixed: &[Vec<Bn254Fr>],
    sigma: &[Vec<Bn254Fr>],
) -> Result<(), Error> {
    let _span = tracing::info_span!("check_key").entered();
    let mut weights = vec![Bn254Fr::ZERO; fixed.len() + sigma.len()];
    kernels.powers(cast::from_scalar(vk.transcript_repr()), Bn254Fr::ONE, &mut weights);
    let columns = fixed.iter().chain(sigma).map(Vec::as_slice);
    let terms: Vec<(&[Bn254Fr], Bn254Fr)> = columns.zip(weights.iter().copied()).collect();
    let mut combined = vec![Bn254Fr::ZERO; lagrange.len()];
    kernels.linear_combination(&mut combined, &terms);

    let commitments: Vec<G1Affine> =
        vk.fixed_commitments().iter().chain(vk.permutation().commitments()).copied().collect();
    let circuit = kernels.msm::<Bn254G1Spec>(lagrange, &combined);
    let key = kernels.msm::<Bn254G1Spec>(cast::points(&commitments), &weights);
    if circuit == key {
        return Ok(());
    }
    let [circuit, key] = [circuit, key].map(|point| format!("{:?}", point.to_affine().x));
    Err(Error::KeyMismatch { what: "fixed columns or copy constraints, combined", circuit, key })
}

fn equal<T: PartialEq + Display>(what: &'static str, circuit: T, key: T) -> Result<(), Error> {
    if circuit == key {
        return Ok(());
    }
    Err(Error::KeyMismatch { what, circuit: circuit.to_string(), key: key.to_string() })
}
