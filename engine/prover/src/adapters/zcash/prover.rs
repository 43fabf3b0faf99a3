//! What a [`Prover`] does with keys and circuits of `halo2_proofs`.

use ff_0_14::FromUniformBytes;
use halo2_proofs::plonk::{Circuit, VerifyingKey};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{EncodedChallenge, TranscriptWrite};
use parhelion_field_kernels::Fp;
use parhelion_scheduler::ExecutorExt;
use rand_core_0_10::Rng;

use super::assignment::{LibraryCircuits, Shared};
use super::key::Reading;
use super::keygen::{self, configure};
use super::transcript::{CallerRandomness, LibraryTranscript};
use super::{PreparedKey, PreparedParams};
use crate::adapters::cast::{self, KernelScalar, PastaCurve, Spec};
use crate::estimate::Estimate;
use crate::observer::{Observer, Silent};
use crate::run::Io;
use crate::settle::Rehearsal;
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
        let kernels = self.kernels_for_a_key();
        self.executor.enter_pool(|| PreparedParams::new(&kernels, params))
    }

    /// Speeds up the commitments of all proofs with keys that are prepared with these parameters from now on, by tables
    /// of multiples of their points, of at most `bytes` together, in place of earlier ones. Returns how many bytes they take:
    /// 0 if so few would gain nothing. The bytes of proofs are the same.
    ///
    /// For 2^k rows each of two tables takes 64·2^k bytes, twice or more. They are not charged to a memory limit.
    pub fn make_tables_zcash<C: PastaCurve>(&self, params: &mut PreparedParams<C>, bytes: usize) -> usize {
        params.make_tables(&self.kernels_for_a_key(), bytes)
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
        let kernels = self.kernels_for_a_key();
        let reading = Reading::new(&kernels, params, vk)?;
        PreparedKey::new(&kernels, params, reading, keygen::lay_out(&kernels, params.k(), circuit)?)
    }

    /// As [`Prover::prepare_zcash`], for circuits that several threads may look at, as most are: they share what
    /// takes long in its synthesis, the fixed values.
    ///
    /// # Errors
    /// As [`Prover::prepare_zcash`].
    pub fn prepare_zcash_parallel<C, ConcreteCircuit>(
        &self,
        params: &PreparedParams<C>,
        vk: &VerifyingKey<C>,
        circuit: &ConcreteCircuit,
    ) -> Result<PreparedKey<C>, Error>
    where
        C: PastaCurve,
        C::ScalarExt: FromUniformBytes<64>,
        ConcreteCircuit: Circuit<C::ScalarExt> + Sync,
    {
        let kernels = self.kernels_for_a_key();
        if kernels.threads() > 1 {
            let prepare = || {
                let lay_out = || keygen::lay_out_shared(&kernels, params.k(), circuit);
                // One thread reads the key while others synthesise, which takes them longer than a share of it each.
                let read = || Reading::new(&kernels, params, vk);
                let (layout, reading) = kernels.executor().join(lay_out, read);
                PreparedKey::new(&kernels, params, reading?, layout?)
            };
            if let Ok(key) = self.executor.enter_pool(prepare) {
                return Ok(key);
            }
            // Either there is an error, and this finds the first, or values of one region depend on having been
            // asked for those of another.
        }
        self.prepare_zcash(params, vk, circuit)
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
        let io = Io {
            transcript: &mut LibraryTranscript::<C, E, T>::new(transcript),
            blinding: &mut CallerRandomness::<C, R>::new(rng),
            replay: None,
        };
        self.run_zcash(key, circuits, instances, io, false)
    }

    /// As [`Prover::prove_zcash`], for arguments that may go to other threads, as most can. The proof is made on
    /// this prover's threads, rather than by handing them each of its loops; and as many circuits are
    /// synthesised at a time as there are threads, unless a memory limit is in the way. The bytes are the same.
    ///
    /// A single circuit is synthesised by one thread whatever it is. The observer is told on that of the prover's
    /// threads that the proof has begun on.
    ///
    /// # Errors
    /// As [`Prover::prove_zcash`].
    pub fn prove_zcash_parallel<C, E, R, T, ConcreteCircuit>(
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
        R: Rng + Send,
        T: TranscriptWrite<C, E> + Send,
        ConcreteCircuit: Circuit<C::ScalarExt> + Sync,
    {
        let columns = checked_instances(key, circuits.len(), instances)?;
        let (system, _) = configure::<C::ScalarExt, ConcreteCircuit>();
        key.check_circuit(&system)?;
        let admitted = self.admit(&key.key(), circuits.len())?;
        let prove = || {
            let io = Io {
                transcript: &mut LibraryTranscript::<C, E, T>::new(transcript),
                blinding: &mut CallerRandomness::<C, R>::new(rng),
                replay: None,
            };
            // Configurations may be bound to a thread: each circuit makes its own. Of progress in several circuits at
            // once nobody is told.
            let configure = || configure::<C::ScalarExt, ConcreteCircuit>().1;
            let observer = if circuits.len() == 1 { self.observer.as_ref() } else { &Silent };
            let circuits = Shared(library_circuits(key, circuits, instances, configure, observer));
            self.run_admitted(admitted, &key.key(), &circuits, &columns, io, false)
        };
        // A proof that waits for its turn is taken back when it should end.
        self.control.run(|| self.executor.enter_pool(prove))?
    }

    /// How much memory a proof of so many circuits takes from the [pool](Prover::pool).
    #[must_use]
    pub fn estimate_zcash<C: PastaCurve>(&self, key: &PreparedKey<C>, circuits: usize) -> Estimate {
        self.estimate_of(&key.key(), circuits)
    }

    /// How much memory a proof of these circuits takes: synthesises them and looks at their columns,
    /// without committing to anything. This takes about a twentieth of the time of a proof.
    ///
    /// # Errors
    /// As [`Prover::prove_zcash`], as far as it is noticed without a proof.
    pub fn rehearse_zcash<C: PastaCurve, ConcreteCircuit: Circuit<C::ScalarExt>>(
        &self,
        key: &PreparedKey<C>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
    ) -> Result<Estimate, Error> {
        let (mut transcript, mut blinding) = (Rehearsal::new(), Rehearsal::new());
        let io = Io { transcript: &mut transcript, blinding: &mut blinding, replay: None };
        self.run_zcash(key, circuits, instances, io, true)?;
        Ok(self.estimate_zcash(key, circuits.len()))
    }

    /// Makes a proof, or rehearses it, after checking what it is asked for.
    fn run_zcash<C: PastaCurve, ConcreteCircuit: Circuit<C::ScalarExt>>(
        &self,
        key: &PreparedKey<C>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        io: Io<'_, Spec<C>>,
        rehearsal: bool,
    ) -> Result<(), Error> {
        let columns = checked_instances(key, circuits.len(), instances)?;
        let (system, config) = configure::<C::ScalarExt, ConcreteCircuit>();
        key.check_circuit(&system)?;
        let configure = || config.clone();
        let circuits = library_circuits(key, circuits, instances, configure, self.observer.as_ref());
        self.run(&key.key(), &circuits, &columns, io, rehearsal)
    }
}

/// Circuits as the stages see them, whose configurations `configure` makes.
fn library_circuits<'a, C: PastaCurve, ConcreteCircuit, Configure>(
    key: &'a PreparedKey<C>,
    circuits: &'a [ConcreteCircuit],
    instances: &'a [&'a [&'a [C::ScalarExt]]],
    configure: Configure,
    observer: &'a dyn Observer,
) -> LibraryCircuits<'a, C, ConcreteCircuit, Configure> {
    let shape = &key.derived.shape;
    LibraryCircuits {
        circuits,
        instances,
        configure,
        columns: &key.columns,
        constants: &key.constants,
        k: shape.k,
        usable_rows: shape.usable_rows(),
        observer,
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
