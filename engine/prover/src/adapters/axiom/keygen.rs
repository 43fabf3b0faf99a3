//! Key generation: the same keys as the library's, byte for byte.
//!
//! The functions of this module have the names, arguments and bounds of
//! `halo2_axiom::plonk::keygen_*`. Their steps are in the folder beside it:
//!
//! ```text
//! circuit --lay_out--> Layout --split--> columns --intt--> polynomials
//!           assembly,           fixed,     |                   |
//!           copies              sigma      +--msm--> vk -------+--> pk
//! ```

mod assembly;
mod columns;
mod copies;
mod domain;
mod keys;
mod layout;
mod vk_check;

pub(crate) use domain::evaluation_domain;
pub(crate) use keys::{generate_pk, generate_vk};
pub(crate) use layout::check_constraints;

use ff::{Field, FromUniformBytes};
use halo2_axiom::arithmetic::CurveAffine;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{self, Circuit, ProvingKey, VerifyingKey};
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;

use super::params::lagrange_bases;
use super::{ambient_kernels, unsupported};
use crate::Error;
use crate::adapters::cast;
use layout::{Layout, lay_out};

/// A verifying key for `circuit`, with every selector a fixed column of its own.
///
/// Twin of [`halo2_axiom::plonk::keygen_vk`].
///
/// # Errors
/// As [`keygen_vk_custom`].
pub fn keygen_vk<'params, C, P, ConcreteCircuit>(
    params: &P,
    circuit: &ConcreteCircuit,
) -> Result<VerifyingKey<C>, plonk::Error>
where
    C: CurveAffine,
    P: Params<'params, C> + Sync,
    ConcreteCircuit: Circuit<C::Scalar>,
    C::Scalar: FromUniformBytes<64>,
{
    keygen_vk_custom(params, circuit, false)
}

/// A verifying key for `circuit`; with `compress_selectors`, simple selectors that are never on
/// together share fixed columns.
///
/// Twin of [`halo2_axiom::plonk::keygen_vk_custom`].
///
/// # Errors
/// [`plonk::Error::NotEnoughRowsAvailable`] if the circuit does not fit the SRS; what synthesis
/// returns; otherwise [`plonk::Error::Transcript`] around an [`Error`] that says what was wrong,
/// where the library would panic. Of kind `Unsupported` unless `params` are
/// [`ParamsKZG`] over BN254.
pub fn keygen_vk_custom<'params, C, P, ConcreteCircuit>(
    params: &P,
    circuit: &ConcreteCircuit,
    compress_selectors: bool,
) -> Result<VerifyingKey<C>, plonk::Error>
where
    C: CurveAffine,
    P: Params<'params, C> + Sync,
    ConcreteCircuit: Circuit<C::Scalar>,
    C::Scalar: FromUniformBytes<64>,
{
    let params: &ParamsKZG<Bn256> = cast::downcast_ref(params).ok_or_else(unsupported)?;
    let make = || {
        let layout = bn254(lay_out::<C::Scalar, _>(params, circuit, compress_selectors)?)?;
        keys::vk_from_layout(&ambient_kernels()?, &lagrange_bases(params)?, layout)
    };
    let vk = make().map_err(|error| library_error(error, params.k()))?;
    Ok(cast::downcast(vk).ok_or_else(unsupported)?)
}

/// A proving key around an existing verifying key, in its selector mode.
///
/// Twin of [`halo2_axiom::plonk::keygen_pk`].
///
/// # Errors
/// As [`keygen_vk_custom`]; also if `vk` is another circuit's or was made for another SRS.
pub fn keygen_pk<'params, C, P, ConcreteCircuit>(
    params: &P,
    vk: VerifyingKey<C>,
    circuit: &ConcreteCircuit,
) -> Result<ProvingKey<C>, plonk::Error>
where
    C: CurveAffine,
    C::Scalar: FromUniformBytes<64>,
    P: Params<'params, C> + Sync,
    ConcreteCircuit: Circuit<C::Scalar>,
{
    let compress_selectors = vk.compress_selectors();
    keygen_pk_impl(params, Some(vk), circuit, compress_selectors)
}

/// A proving key and, within it, a verifying key for `circuit`.
///
/// Twin of [`halo2_axiom::plonk::keygen_pk2`].
///
/// # Errors
/// As [`keygen_vk_custom`].
pub fn keygen_pk2<'params, C, P, ConcreteCircuit>(
    params: &P,
    circuit: &ConcreteCircuit,
    compress_selectors: bool,
) -> Result<ProvingKey<C>, plonk::Error>
where
    C: CurveAffine,
    C::Scalar: FromUniformBytes<64>,
    P: Params<'params, C> + Sync,
    ConcreteCircuit: Circuit<C::Scalar>,
{
    keygen_pk_impl(params, None, circuit, compress_selectors)
}

/// A proving key, around `vk` if there is one.
///
/// Twin of [`halo2_axiom::plonk::keygen_pk_impl`].
///
/// # Errors
/// As [`keygen_pk`]; also if `compress_selectors` is not the mode of a given `vk`.
pub fn keygen_pk_impl<'params, C, P, ConcreteCircuit>(
    params: &P,
    vk: Option<VerifyingKey<C>>,
    circuit: &ConcreteCircuit,
    compress_selectors: bool,
) -> Result<ProvingKey<C>, plonk::Error>
where
    C: CurveAffine,
    C::Scalar: FromUniformBytes<64>,
    P: Params<'params, C> + Sync,
    ConcreteCircuit: Circuit<C::Scalar>,
{
    let params: &ParamsKZG<Bn256> = cast::downcast_ref(params).ok_or_else(unsupported)?;
    let vk: Option<VerifyingKey<G1Affine>> = cast::downcast(vk).ok_or_else(unsupported)?;
    let make = || {
        let layout = bn254(lay_out::<C::Scalar, _>(params, circuit, compress_selectors)?)?;
        keys::pk_from_layout(&ambient_kernels()?, &lagrange_bases(params)?, vk, layout)
    };
    let pk = make().map_err(|error| library_error(error, params.k()))?;
    Ok(cast::downcast(pk).ok_or_else(unsupported)?)
}

/// A layout over the caller's name for the field as one over BN254's, which it is.
fn bn254<F: Field>(layout: Layout<F>) -> Result<Layout<Fr>, Error> {
    cast::downcast(layout).ok_or_else(unsupported)
}

/// Programs that look for a fitting k expect this error from the library.
fn library_error(error: Error, k: u32) -> plonk::Error {
    match error {
        Error::RowOutOfRange { .. } => plonk::Error::NotEnoughRowsAvailable { current_k: k },
        other => other.into(),
    }
}
