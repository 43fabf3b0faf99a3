//! A bench to make and check proofs on, with the library's prover and with ours.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{
    self, Circuit, ProvingKey, VerifyingKey, keygen_pk, keygen_vk_custom, verify_proof,
};
use halo2_axiom::poly::commitment::{ParamsProver, Verifier};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::msm::DualMSM;
use halo2_axiom::poly::kzg::multiopen::{VerifierGWC, VerifierSHPLONK};
use halo2_axiom::poly::kzg::strategy::{GuardKZG, SingleStrategy};
use halo2_axiom::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer,
};
use parhelion::oracle::{CaptureError, Event, Injection, RecordingTranscript, capture};
use parhelion::{MultiOpen, PreparedKey, Prover};
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use crate::Case;
use crate::circuits::ZooCircuit;
use crate::strict::Reencoding;

/// Both opening arguments.
pub const MULTI_OPENS: [MultiOpen; 2] = [MultiOpen::Shplonk, MultiOpen::Gwc];

/// The transcript of most tests.
pub type Blake2b<W> = Blake2bWrite<W, G1Affine, Challenge255<G1Affine>>;

/// An SRS for 2^k rows, from a fixed seed, made once per process.
///
/// # Panics
/// If `k` is above the field's two-adicity, 28.
#[must_use]
pub fn params(k: u32) -> Arc<ParamsKZG<Bn256>> {
    static CACHE: OnceLock<Mutex<BTreeMap<u32, Arc<ParamsKZG<Bn256>>>>> = OnceLock::new();
    let mut cache = CACHE.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let setup = || Arc::new(ParamsKZG::setup(k, rng(u64::from(k))));
    Arc::clone(cache.entry(k).or_insert_with(setup))
}

/// A seeded RNG.
#[must_use]
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Lends instance columns in the form that provers and verifiers take.
pub fn with_slices<R>(instances: &[Vec<Vec<Fr>>], f: impl FnOnce(&[&[&[Fr]]]) -> R) -> R {
    let columns: Vec<Vec<&[Fr]>> =
        instances.iter().map(|columns| columns.iter().map(Vec::as_slice).collect()).collect();
    let circuits: Vec<&[&[Fr]]> = columns.iter().map(Vec::as_slice).collect();
    f(&circuits)
}

/// A proof and what passed through the transcript while it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// What the verifier reads.
    pub bytes: Vec<u8>,
    /// The whole transcript.
    pub events: Vec<Event>,
}

/// Circuits with their instances, and the library's keys for them.
#[derive(Debug)]
pub struct Bench<C> {
    /// The SRS.
    pub params: Arc<ParamsKZG<Bn256>>,
    /// The library's proving key.
    pub pk: Arc<ProvingKey<G1Affine>>,
    /// The circuits of one proof.
    pub circuits: Vec<C>,
    /// Their instance columns.
    pub instances: Vec<Vec<Vec<Fr>>>,
}

impl Bench<ZooCircuit> {
    /// Sets up a case of the zoo.
    ///
    /// # Panics
    /// If the library cannot make keys for it.
    #[must_use]
    pub fn of(case: &Case, compress_selectors: bool) -> Self {
        Self::new(case.k, case.circuits(), case.instances(), compress_selectors)
    }
}

impl<C: Circuit<Fr>> Bench<C> {
    /// Sets up circuits that share a key.
    ///
    /// # Panics
    /// If there is no circuit, or the library cannot make keys for the first.
    #[must_use]
    pub fn new(k: u32, circuits: Vec<C>, instances: Vec<Vec<Vec<Fr>>>, compress_selectors: bool) -> Self {
        let params = params(k);
        let vk = keygen_vk_custom(&*params, &circuits[0], compress_selectors).expect("verifying key");
        let pk = Arc::new(keygen_pk(&*params, vk, &circuits[0]).expect("proving key"));
        Self { params, pk, circuits, instances }
    }

    /// The verifying key.
    #[must_use]
    pub fn vk(&self) -> &VerifyingKey<G1Affine> {
        self.pk.get_vk()
    }

    /// The library's proof, and what it drew outside of the RNG.
    ///
    /// # Errors
    /// See [`capture`].
    pub fn stock(&self, seed: u64, multi_open: MultiOpen) -> Result<(Proof, Injection), CaptureError> {
        let (proof, injection) = record(|transcript| {
            with_slices(&self.instances, |instances| {
                capture(&self.params, &self.pk, &self.circuits, instances, rng(seed), multi_open, transcript)
            })
        });
        Ok((proof, injection?))
    }

