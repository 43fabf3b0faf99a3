//! A key with its circuits configured.

use std::fmt;
use std::ops::Deref;

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Circuit, ConstraintSystem};

use super::key::PreparedKey;
use crate::Error;

/// A [`PreparedKey`] for circuits of one type, configured once for all their proofs.
///
/// [`Prover::prove`](crate::Prover::prove) is told a circuit's type, but not that it is configured as
/// the last one was: parameters cannot be compared, nor can a key that serves any type keep the
/// configuration of one. So each call configures its circuits again, which takes thousands of
/// allocations where there are many columns. [`Prover::prove_configured`](crate::Prover::prove_configured)
/// does without.
///
/// `K` is what holds the key: a reference, a `Box`, an `Arc`.
pub struct ConfiguredKey<K, ConcreteCircuit: Circuit<Fr>> {
    key: K,
    config: ConcreteCircuit::Config,
}

impl<'k, K: Deref<Target = PreparedKey<'k>>, ConcreteCircuit: Circuit<Fr>> ConfiguredKey<K, ConcreteCircuit> {
    /// Configures circuits with the parameters of `circuit`. Those of the circuits that are proven
    /// later are not looked at, as the library does with all but the first circuit of a proof.
    ///
    /// # Errors
    /// [`Error::KeyMismatch`] if the key was made for other circuits.
    pub fn new(key: K, circuit: &ConcreteCircuit) -> Result<Self, Error> {
        let config = configure(&key, circuit)?;
        Ok(Self { key, config })
    }

    /// The key.
    pub fn key(&self) -> &PreparedKey<'k> {
        &self.key
    }

    pub(super) fn config(&self) -> &ConcreteCircuit::Config {
        &self.config
    }
}

impl<'k, K, ConcreteCircuit> fmt::Debug for ConfiguredKey<K, ConcreteCircuit>
where
    K: Deref<Target = PreparedKey<'k>>,
    ConcreteCircuit: Circuit<Fr>,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let circuit = std::any::type_name::<ConcreteCircuit>();
        f.debug_struct("ConfiguredKey").field("key", &*self.key).field("circuit", &circuit).finish()
    }
}

/// Configures a circuit, and compares what it asks for with what the key was made for.
pub(super) fn configure<F: Field, ConcreteCircuit: Circuit<F>>(
    key: &PreparedKey<'_>,
    circuit: &ConcreteCircuit,
) -> Result<ConcreteCircuit::Config, Error> {
    let mut cs = ConstraintSystem::<F>::default();
    let config = ConcreteCircuit::configure_with_params(&mut cs, circuit.params());
    let known = &key.constraint_system;
    let permutation = |columns: Vec<_>| format!("{columns:?}");
    let pairs = [
        (
            "advice columns and phases",
            format!("{:?}", cs.advice_column_phase()),
            format!("{:?}", known.advice_column_phase()),
        ),
        (
            "challenges and phases",
            format!("{:?}", cs.challenge_phase()),
            format!("{:?}", known.challenge_phase()),
        ),
        ("instance columns", cs.num_instance_columns().to_string(), known.num_instance_columns().to_string()),
        ("gates", cs.gates().len().to_string(), known.gates().len().to_string()),
        ("lookups", cs.lookups().len().to_string(), known.lookups().len().to_string()),
        (
            "permutation columns",
            permutation(cs.permutation().get_columns()),
            permutation(known.permutation().get_columns()),
        ),
        ("constant columns", format!("{:?}", cs.constants()), format!("{:?}", known.constants())),
    ];
    match pairs.into_iter().find(|(_, circuit, key)| circuit != key) {
        Some((what, circuit, key)) => Err(Error::KeyMismatch { what, circuit, key }),
        None => Ok(config),
    }
}
