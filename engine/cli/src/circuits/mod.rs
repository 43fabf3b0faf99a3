//! Demo circuits, by name.
//!
//! Each is a [`Demo`]: it builds the circuit for key generation, and from a seed the circuit of
//! one witness with its public instances. All of them are [`DemoCircuit`]s, so that code above
//! needs no generics and the prover is compiled once. Circuits of `halo2_proofs` are in [`pasta`].
//!
//! ```no_run
//! use parhelion_cli::circuits;
//!
//! let demo = circuits::find("plonk")?;
//! let keygen = demo.keygen_circuit(demo.default_k())?;
//! // keygen_vk, keygen_pk from &keygen; then, for each proof:
//! let layout = keygen.layout();
//! let witness = demo.witness_circuit(&layout, 7)?;
//! assert_eq!(witness.instances.len(), 1);
//! # Ok::<(), circuits::DemoError>(())
//! ```

mod any;
mod base;
mod pairing;
pub mod pasta;
mod plonk;
mod poseidon;

pub use any::{DemoCircuit, DemoConfig, DemoParams, Layout};
pub use pairing::Pairing;
pub use plonk::{Plonk, PlonkCircuit, PlonkConfig, PlonkParams};
pub use poseidon::Poseidon;

use std::fmt::Debug;
use std::ops::RangeInclusive;

use halo2_axiom::halo2curves::bn256::Fr;

/// All demo circuits, smallest first.
pub const DEMOS: [&dyn Demo; 3] = [&Plonk, &Poseidon, &Pairing];

/// A circuit that can be proven by name.
pub trait Demo: Debug + Send + Sync {
    /// The name on the command line.
    fn name(&self) -> &'static str;

    /// What it proves, in one line.
    fn summary(&self) -> &'static str;

    /// The k (log2 rows) it is meant for: below, it does not fit or needs thousands of columns.
    fn k_range(&self) -> RangeInclusive<u32>;

    /// The k used when none is given.
    fn default_k(&self) -> u32;

    /// How many public values its one instance column has.
    fn instance_len(&self) -> usize;

    /// The source text that decides the circuit's shape. Cached keys are named after it, so
    /// that a key never outlives the circuit it was made for.
    fn source(&self) -> &'static [&'static str];

    /// The circuit for key generation with 2^k rows: all of the structure, no witness.
    ///
    /// # Errors
    /// If `k` is outside [`Demo::k_range`], or the circuit cannot be built.
    fn keygen_circuit(&self, k: u32) -> Result<DemoCircuit, DemoError>;

    /// The circuit with the witness that `seed` stands for, laid out as the key was.
    ///
    /// # Errors
    /// If `layout` is another circuit's, or the circuit cannot be built.
    fn witness_circuit(&self, layout: &Layout, seed: u64) -> Result<Witness, DemoError>;
}

/// A circuit with its witness, and what it says in public.
#[derive(Clone, Debug)]
pub struct Witness {
    /// The circuit, ready for `create_proof`.
    pub circuit: DemoCircuit,
    /// Public values, column by column.
    pub instances: Vec<Vec<Fr>>,
}

/// Why a demo circuit could not be built.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// No demo has this name.
    #[error("no demo circuit is called {name:?}: expected one of {expected}")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        expected: String,
    },
    /// The number of rows does not suit the circuit.
    #[error("circuit {circuit} runs with k from {min} to {max}, got k = {k}")]
    UnsuitableK {
        /// The circuit's name.
        circuit: &'static str,
        /// The k asked for.
        k: u32,
        /// The smallest k that makes sense.
        min: u32,
        /// The largest.
        max: u32,
    },
    /// The layout was made for another circuit.
    #[error("circuit {circuit}: the layout is for another circuit")]
    ForeignLayout {
        /// The circuit's name.
        circuit: &'static str,
    },
    /// There is no circuit to make a key for.
    #[error("the demo has no circuit")]
    NoCircuit,
    /// The library that builds the circuit gave up.
    #[error("circuit {circuit} cannot be built with k = {k}: {reason}")]
    Build {
        /// The circuit's name.
        circuit: &'static str,
        /// The k asked for.
        k: u32,
        /// The library's words.
        reason: String,
    },
}

/// The demo of that name.
///
/// # Errors
/// [`DemoError::UnknownName`], listing the names there are.
pub fn find(name: &str) -> Result<&'static dyn Demo, DemoError> {
    DEMOS.into_iter().find(|demo| demo.name() == name).ok_or_else(|| DemoError::UnknownName {
        name: name.to_owned(),
        expected: [&DEMOS.map(Demo::name)[..], &pasta::NAMES].concat().join(", "),
    })
}

/// Refuses a k that `demo` is not meant for.
///
/// # Errors
/// [`DemoError::UnsuitableK`].
pub fn check_k(demo: &dyn Demo, k: u32) -> Result<(), DemoError> {
    let range = demo.k_range();
    if range.contains(&k) {
        return Ok(());
    }
    Err(DemoError::UnsuitableK { circuit: demo.name(), k, min: *range.start(), max: *range.end() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_and_others_are_refused_with_the_list() {
        for demo in DEMOS {
            assert_eq!(find(demo.name()).unwrap().name(), demo.name());
            assert!(demo.k_range().contains(&demo.default_k()));
        }
        let error = find("pairings").unwrap_err().to_string();
        assert!(error.contains("pairings") && error.contains("plonk, poseidon, pairing"), "{error}");
    }

    #[test]
    fn unsuitable_sizes_and_foreign_layouts_are_errors() {
        for demo in DEMOS {
            for k in [0, demo.k_range().start() - 1, demo.k_range().end() + 1, u32::MAX] {
                let error = demo.keygen_circuit(k).unwrap_err();
                assert!(matches!(error, DemoError::UnsuitableK { k: got, .. } if got == k), "{error}");
            }
        }
        let layout = Plonk.keygen_circuit(5).unwrap().layout();
        let error = Poseidon.witness_circuit(&layout, 0).unwrap_err();
        assert_eq!(error, DemoError::ForeignLayout { circuit: "poseidon" });
    }
}