    /// Our proof, with the random polynomial from the RNG and our own lookup order.
    ///
    /// # Errors
    /// See [`Prover::prepare`] and [`Prover::prove`].
    pub fn ours(&self, prover: &Prover, seed: u64) -> Result<Proof, parhelion::Error> {
        self.ours_with(prover, &prover.prepare(&self.params, &self.pk)?, seed)
    }

    /// [`Self::ours`] with a key that was prepared before.
    ///
    /// # Errors
    /// See [`Prover::prove`].
    pub fn ours_with(
        &self,
        prover: &Prover,
        key: &PreparedKey<'_>,
        seed: u64,
    ) -> Result<Proof, parhelion::Error> {
        Self::prove(prover, key, &self.circuits, &self.instances, rng(seed))
    }

    /// Our proof of these circuits.
    ///
    /// # Errors
    /// See [`Prover::prove`].
    pub fn prove(
        prover: &Prover,
        key: &PreparedKey<'_>,
        circuits: &[C],
        instances: &[Vec<Vec<Fr>>],
        rng: ChaCha20Rng,
    ) -> Result<Proof, parhelion::Error> {
        let (proof, result) = record(|transcript| {
            with_slices(instances, |instances| prover.prove(key, circuits, instances, rng, transcript))
        });
        result.map(|()| proof)
    }

    /// Our proof with the library's private draws.
    ///
    /// # Errors
    /// See [`Prover::prove_injected`].
    pub fn injected(
        &self,
        prover: &Prover,
        seed: u64,
        injection: &Injection,
    ) -> Result<Proof, parhelion::Error> {
        let key = prover.prepare(&self.params, &self.pk)?;
        let (proof, result) = record(|transcript| {
            with_slices(&self.instances, |instances| {
                prover.prove_injected(&key, &self.circuits, instances, rng(seed), transcript, injection)
            })
        });
        result.map(|()| proof)
    }

    /// The library's verifier on a Blake2b proof.
    ///
    /// # Errors
    /// If the verifier rejects the proof.
    pub fn verify(&self, multi_open: MultiOpen, proof: &[u8]) -> Result<(), plonk::Error> {
        verify(multi_open, &self.params, self.vk(), &self.instances, proof).map(|_| ())
    }

    /// Whether the library's verifier accepts a Blake2b proof, and the proof has no bit that
    /// the verifier does not look at: see [`Reencoding`].
    #[must_use]
    pub fn accepts_strictly(&self, multi_open: MultiOpen, proof: &[u8]) -> bool {
        verify(multi_open, &self.params, self.vk(), &self.instances, proof).is_ok_and(|read| read == proof)
    }
}

fn record<R>(prove: impl FnOnce(&mut RecordingTranscript<Blake2b<Vec<u8>>>) -> R) -> (Proof, R) {
    let mut transcript = RecordingTranscript::new(Blake2b::init(Vec::new()));
    let result = prove(&mut transcript);
    let (inner, events) = transcript.into_parts();
    (Proof { bytes: inner.finalize(), events }, result)
}

/// The library's verifier on a Blake2b proof. Returns what it has read of it, encoded again.
///
/// # Errors
/// If the verifier rejects the proof.
pub fn verify(
    multi_open: MultiOpen,
    params: &ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    instances: &[Vec<Vec<Fr>>],
    proof: &[u8],
) -> Result<Vec<u8>, plonk::Error> {
    match multi_open {
        MultiOpen::Shplonk => verify_with::<VerifierSHPLONK<'_, Bn256>>(params, vk, instances, proof),
        MultiOpen::Gwc => verify_with::<VerifierGWC<'_, Bn256>>(params, vk, instances, proof),
    }
}

fn verify_with<'params, V>(
    params: &'params ParamsKZG<Bn256>,
    vk: &VerifyingKey<G1Affine>,
    instances: &[Vec<Vec<Fr>>],
    proof: &[u8],
) -> Result<Vec<u8>, plonk::Error>
where
    V: Verifier<
            'params,
            KZGCommitmentScheme<Bn256>,
            MSMAccumulator = DualMSM<'params, Bn256>,
            Guard = GuardKZG<'params, Bn256>,
        >,
{
    let mut transcript = Reencoding::new(Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof));
    let params = params.verifier_params();
    with_slices(instances, |instances| {
        verify_proof::<_, V, _, _, _>(params, vk, SingleStrategy::new(params), instances, &mut transcript)
    })?;
    Ok(transcript.written().to_vec())
}
