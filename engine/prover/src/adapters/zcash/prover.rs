//! What a [`Prover`] does with keys and circuits of `halo2_proofs`.

use std::collections::HashMap;

use ff_0_14::FromUniformBytes;
use halo2_proofs::plonk::{Circuit, VerifyingKey};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use parhelion_field_kernels::Fp;
use rand_core_0_10::Rng;

use super::assignment::LibraryCircuits;
use super::keygen::configure;
use super::transcript::{CallerRandomness, LibraryTranscript};
use super::{PreparedKey, PreparedParams};
use crate::adapters::cast::{self, KernelScalar, PastaCurve};
use crate::estimate::{Estimate, estimate};
use crate::memory::Memory;
use crate::prove::prove;
use crate::session::Session;
use crate::{Error, Prover};

impl Prover {
    /// Brings parameters of `halo2_proofs` to the engine's layout, for any number of keys.
    ///
    /// # Errors
    /// If they are damaged.
    pub fn prepare_zcash_params<C: PastaCurve>(
        &self,
        params: &Params<C>,
    ) -> Result<PreparedParams<C>, Error> {
        PreparedParams::new(&self.kernels, params)
    }

    /// Generates what proofs need besides a verifying key of `halo2_proofs`, and checks it against that
    /// key. The library's proving key is not needed.
    ///
    /// # Errors
    /// If the parameters are for another size, the key is not of this circuit, synthesis fails, or the
    /// key's text is not what this version understands.
    pub fn prepare_zcash<C, ConcreteCircuit>(
        &self,
        params: &PreparedParams<C>,
        vk: &VerifyingKey<C>,
        circuit: &ConcreteCircuit,
    ) -> Result<PreparedKey<C>, Error>
    where
        C: PastaCurve,
        C::ScalarExt: FromUniformBytes<64>,
        ConcreteCircuit: Circuit<C::ScalarExt>,
    {
        PreparedKey::new(&self.kernels, params, vk, circuit)
    }

    /// Proves that `circuits` are satisfied with `instances`: for each circuit the values of each
    /// instance column, which are padded with zeros.
    ///
    /// The bytes written to `transcript` are those of the library's prover with the same `rng`,
    /// whatever the kernels, threads or memory limit.
    ///
    /// # Errors
    /// If counts or lengths do not fit the key, synthesis fails, the witness does not satisfy the
    /// circuit, or the transcript cannot be written.
    pub fn prove_zcash<C, E, R, T, ConcreteCircuit>(
        &self,
        key: &PreparedKey<C>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        rng: R,
        transcript: &mut T,
    ) -> Result<(), Error>
    where
        C: PastaCurve,
        E: EncodedChallenge<C>,
        R: Rng,
        T: TranscriptWrite<C, E>,
        ConcreteCircuit: Circuit<C::ScalarExt>,
    {
        let columns = checked_instances(key, circuits.len(), instances)?;
        let (system, config) = configure::<C::ScalarExt, ConcreteCircuit>();
        key.check_circuit(&system)?;
        let shape = &key.derived.shape;
        let view = key.key();
        let estimate = estimate(&view, circuits.len(), self.threads());
        let memory = Memory::new(self.workspace(estimate, circuits.len())?, shape.k);
        let _scratch = memory.charge(estimate.scratch)?;
        let circuits = LibraryCircuits::<C, ConcreteCircuit> {
            circuits,
            instances,
            config,
            columns: &key.columns,
            constants: &key.constants,
            k: shape.k,
            usable_rows: shape.usable_rows(),
        };
        let mut session = Session {
            kernels: &self.kernels,
            memory: &memory,
            key: &view,
            observer: self.observer.as_ref(),
            transcript: &mut LibraryTranscript::<C, E, T>::new(transcript),
            blinding: &mut CallerRandomness::<C, R>::new(rng),
            replay: None,
            blinds: HashMap::new(),
        };
        prove(&mut session, self.multi_open, &circuits, &columns)
    }

    /// How much memory a proof of so many circuits takes from the [pool](Prover::pool).
    #[must_use]
    pub fn estimate_zcash<C: PastaCurve>(&self, key: &PreparedKey<C>, circuits: usize) -> Estimate {
        estimate(&key.key(), circuits, self.threads())
    }
}

/// The values of the instance columns of one circuit.
type Instances<'a, C> = Vec<&'a [Fp<KernelScalar<C>>]>;

/// The instance columns as kernel scalars, after checking them against the key.
fn checked_instances<'a, C: PastaCurve>(
    key: &PreparedKey<C>,
    circuits: usize,
    instances: &[&[&'a [C::ScalarExt]]],
) -> Result<Vec<Instances<'a, C>>, Error> {
    let shape = &key.derived.shape;
    if circuits != instances.len() {
        return Err(Error::CircuitCount { circuits, instances: instances.len() });
    }
    if circuits == 0 {
        return Err(Error::NoCircuits);
    }
    let usable = shape.usable_rows();
    let mut checked = Vec::with_capacity(circuits);
    for (circuit, columns) in instances.iter().enumerate() {
        let (expected, got) = (shape.num_instance, columns.len());
        if expected != got {
            return Err(Error::InstanceColumnCount { circuit, expected, got });
        }
        if let Some((column, values)) = columns.iter().enumerate().find(|(_, v)| v.len() > usable) {
            return Err(Error::InstanceTooLong { circuit, column, len: values.len(), usable });
        }
        checked.push(columns.iter().map(|values| cast::pasta_scalars::<C>(values)).collect());
    }
    Ok(checked)
}
