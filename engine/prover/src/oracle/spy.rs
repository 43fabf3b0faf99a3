//! A commitment scheme that behaves as KZG over BN254 and remembers every polynomial.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1, G1Affine};
use halo2_axiom::poly::commitment::{Blind, CommitmentScheme, Params, ParamsProver, Prover};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::msm::MSMKZG;
use halo2_axiom::poly::{Coeff, LagrangeCoeff, Polynomial, ProverQuery};
use halo2_axiom::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;

/// What a prover asked to be committed to, each in the order of the calls.
///
/// The library commits to the advice columns of a phase in parallel, so their order among
/// themselves is arbitrary. All later calls come from one thread.
#[derive(Clone, Default)]
pub struct Heard {
    /// Columns of n values passed to `commit_lagrange`.
    pub lagrange: Vec<Vec<Fr>>,
    /// Polynomials of n coefficients passed to `commit`.
    pub coeff: Vec<Vec<Fr>>,
}

impl fmt::Debug for Heard {
    // Witness values are secrets, and there are many.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Heard")
            .field("lagrange", &self.lagrange.len())
            .field("coeff", &self.coeff.len())
            .finish()
    }
}

/// KZG over BN254 with [`SpyParams`] on the prover's side; the verifier's side is the stock one.
#[derive(Debug)]
pub struct SpyScheme<'a>(PhantomData<&'a ()>);

impl<'a> CommitmentScheme for SpyScheme<'a> {
    type Scalar = Fr;
    type Curve = G1Affine;
    type ParamsProver = SpyParams<'a>;
    type ParamsVerifier = ParamsKZG<Bn256>;

    fn new_params(k: u32) -> Self::ParamsProver {
        SpyParams::new(k)
    }

    fn read_params<R: io::Read>(reader: &mut R) -> io::Result<Self::ParamsProver> {
        SpyParams::read(reader)
    }
}

/// An SRS that remembers every polynomial it commits to. Clones share the record.
#[derive(Clone)]
pub struct SpyParams<'a> {
    stock: Cow<'a, ParamsKZG<Bn256>>,
    heard: Arc<Mutex<Heard>>,
}

impl<'a> SpyParams<'a> {
    /// Listens in on `params`.
    #[must_use]
    pub fn on(params: &'a ParamsKZG<Bn256>) -> Self {
        Self::listening(Cow::Borrowed(params))
    }

    /// Takes the record, leaving an empty one.
    #[must_use]
    pub fn take_heard(&self) -> Heard {
        std::mem::take(&mut *self.record())
    }

    fn listening(stock: Cow<'a, ParamsKZG<Bn256>>) -> Self {
        Self { stock, heard: Arc::default() }
    }

    fn record(&self) -> MutexGuard<'_, Heard> {
        // A push cannot leave the record half-written, so a poisoned lock is still good.
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SpyParams<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpyParams").field("k", &self.stock.k()).field("heard", &*self.record()).finish()
    }
}

impl<'params> Params<'params, G1Affine> for SpyParams<'_> {
    type MSM = MSMKZG<Bn256>;

    fn k(&self) -> u32 {
        self.stock.k()
    }

    fn n(&self) -> u64 {
        self.stock.n()
    }

    fn downsize(&mut self, k: u32) {
        self.stock.to_mut().downsize(k);
    }

    fn empty_msm(&'params self) -> Self::MSM {
        self.stock.empty_msm()
    }

    fn commit_lagrange(&self, poly: &Polynomial<Fr, LagrangeCoeff>, blind: Blind<Fr>) -> G1 {
        self.record().lagrange.push(poly.values().to_vec());
        self.stock.commit_lagrange(poly, blind)
    }

    fn write<W: io::Write>(&self, writer: &mut W) -> io::Result<()> {
        self.stock.write(writer)
    }

    fn read<R: io::Read>(reader: &mut R) -> io::Result<Self> {
        ParamsKZG::read(reader).map(|params| Self::listening(Cow::Owned(params)))
    }
}

impl<'params> ParamsProver<'params, G1Affine> for SpyParams<'_> {
    type ParamsVerifier = ParamsKZG<Bn256>;

    fn new(k: u32) -> Self {
        Self::listening(Cow::Owned(ParamsKZG::new(k)))
    }

    fn commit(&self, poly: &Polynomial<Fr, Coeff>, blind: Blind<Fr>) -> G1 {
        self.record().coeff.push(poly.values().to_vec());
        self.stock.commit(poly, blind)
    }

    fn get_g(&self) -> &[G1Affine] {
        self.stock.get_g()
    }

    fn verifier_params(&'params self) -> &'params ParamsKZG<Bn256> {
        &self.stock
    }
}

/// A multi-opening prover of the library, unchanged, under the spy's scheme. Its own
/// commitments go to the stock SRS and are not recorded.
#[derive(Debug)]
pub struct SpyProver<P>(P);

impl<'params, 'a, P> Prover<'params, SpyScheme<'a>> for SpyProver<P>
where
    P: Prover<'params, KZGCommitmentScheme<Bn256>>,
{
    const QUERY_INSTANCE: bool = P::QUERY_INSTANCE;

    fn new(params: &'params SpyParams<'a>) -> Self {
        Self(P::new(&params.stock))
    }

    fn create_proof<'com, E, T, R, I>(&self, rng: R, transcript: &mut T, queries: I) -> io::Result<()>
    where
        E: EncodedChallenge<G1Affine>,
        T: TranscriptWrite<G1Affine, E>,
        I: IntoIterator<Item = ProverQuery<'com, G1Affine>> + Clone,
        R: RngCore,
    {
        self.0.create_proof(rng, transcript, queries)
    }
}
