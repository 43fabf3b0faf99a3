//! Demo circuits of `halo2_proofs`, proven over Vesta.
//!
//! Several circuits of a kind are proven together: each [`PastaDemo`] is such a batch.

pub mod orchard;
mod poseidon;

pub use orchard::Actions;
pub use poseidon::Chains;

use std::ops::RangeInclusive;

use halo2_proofs::pasta::Fp;
use halo2_proofs::plonk::Circuit;

use super::DemoError;

/// The names of all of them.
pub const NAMES: [&str; 2] = [Actions::NAME, Chains::NAME];

/// Circuits that are proven together.
pub trait PastaDemo: Sized {
    /// The name on the command line.
    const NAME: &'static str;
    /// What it proves, in one line.
    const SUMMARY: &'static str;
    /// The k (log2 rows) it is meant for.
    const K: RangeInclusive<u32>;
    /// The k used when none is given.
    const DEFAULT_K: u32;
    /// How many public values the one instance column of each circuit has.
    const INSTANCE_LEN: usize;

    /// One circuit.
    type Circuit: Circuit<Fp> + Sync;

    /// `count` circuits, at least one, of 2^k rows, with the witnesses that `seed` stands for.
    ///
    /// # Errors
    /// If `k` is outside [`PastaDemo::K`], or the circuits cannot be built.
    fn build(k: u32, count: u8, seed: u64) -> Result<Self, DemoError>;

    /// The circuits, with their witnesses.
    fn circuits(&self) -> &[Self::Circuit];

    /// The public values of each circuit.
    fn instances(&self) -> &[Vec<Fp>];

    /// Has the application's own verifier check a proof, if there is one.
    ///
    /// # Errors
    /// What the verifier says.
    fn check(&self, proof: &[u8]) -> Result<(), String>;

    /// The circuit that keys are made of.
    ///
    /// # Errors
    /// As [`PastaDemo::build`].
    fn keygen_circuit(k: u32) -> Result<Self::Circuit, DemoError> {
        let demo = Self::build(k, 1, 0)?;
        let first = demo.circuits().first().ok_or(DemoError::NoCircuit)?;
        Ok(first.without_witnesses())
    }
}

/// Refuses a k that the circuits are not meant for.
fn check_k<D: PastaDemo>(k: u32) -> Result<(), DemoError> {
    if D::K.contains(&k) {
        return Ok(());
    }
    Err(DemoError::UnsuitableK { circuit: D::NAME, k, min: *D::K.start(), max: *D::K.end() })
}
