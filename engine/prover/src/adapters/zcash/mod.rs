//! The dialect of `halo2_proofs`, the library of Zcash: the Pasta curves, an inner product argument.
//!
//! [`create_proof`] has the library's name and arguments, so that switching is a matter of one `use`
//! line:
//!
//! ```ignore
//! - use halo2_proofs::plonk::create_proof;
//! + use parhelion::zcash::create_proof;
//! ```
//!
//! The library's prover is a function of its arguments and of the generator it is given, and so is this
//! one: the proofs are the same, byte for byte.
//!
//! # Proving keys
//!
//! Nobody but the library can read its `ProvingKey`. What a proof needs of one is generated from
//! the circuit again, and checked against the `VerifyingKey` in it. [`create_proof`] does that
//! each time. A program that makes many proofs does it once:
//!
//! ```ignore
//! let key = prover.prepare_zcash(&prover.prepare_zcash_params(&params)?, &vk, &circuit)?;
//! prover.prove_zcash(&key, &[circuit], &[&[&instance]], rng, &mut transcript)?;
//! ```

mod assignment;
mod columns;
mod key;
mod keygen;
mod params;
mod pinned;
mod prover;
mod transcript;

pub use crate::adapters::cast::PastaCurve;
pub use key::PreparedKey;
pub use params::PreparedParams;

use ff_0_14::FromUniformBytes;
use halo2_proofs::plonk::{self, Circuit, ProvingKey};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core_0_10::Rng;

use crate::Error;
use crate::adapters::axiom::ambient;

/// Makes a proof. The library's function with this engine behind it.
///
/// Runs on the rayon pool it is called in, as the library does, with the kernels that
/// [`KernelChoice::Auto`](crate::KernelChoice::Auto) picks. `pk` serves for its verifying key alone:
/// its columns are generated from the first circuit, see the [module](self).
///
/// # Errors
/// Whatever [`Error`] says, as the closest library error.
pub fn create_proof<C, E, R, T, ConcreteCircuit>(
    params: &Params<C>,
    pk: &ProvingKey<C>,
    circuits: &[ConcreteCircuit],
    instances: &[&[&[C::Scalar]]],
    rng: R,
    transcript: &mut T,
) -> Result<(), plonk::Error>
where
    C: PastaCurve,
    C::ScalarExt: FromUniformBytes<64>,
    E: EncodedChallenge<C>,
    R: Rng,
    T: TranscriptWrite<C, E>,
    ConcreteCircuit: Circuit<C::Scalar>,
{
    let prove = || {
        let prover = ambient()?;
        let circuit = circuits.first().ok_or(Error::NoCircuits)?;
        let key = prover.prepare_zcash(&prover.prepare_zcash_params(params)?, pk.get_vk(), circuit)?;
        prover.prove_zcash(&key, circuits, instances, rng, transcript)
    };
    prove().map_err(|error| match error {
        Error::RowOutOfRange { .. } => plonk::Error::NotEnoughRowsAvailable { current_k: params.k() },
        other => other.into(),
    })
}
