//! Whether a verifying key belongs to a circuit.

use std::fmt::Debug;

use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Fp, Kernels};

use super::super::pinned::{ConstraintSystem, VerifyingKey};
use crate::Error;
use crate::key::Hiding;

/// Characters of a constraint that an error shows.
const EXCERPT: usize = 80;

/// Compares the constraint system a circuit comes to with that of a key.
pub(crate) fn same_system<S: FieldSpec>(
    circuit: &ConstraintSystem<S>,
    key: &ConstraintSystem<S>,
) -> Result<(), Error> {
    equal("fixed columns, selectors included", &circuit.fixed, &key.fixed)?;
    equal("advice columns", &circuit.advice, &key.advice)?;
    equal("instance columns", &circuit.instance, &key.instance)?;
    equal("selectors", &circuit.selectors, &key.selectors)?;
    equal("permutation columns", &circuit.permutation, &key.permutation)?;
    equal("constant columns", &circuit.constants, &key.constants)?;
    equal("minimum degree", &circuit.minimum_degree, &key.minimum_degree)?;
    equal("advice queries", &circuit.advice_queries, &key.advice_queries)?;
    equal("instance queries", &circuit.instance_queries, &key.instance_queries)?;
    equal("fixed queries", &circuit.fixed_queries, &key.fixed_queries)?;
    equal("gate polynomials", &circuit.gates.len(), &key.gates.len())?;
    let gates = circuit.gates.iter().zip(&key.gates);
    gates.into_iter().try_for_each(|(circuit, key)| equal("gate", circuit, key))?;
    equal("lookups", &circuit.lookups, &key.lookups)
}

/// Compares the key's commitments with the circuit's columns.
///
/// One commitment to a combination of all columns stands for committing to each. Its weights are
/// powers of the key's own hash: enough against mistakes, as a key that was made to pass on purpose
/// only harms its maker.
pub(crate) fn same_columns<C: CurveSpec>(
    kernels: &Kernels,
    lagrange_bases: &[Affine<C>],
    hiding: &Hiding<C>,
    key: &VerifyingKey<C>,
    hash: Fp<C::Scalar>,
    columns: &[&[Fp<C::Scalar>]],
) -> Result<(), Error> {
    let _span = tracing::info_span!("check_key").entered();
    let commitments = [key.fixed_commitments.as_slice(), &key.sigma_commitments].concat();
    equal("fixed and permutation columns", &columns.len(), &commitments.len())?;
    let mut weights = vec![Fp::ZERO; columns.len()];
    kernels.powers(hash, Fp::ONE, &mut weights);
    let terms: Vec<_> = columns.iter().copied().zip(weights.iter().copied()).collect();
    let mut combined = vec![Fp::ZERO; lagrange_bases.len()];
    kernels.linear_combination(&mut combined, &terms);

    // Each column is committed to with the blind 1.
    let blind: Fp<C::Scalar> = weights.iter().copied().sum();
    let ours = kernels.msm(lagrange_bases, &combined) + hiding.blinding.mul(blind);
    if ours == kernels.msm(&commitments, &weights) {
        return Ok(());
    }
    let ours: Vec<_> = kernels
        .msm_columns(lagrange_bases, columns)
        .into_iter()
        .map(|commitment| commitment + hiding.blinding.mul(Fp::ONE))
        .collect();
    for (index, (circuit, key_commitment)) in kernels.normalize(&ours).iter().zip(&commitments).enumerate() {
        let what = if index < key.fixed_commitments.len() {
            "commitment to a fixed column"
        } else {
            "commitment to a permutation column"
        };
        equal(what, circuit, key_commitment)?;
    }
    Ok(())
}

fn equal<T: PartialEq + Debug>(what: &'static str, circuit: &T, key: &T) -> Result<(), Error> {
    if circuit == key {
        return Ok(());
    }
    let excerpt = |value: &T| format!("{value:?}").chars().take(EXCERPT).collect();
    Err(Error::KeyMismatch { what, circuit: excerpt(circuit), key: excerpt(key) })
}
