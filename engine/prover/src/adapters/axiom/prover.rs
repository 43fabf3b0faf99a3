//! What a [`Prover`] does with keys and circuits of `halo2-axiom`.

use std::ops::Deref;
use std::sync::Arc;

use ff::Field;
use halo2_axiom::halo2curves::CurveAffine;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{Circuit, ProvingKey, VerifyingKey};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::transcript::{EncodedChallenge, TranscriptWrite};
use parhelion_field_kernels::{Bn254Fr, Bn254G1Spec};
use parhelion_scheduler::ExecutorExt;
use rand_core::RngCore;

use super::assignment::LibraryCircuits;
use super::configured::{ConfiguredKey, configure};
use super::key::PreparedKey;
use super::transcript::{CallerRandomness, LibraryTranscript};
use super::{keygen, params, unsupported};
use crate::adapters::cast;
use crate::estimate::Estimate;
use crate::run::Io;
use crate::session::Replay;
use crate::settle::Rehearsal;
use crate::{Error, Prover};

impl Prover {
    /// Checks a key and its SRS and derives what proofs need of them. Borrows both.
    ///
    /// # Errors
    /// If the SRS is for another size, either is damaged, or the key's degree (capped by the
    /// environment variable `MAX_DEGREE` when it was made) is too small for its constraints.
    pub fn prepare<'k>(
        &self,
        params: &'k ParamsKZG<Bn256>,
        pk: &'k ProvingKey<G1Affine>,
    ) -> Result<PreparedKey<'k>, Error> {
        PreparedKey::borrowed(&self.kernels_for_a_key(), params, pk)
    }

    /// As [`Prover::prepare`], sharing ownership of both.
    ///
    /// # Errors
    /// As [`Prover::prepare`].
    pub fn prepare_shared(
        &self,
        params: Arc<ParamsKZG<Bn256>>,
        pk: Arc<ProvingKey<G1Affine>>,
    ) -> Result<PreparedKey<'static>, Error> {
        PreparedKey::shared(&self.kernels_for_a_key(), params, pk)
    }

    /// As [`Prover::prepare`], taking the key apart: one copy of each column is kept, by its values on
    /// the rows, packed, and the rest is dropped.
    ///
    /// Of the library's 64 bytes per row for each fixed and permutation column four to ten are left for
    /// most columns. Each proof interpolates them again, one inverse transform each.
    ///
    /// # Errors
    /// As [`Prover::prepare`].
    pub fn prepare_compact(
        &self,
        params: &ParamsKZG<Bn256>,
        pk: ProvingKey<G1Affine>,
    ) -> Result<PreparedKey<'static>, Error> {
        PreparedKey::compact(&self.kernels_for_a_key(), params, pk)
    }

    /// Speeds up the commitments of all proofs with this key by a table of multiples of the SRS's points, of at most
    /// `bytes`, in place of an earlier table. Returns how many bytes it takes: 0 if there is none, because so few would
    /// gain nothing. The bytes of proofs are the same.
    ///
    /// For 2^k rows a table takes 64·2^k bytes, twice or more: with 16 times, commitments to values of any size take
    /// about a quarter fewer additions. It belongs to the key, and is not charged to a memory limit.
    pub fn make_table(&self, key: &mut PreparedKey<'_>, bytes: usize) -> usize {
        key.make_table(&self.kernels_for_a_key(), bytes)
    }

    /// Proves that `circuits` are satisfied with `instances`: for each circuit the values of each
    /// instance column, which are padded with zeros.
    ///
    /// The bytes written to `transcript` depend on the key, the circuits, the instances and the
    /// stream of `rng` alone. They are those of the library's prover but for two things that it
    /// draws outside `rng`; see `docs/decisions`.
    ///
    /// # Errors
    /// If counts or lengths do not fit the key, synthesis fails, the witness does not satisfy the
    /// circuit, or the transcript cannot be written.
    pub fn prove<E, R, T, ConcreteCircuit>(
        &self,
        key: &PreparedKey<'_>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[Fr]]],
        rng: R,
        transcript: &mut T,
    ) -> Result<(), Error>
    where
        E: EncodedChallenge<G1Affine>,
        R: RngCore,
        T: TranscriptWrite<G1Affine, E>,
        ConcreteCircuit: Circuit<Fr>,
    {
        self.prove_generic::<G1Affine, E, R, T, _>(key, circuits, instances, rng, transcript, None)
    }

    /// As [`Prover::prove`], with circuits that were configured before.
    ///
    /// # Errors
    /// As [`Prover::prove`].
    pub fn prove_configured<'k, E, R, T, K, ConcreteCircuit>(
        &self,
        key: &ConfiguredKey<K, ConcreteCircuit>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[Fr]]],
        rng: R,
        transcript: &mut T,
    ) -> Result<(), Error>
    where
        E: EncodedChallenge<G1Affine>,
        R: RngCore,
        T: TranscriptWrite<G1Affine, E>,
        K: Deref<Target = PreparedKey<'k>>,
        ConcreteCircuit: Circuit<Fr>,
    {
        let (mut transcript, mut blinding) =
            (LibraryTranscript::<G1Affine, E, T>::new(transcript), CallerRandomness(rng));
        let io = Io { transcript: &mut transcript, blinding: &mut blinding, replay: None };
        self.run_generic::<G1Affine, _>(key.key(), Some(key.config()), circuits, instances, io, false)
    }

    /// As [`Prover::prove`], for arguments that may go to other threads, as most can. The whole proof is made on one of
    /// this prover's threads, which the others help, rather than by handing them each of its loops: several
    /// proofs at once then run on no more threads than there are. The bytes are the same. On executors other than the
    /// engine's own pool this is [`Prover::prove`].
    ///
    /// # Errors
    /// As [`Prover::prove`].
    pub fn prove_parallel<E, R, T, ConcreteCircuit>(
        &self,
        key: &PreparedKey<'_>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[Fr]]],
        rng: R,
        transcript: &mut T,
    ) -> Result<(), Error>
    where
        E: EncodedChallenge<G1Affine>,
        R: RngCore + Send,
        T: TranscriptWrite<G1Affine, E> + Send,
        ConcreteCircuit: Circuit<Fr> + Sync,
    {
        let columns = checked_instances::<Fr>(key, circuits.len(), instances)?;
        let admitted = self.admit(&key.key(), circuits.len())?;
        let prove = || {
            let config = configure::<Fr, ConcreteCircuit>(key, &circuits[0])?;
            let circuits = self.library_circuits::<G1Affine, _>(key, &config, circuits, instances);
            let (mut transcript, mut blinding) =
                (LibraryTranscript::<G1Affine, E, T>::new(transcript), CallerRandomness(rng));
            let io = Io { transcript: &mut transcript, blinding: &mut blinding, replay: None };
            self.run_admitted(admitted, &key.key(), &circuits, &columns, io, false)
        };
        // A proof that waits for its turn is taken back when it should end.
        self.control.run(|| self.executor.enter_pool_apart(prove))?
    }

    /// How much memory a proof of so many circuits takes from the [pool](Prover::pool).
    #[must_use]
    pub fn estimate(&self, key: &PreparedKey<'_>, circuits: usize) -> Estimate {
        self.estimate_of(&key.key(), circuits)
    }

    /// How much memory a proof of these circuits takes: synthesises them and looks at their columns,
    /// without committing to anything. This takes about a twentieth of the time of a proof.
    ///
    /// Circuits with challenges see made-up ones.
    ///
    /// # Errors
    /// As [`Prover::prove`], as far as it is noticed without a proof.
    pub fn rehearse<ConcreteCircuit: Circuit<Fr>>(
        &self,
        key: &PreparedKey<'_>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[Fr]]],
    ) -> Result<Estimate, Error> {
        let (mut transcript, mut blinding) = (Rehearsal::new(), Rehearsal::new());
        let io = Io { transcript: &mut transcript, blinding: &mut blinding, replay: None };
        self.run_generic::<G1Affine, _>(key, None, circuits, instances, io, true)?;
        Ok(self.estimate(key, circuits.len()))
    }

    /// As [`Prover::prove`], with the values the library's prover drew outside the caller's
    /// randomness in place of ours: the proof is then the library's, byte for byte.
    ///
    /// # Errors
    /// As [`Prover::prove`], and if the injected columns do not fit the key.
    #[cfg(feature = "oracle")]
    pub fn prove_injected<E, R, T, ConcreteCircuit>(
        &self,
        key: &PreparedKey<'_>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[Fr]]],
        rng: R,
        transcript: &mut T,
        injection: &crate::oracle::Injection,
    ) -> Result<(), Error>
    where
        E: EncodedChallenge<G1Affine>,
        R: RngCore,
        T: TranscriptWrite<G1Affine, E>,
        ConcreteCircuit: Circuit<Fr>,
    {
        let replay = Replay {
            random_poly: cast::scalars(&injection.random_poly),
            permuted_lookups: injection
                .permuted_lookups
                .iter()
                .map(|(input, table)| (cast::scalars(input), cast::scalars(table)))
                .collect(),
        };
        self.prove_generic::<G1Affine, E, R, T, _>(key, circuits, instances, rng, transcript, Some(replay))
    }

    /// Generates a verifying key; its bytes are those of the library's `keygen_vk_custom`.
    ///
    /// # Errors
    /// If the circuit does not fit the SRS or its synthesis fails.
    pub fn keygen_vk<ConcreteCircuit: Circuit<Fr>>(
        &self,
        params: &ParamsKZG<Bn256>,
        circuit: &ConcreteCircuit,
        compress_selectors: bool,
    ) -> Result<VerifyingKey<G1Affine>, Error> {
        let bases = params::lagrange_bases(params)?;
        keygen::generate_vk(&self.kernels_for_a_key(), params, &bases, circuit, compress_selectors)
    }

    /// Generates the proving key of `vk`; its bytes are those of the library's `keygen_pk`.
    ///
    /// # Errors
    /// If the circuit is not the one of `vk`, does not fit the SRS or its synthesis fails.
    pub fn keygen_pk<ConcreteCircuit: Circuit<Fr>>(
        &self,
        params: &ParamsKZG<Bn256>,
        vk: VerifyingKey<G1Affine>,
        circuit: &ConcreteCircuit,
    ) -> Result<ProvingKey<G1Affine>, Error> {
        let compress_selectors = vk.compress_selectors();
        let bases = params::lagrange_bases(params)?;
        keygen::generate_pk(&self.kernels_for_a_key(), params, &bases, Some(vk), circuit, compress_selectors)
    }

    /// [`Prover::prove`] for the caller's names of the curve and its scalars.
    pub(super) fn prove_generic<C, E, R, T, ConcreteCircuit>(
        &self,
        key: &PreparedKey<'_>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        rng: R,
        transcript: &mut T,
        replay: Option<Replay<'_, Bn254G1Spec>>,
    ) -> Result<(), Error>
    where
        C: CurveAffine,
        E: EncodedChallenge<C>,
        R: RngCore,
        T: TranscriptWrite<C, E>,
        ConcreteCircuit: Circuit<C::ScalarExt>,
    {
        let (mut transcript, mut blinding) =
            (LibraryTranscript::<C, E, T>::new(transcript), CallerRandomness(rng));
        let io = Io { transcript: &mut transcript, blinding: &mut blinding, replay };
        self.run_generic::<C, _>(key, None, circuits, instances, io, false)
    }

    /// Makes a proof, or rehearses it, after checking what it is asked for. Circuits that come without
    /// a configuration are configured.
    fn run_generic<C, ConcreteCircuit>(
        &self,
        key: &PreparedKey<'_>,
        config: Option<&ConcreteCircuit::Config>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        io: Io<'_, Bn254G1Spec>,
        rehearsal: bool,
    ) -> Result<(), Error>
    where
        C: CurveAffine,
        ConcreteCircuit: Circuit<C::ScalarExt>,
    {
        let columns = checked_instances::<C::ScalarExt>(key, circuits.len(), instances)?;
        let own;
        let config = match config {
            Some(config) => config,
            None => {
                own = configure::<C::ScalarExt, ConcreteCircuit>(key, &circuits[0])?;
                &own
            }
        };
        if let Some(replay) = &io.replay {
            check_replay(key, circuits.len(), replay)?;
        }
        let circuits = self.library_circuits::<C, _>(key, config, circuits, instances);
        self.run(&key.key(), &circuits, &columns, io, rehearsal)
    }

    /// Circuits as the stages see them.
    fn library_circuits<'a, C: CurveAffine, ConcreteCircuit: Circuit<C::ScalarExt>>(
        &'a self,
        key: &PreparedKey<'_>,
        config: &'a ConcreteCircuit::Config,
        circuits: &'a [ConcreteCircuit],
        instances: &'a [&'a [&'a [C::ScalarExt]]],
    ) -> LibraryCircuits<'a, C, ConcreteCircuit> {
        let shape = &key.derived.shape;
        LibraryCircuits {
            circuits,
            config,
            instances,
            constants: key.constraint_system.constants().clone(),
            k: shape.k,
            usable_rows: shape.usable_rows(),
            observer: self.observer.as_ref(),
        }
    }
}

