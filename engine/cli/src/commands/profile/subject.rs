//! What is profiled: a circuit of either library, with its keys.

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use halo2_proofs::pasta::EqAffine;
use parhelion::{MultiOpen, PreparedKey, Prover, zcash};
use parhelion_cli::circuits::Witness;
use parhelion_cli::circuits::pasta::PastaDemo;
use parhelion_cli::stock;
use parhelion_cli::store::Srs;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

use super::transcript::{AtChallenge, Overheard};
use crate::commands::pasta::{Setting, check_proof};
use crate::error::CommandError;

/// A circuit to prove again and again, by the same random numbers.
pub(super) trait Subject {
    /// The engine's key.
    type Key;

    /// The circuit and its size, for headings.
    fn title(&self) -> String;

    /// How many challenges the circuit has of its own.
    fn own_challenges(&self) -> usize;

    /// A proof by the engine.
    fn prove(
        &self,
        prover: &Prover,
        key: &Self::Key,
        at_challenge: AtChallenge<'_>,
    ) -> Result<Vec<u8>, CommandError>;

    /// Asks the library's verifier.
    fn verify(&self, proof: &[u8]) -> Result<(), CommandError>;
}

/// A circuit of `halo2-axiom`.
pub(super) struct Kzg<'a> {
    pub(super) circuit: &'a str,
    pub(super) seed: u64,
    pub(super) multi_open: MultiOpen,
    pub(super) srs: Srs,
    pub(super) vk: VerifyingKey<G1Affine>,
    pub(super) witness: Witness,
}

impl Kzg<'_> {
    pub(super) fn rng(&self) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(self.seed)
    }
}

impl<'a> Subject for Kzg<'a> {
    type Key = PreparedKey<'a>;

    fn title(&self) -> String {
        format!("{} k = {}", self.circuit, self.vk.get_domain().k())
    }

    fn own_challenges(&self) -> usize {
        self.vk.cs().num_challenges()
    }

    fn prove(
        &self,
        prover: &Prover,
        key: &Self::Key,
        at_challenge: AtChallenge<'_>,
    ) -> Result<Vec<u8>, CommandError> {
        let columns: Vec<&[Fr]> = self.witness.instances.iter().map(Vec::as_slice).collect();
        let circuits = std::slice::from_ref(&self.witness.circuit);
        let mut transcript = Overheard::new(at_challenge);
        prover.prove(key, circuits, &[&columns], self.rng(), &mut transcript)?;
        Ok(transcript.finalize())
    }

    fn verify(&self, proof: &[u8]) -> Result<(), CommandError> {
        stock::verify(&self.srs.params, &self.vk, self.multi_open, &self.witness.instances, proof)
            .map_err(CommandError::OwnProof)
    }
}

/// Circuits of `halo2_proofs`, proven together.
pub(super) struct Pasta<D: PastaDemo> {
    pub(super) setting: Setting<D>,
    pub(super) seed: u64,
}

impl<D: PastaDemo> Subject for Pasta<D> {
    type Key = zcash::PreparedKey<EqAffine>;

    fn title(&self) -> String {
        let times = match self.setting.demo.circuits().len() {
            1 => String::new(),
            count => format!("{count} times "),
        };
        format!("{times}{} k = {}", D::NAME, self.setting.params.k())
    }

    fn own_challenges(&self) -> usize {
        0
    }

    fn prove(
        &self,
        prover: &Prover,
        key: &Self::Key,
        at_challenge: AtChallenge<'_>,
    ) -> Result<Vec<u8>, CommandError> {
        let mut transcript = Overheard::of_pasta(at_challenge);
        self.setting.prove(prover, key, self.setting.rng(self.seed), &mut transcript)?;
        Ok(transcript.finalize())
    }

    fn verify(&self, proof: &[u8]) -> Result<(), CommandError> {
        let Setting { params, vk, demo, .. } = &self.setting;
        check_proof(params, vk, demo.instances(), proof)
            .and_then(|()| demo.check(proof))
            .map_err(CommandError::OwnPastaProof)
    }
}
