//! The dialect of `halo2-axiom`: BN254, KZG, SHPLONK or GWC.
//!
//! [`create_proof`] and the key generation functions have the library's names, generics and
//! arguments, so that switching is a matter of one `use` line:
//!
//! ```ignore
//! - use halo2_axiom::plonk::create_proof;
//! + use parhelion::axiom::create_proof;
//! ```

mod assignment;
mod configured;
pub(crate) mod handed;
mod key;
pub mod keygen;
pub(crate) mod params;
mod prover;
mod read;
mod shape;
mod transcript;

pub use configured::ConfiguredKey;
pub use key::PreparedKey;
pub use keygen::{keygen_pk, keygen_pk2, keygen_vk, keygen_vk_custom};

use std::sync::Arc;

use ff::WithSmallOrderMulGroup;
use halo2_axiom::halo2curves::bn256::{Bn256, G1Affine};
use halo2_axiom::plonk::{self, Circuit, ProvingKey};
use halo2_axiom::poly::commitment::{CommitmentScheme, Prover as SchemeProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::poly::kzg::multiopen::{ProverGWC, ProverSHPLONK};
use halo2_axiom::transcript::{EncodedChallenge, TranscriptWrite};
use parhelion_field_kernels::{KernelChoice, Kernels};
use parhelion_scheduler::{Executor, RayonExecutor, Sequential};
use rand_core::RngCore;

use crate::adapters::cast;
use crate::{Error, MultiOpen, Prover};

/// Makes a proof. The library's function with this engine behind it.
///
/// Runs on the rayon pool it is called in, as the library does, with the kernels that
/// [`KernelChoice::Auto`] picks. A program that makes many proofs with one key saves work by
/// preparing it once with [`Prover::prepare`].
///
/// # Errors
/// Whatever [`Error`] says, as the closest library error. `Scheme` must be KZG over BN254 and `P`
/// its `ProverSHPLONK` or `ProverGWC`; anything else is `plonk::Error::Transcript` of kind
/// `Unsupported`.
pub fn create_proof<
    'params,
    'a,
    Scheme: CommitmentScheme,
    P: SchemeProver<'params, Scheme>,
    E: EncodedChallenge<Scheme::Curve>,
    R: RngCore + 'a,
    T: TranscriptWrite<Scheme::Curve, E>,
    ConcreteCircuit: Circuit<Scheme::Scalar>,
>(
    params: &'params Scheme::ParamsProver,
    pk: &ProvingKey<Scheme::Curve>,
    circuits: &[ConcreteCircuit],
    instances: &[&[&'a [Scheme::Scalar]]],
    rng: R,
    transcript: &'a mut T,
) -> Result<(), plonk::Error>
where
    Scheme::Scalar: std::hash::Hash + WithSmallOrderMulGroup<3>,
    <Scheme as CommitmentScheme>::ParamsProver: Sync,
{
    let multi_open = multi_open::<P>()?;
    let params: &ParamsKZG<Bn256> = cast::downcast_ref(params).ok_or_else(unsupported)?;
    let pk: &ProvingKey<G1Affine> = cast::downcast_ref(pk).ok_or_else(unsupported)?;
    let prover = Prover { multi_open, ..ambient()? };
    let key = prover.prepare(params, pk)?;
    Ok(prover.prove_generic::<Scheme::Curve, E, R, T, ConcreteCircuit>(
        &key, circuits, instances, rng, transcript, None,
    )?)
}

/// A prover on the rayon pool of the calling thread.
pub(crate) fn ambient() -> Result<Prover, Error> {
    let executor: Arc<dyn Executor> = match rayon::current_num_threads() {
        1 => Arc::new(Sequential),
        _ => Arc::new(RayonExecutor::ambient()),
    };
    Prover::builder().kernels(KernelChoice::Auto).executor(executor).build()
}

/// The kernels of [`ambient`].
pub(crate) fn ambient_kernels() -> Result<Kernels, Error> {
    Ok(ambient()?.kernels)
}

/// Which opening scheme the library's type `P` stands for.
fn multi_open<P>() -> Result<MultiOpen, Error> {
    let named = typeid::of::<P>();
    if named == typeid::of::<ProverSHPLONK<'_, Bn256>>() {
        Ok(MultiOpen::Shplonk)
    } else if named == typeid::of::<ProverGWC<'_, Bn256>>() {
        Ok(MultiOpen::Gwc)
    } else {
        let got = std::any::type_name::<P>();
        Err(Error::Unsupported { expected: "ProverSHPLONK or ProverGWC over BN254", got })
    }
}

/// The drop-in functions accept any scheme the library's generics allow, but prove one.
pub(crate) fn unsupported() -> Error {
    Error::Unsupported { expected: "KZG over BN254", got: "another commitment scheme or curve" }
}
