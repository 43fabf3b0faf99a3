//! The unmodified library: its prover is the baseline, its verifier is the judge.

mod strict;
mod transcript;

pub use transcript::{Part, ProofTranscript, Sections};

use std::panic::{AssertUnwindSafe, catch_unwind};

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{self, ProvingKey, VerifyingKey};
use halo2_axiom::poly::commitment::{Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::{ProverGWC, ProverSHPLONK, VerifierGWC, VerifierSHPLONK};
use halo2_axiom::poly::kzg::strategy::SingleStrategy;
use halo2_axiom::transcript::{Challenge255, TranscriptWrite};
use parhelion::MultiOpen;
use rand::RngCore;

use self::strict::StrictRead;
use crate::circuits::Witness;

/// Why a proof is not accepted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The SRS and the key are for different sizes.
    #[error("the key is for k = {key}, the SRS for k = {params}")]
    ParamsMismatch {
        /// log2 rows of the key.
        key: u32,
        /// log2 size of the SRS.
        params: u32,
    },
    /// There are more or fewer instance columns than the circuit has.
    #[error("expected {expected} instance columns, got {got}")]
    InstanceColumns {
        /// Columns of the circuit.
        expected: usize,
        /// Columns given.
        got: usize,
    },
    /// An instance column has more values than rows.
    #[error("instance column {column}: expected at most {usable} values, got {got}")]
    InstanceTooLong {
        /// Which column.
        column: usize,
        /// Rows that are not blinded.
        usable: usize,
        /// Values given.
        got: usize,
    },
    /// The verifier says no.
    #[error("the proof is not valid: {0}")]
    Rejected(plonk::Error),
    /// The proof is longer than the verifier reads.
    #[error("expected the proof to end after {expected} bytes, got {got}")]
    TrailingBytes {
        /// Bytes that the verifier read.
        expected: usize,
        /// Length of the proof.
        got: usize,
    },
    /// The proof is another encoding of a valid one.
    #[error("the proof is not written the way provers write it, from byte {0} on")]
    NotCanonical(usize),
    /// The verifier broke down.
    #[error("the verifier gave up on this proof: {0}")]
    Panicked(String),
}

/// Makes a proof with the library's own `create_proof`.
///
/// # Errors
/// Whatever the library returns. It panics on many witnesses that do not satisfy the circuit.
pub fn prove(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    multi_open: MultiOpen,
    witness: &Witness,
    rng: impl RngCore,
) -> Result<ProofTranscript, plonk::Error> {
    let mut transcript = ProofTranscript::new();
    prove_into(params, pk, multi_open, witness, rng, &mut transcript)?;
    Ok(transcript)
}

/// The same, written to a transcript of the caller's.
///
/// # Errors
/// As [`prove`].
pub fn prove_into(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    multi_open: MultiOpen,
    witness: &Witness,
    rng: impl RngCore,
    transcript: &mut impl TranscriptWrite<G1Affine, Challenge255<G1Affine>>,
) -> Result<(), plonk::Error> {
    let circuits = std::slice::from_ref(&witness.circuit);
    let columns: Vec<&[Fr]> = witness.instances.iter().map(Vec::as_slice).collect();
    let instances: &[&[&[Fr]]] = &[&columns];
    match multi_open {
        MultiOpen::Shplonk => {
            plonk::create_proof::<KZGCommitmentScheme<_>, ProverSHPLONK<'_, _>, _, _, _, _>(
                params, pk, circuits, instances, rng, transcript,
            )
        }
        MultiOpen::Gwc => plonk::create_proof::<KZGCommitmentScheme<_>, ProverGWC<'_, _>, _, _, _, _>(
            params, pk, circuits, instances, rng, transcript,
        ),
    }
}

/// Checks a proof with the library's own verifier, and that it is the only encoding of itself:
/// nothing follows it, and no bit is free.
///
/// `instances` and `proof` may be anything at all.
///
/// # Errors
/// [`VerifyError`] if the proof is not valid.
pub fn verify(
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    multi_open: MultiOpen,
    instances: &[Vec<Fr>],
    proof: &[u8],
) -> Result<(), VerifyError> {
    check_shape(params, vk, instances)?;
    let columns: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
    let instances: &[&[&[Fr]]] = &[&columns];
    let mut transcript = StrictRead::new(proof);
    // Nothing is known that makes the verifier panic on input of the right shape, but it was
    // not written to promise that.
    let verdict = catch_unwind(AssertUnwindSafe(|| {
        let params = params.verifier_params();
        let strategy = SingleStrategy::new(params);
        match multi_open {
            MultiOpen::Shplonk => plonk::verify_proof::<
                KZGCommitmentScheme<_>,
                VerifierSHPLONK<'_, _>,
                _,
                _,
                _,
            >(params, vk, strategy, instances, &mut transcript),
            MultiOpen::Gwc => plonk::verify_proof::<KZGCommitmentScheme<_>, VerifierGWC<'_, _>, _, _, _>(
                params,
                vk,
                strategy,
                instances,
                &mut transcript,
            ),
        }
    }));
    match verdict {
        Err(panic) => Err(VerifyError::Panicked(crate::panic_message(&*panic))),
        Ok(Err(error)) => Err(VerifyError::Rejected(error)),
        Ok(Ok(())) => check_encoding(proof, &transcript.rewritten()),
    }
}

fn check_encoding(proof: &[u8], rewritten: &[u8]) -> Result<(), VerifyError> {
    if proof == rewritten {
        return Ok(());
    }
    let same = proof.iter().zip(rewritten).take_while(|(a, b)| a == b).count();
    if same == rewritten.len() {
        return Err(VerifyError::TrailingBytes { expected: same, got: proof.len() });
    }
    Err(VerifyError::NotCanonical(same))
}

fn check_shape(
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    instances: &[Vec<Fr>],
) -> Result<(), VerifyError> {
    let key = vk.get_domain().k();
    if key != params.k() {
        return Err(VerifyError::ParamsMismatch { key, params: params.k() });
    }
    let expected = vk.cs().num_instance_columns();
    if instances.len() != expected {
        return Err(VerifyError::InstanceColumns { expected, got: instances.len() });
    }
    let usable = (1usize << key).saturating_sub(vk.cs().blinding_factors() + 1);
    match instances.iter().position(|column| column.len() > usable) {
        Some(column) => Err(VerifyError::InstanceTooLong { column, usable, got: instances[column].len() }),
        None => Ok(()),
    }
}