/// The instance columns as kernel scalars, after checking them against the key.
fn checked_instances<'a, F: Field>(
    key: &PreparedKey<'_>,
    circuits: usize,
    instances: &[&[&'a [F]]],
) -> Result<Vec<Vec<&'a [Bn254Fr]>>, Error> {
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
        let mut scalars = Vec::with_capacity(got);
        for (column, values) in columns.iter().enumerate() {
            if values.len() > usable {
                return Err(Error::InstanceTooLong { circuit, column, len: values.len(), usable });
            }
            scalars.push(cast::scalars(cast::scalar_slice(values).ok_or_else(unsupported)?));
        }
        checked.push(scalars);
    }
    Ok(checked)
}

fn check_replay(
    key: &PreparedKey<'_>,
    circuits: usize,
    replay: &Replay<'_, Bn254G1Spec>,
) -> Result<(), Error> {
    let shape = &key.derived.shape;
    let n = shape.n();
    let check = |what, expected, got| {
        if expected == got { Ok(()) } else { Err(Error::Injection { what, expected, got }) }
    };
    check("coefficients of the random polynomial", n, replay.random_poly.len())?;
    check("permuted lookups", circuits * shape.lookups.len(), replay.permuted_lookups.len())?;
    for (input, table) in &replay.permuted_lookups {
        check("rows of a permuted input", n, input.len())?;
        check("rows of a permuted table", n, table.len())?;
    }
    Ok(())
}
