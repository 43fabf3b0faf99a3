//! One child process of `bench`: a prover, timed with nothing else around it.

use std::time::Instant;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use parhelion::{ConfiguredKey, Error, Estimate, PreparedKey, Prover, oracle};
use parhelion_cli::circuits::Witness;
use parhelion_cli::proc::{self, CpuTime};
use parhelion_cli::stock::{self, ProofTranscript, Sections};
use parhelion_cli::store::{KeyStore, Keys, PreparedKeys, Srs};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

use super::{keygen, pasta};
use crate::args::{BenchChildArgs, Common, Side};
use crate::commands::pasta::with_pasta_demo;
use crate::commands::prove;
use crate::error::CommandError;
use crate::{ALLOCATOR, ui};

/// Proofs per child: a cold and a warm one.
const PROOFS: usize = 2;

/// What a timing child reports.
#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Outcome {
    Measured(Box<Measured>),
    Refused(Refused),
}

/// A proof that does not fit the memory limit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refused {
    pub(crate) refused: String,
    /// From asking for the proof to the error.
    pub(crate) seconds: f64,
}

/// Proofs that were made.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// One entry per proof, in order.
    pub(crate) proofs: Vec<ProofCost>,
    /// SRS and keys; ours to the prepared key.
    pub(crate) load_seconds: f64,
    pub(crate) build_seconds: f64,
    /// High-water mark of resident memory while SRS and keys were loaded, the circuit included.
    pub(crate) load_peak_bytes: Option<u64>,
    /// Resident after that: circuit, SRS and keys.
    pub(crate) loaded_bytes: Option<u64>,
    /// High-water mark before the first proof: of building the circuit, or of loading.
    pub(crate) start_peak_bytes: Option<u64>,
    /// Of one proof.
    pub(crate) verify_seconds: f64,
    pub(crate) proof_bytes: usize,
    /// BLAKE3 of the first proof.
    pub(crate) digest: String,
    /// Ours only.
    pub(crate) pool: Option<PoolUse>,
}

/// What the engine's pool did for all proofs of a process, and what was expected of it, in bytes.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct PoolUse {
    /// What such a proof is expected to take, and the smallest limit that it keeps to.
    pub(crate) expected: Option<usize>,
    pub(crate) smallest: Option<usize>,
    /// Bounds for any witness.
    pub(crate) at_least: usize,
    pub(crate) at_most: usize,
    /// The most that was leased at once, with what is charged for the kernels' own memory.
    pub(crate) peak: usize,
    /// The most that was mapped at once.
    pub(crate) peak_mapped: usize,
}

/// The cost of one proof.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ProofCost {
    pub(crate) seconds: f64,
    /// CPU time of all threads.
    pub(crate) user_seconds: Option<f64>,
    pub(crate) system_seconds: Option<f64>,
    pub(crate) sections: Sections,
    /// Resident memory before the proof: keys, SRS and circuit.
    pub(crate) base_bytes: Option<u64>,
    /// High-water mark of resident memory.
    pub(crate) peak_bytes: Option<u64>,
    /// Whether the mark was set back before the proof.
    pub(crate) peak_reset: bool,
    pub(crate) minor_faults: Option<u64>,
    pub(crate) allocations: u64,
}

/// What the comparing child reports.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Comparison {
    pub(crate) same_bytes: bool,
    /// The first byte that differs.
    pub(crate) first_difference: Option<usize>,
}

pub(crate) fn run(common: &Common, args: &BenchChildArgs) -> Result<(), CommandError> {
    if let Some(done) = with_pasta_demo!(args.circuit.circuit.as_str(), D => pasta::child::<D>(common, args))
    {
        return done;
    }
    let (demo, k) = args.circuit.resolve()?;
    let cache = common.cache()?;
    common.limit_library_threads()?;
    let prover = common.prover(args.circuit.multi_open, None)?;
    if let Side::StockKeygen | Side::ParhelionKeygen = args.side {
        let srs = Srs::load(&cache, args.circuit.srs.as_deref(), k)?;
        ui::say_json(&keygen::measure(args.side, demo, k, &srs, &prover)?);
        return Ok(());
    }

    let srs = Srs::load(&cache, args.circuit.srs.as_deref(), k)?;
    let store = KeyStore::new(&cache, demo, k, &srs);
    let rng = || ChaCha20Rng::seed_from_u64(args.circuit.seed);
    // A circuit takes more memory while it is built than afterwards, so it comes before the keys.
    let layout = match store.layout() {
        Some(layout) => layout,
        None => store.proving(&prover)?.layout,
    };
    let start = Instant::now();
    let witness = demo.witness_circuit(&layout, args.circuit.seed)?;
    let built = Built { seconds: start.elapsed().as_secs_f64(), peak_bytes: proc::peak_resident() };
    ALLOCATOR.trim();
    proc::reset_peak_resident();
    drop(srs);

    let start = Instant::now();
    let srs = Srs::load(&cache, args.circuit.srs.as_deref(), k)?;
    let store = KeyStore::new(&cache, demo, k, &srs);
    if args.side == Side::Parhelion {
        let PreparedKeys { mut key, vk, .. } = store.prepared(&prover)?;
        prover.make_table(&mut key, args.tables());
        let loaded = Loaded::since(start, built);
        let configured = ConfiguredKey::new(&key, &witness.circuit)?;
        let started = Instant::now();
        let measured =
            measure(args, &srs, &vk, &witness, || Ok(prove::prove(&prover, &configured, &witness, rng())?));
        let pool = Some(pool_use(&prover, &key));
        ui::say_json(&match measured {
            Ok(measured) => Outcome::Measured(Measured { pool, ..loaded.add_to(measured) }.into()),
            Err(CommandError::Prover(error @ (Error::MemoryLimit { .. } | Error::Memory(_)))) => {
                let seconds = started.elapsed().as_secs_f64();
                Outcome::Refused(Refused { refused: error.to_string(), seconds })
            }
            Err(error) => return Err(error),
        });
        return Ok(());
    }

    let keys = store.proving(&prover)?;
    let loaded = Loaded::since(start, built);
    if args.side == Side::Oracle {
        ui::say_json(&compare(args, &prover, &srs, &keys, &witness)?);
        return Ok(());
    }
    drop(prover);
    let measured = measure(args, &srs, keys.pk.get_vk(), &witness, || {
        stock::prove(&srs.params, &keys.pk, args.circuit.multi_open, &witness, rng())
            .map_err(CommandError::Stock)
    })?;
    ui::say_json(&Outcome::Measured(loaded.add_to(measured).into()));
    Ok(())
}

/// What building the circuit took.
struct Built {
    seconds: f64,
    peak_bytes: Option<u64>,
}

/// What loading the SRS and the keys took, and building the circuit before.
struct Loaded {
    seconds: f64,
    peak_bytes: Option<u64>,
    bytes: Option<u64>,
    built: Built,
}

impl Loaded {
    /// Right after loading, which began then.
    fn since(start: Instant, built: Built) -> Self {
        let (seconds, peak_bytes) = (start.elapsed().as_secs_f64(), proc::peak_resident());
        ALLOCATOR.trim();
        Self { seconds, peak_bytes, bytes: proc::resident(), built }
    }

    fn add_to(self, measured: Measured) -> Measured {
        let Self { seconds: load_seconds, peak_bytes: load_peak_bytes, bytes: loaded_bytes, built } = self;
        let start_peak_bytes = measured.start_peak_bytes.max(built.peak_bytes);
        let build_seconds = built.seconds;
        Measured { load_seconds, build_seconds, load_peak_bytes, loaded_bytes, start_peak_bytes, ..measured }
    }
}

fn pool_use(prover: &Prover, key: &PreparedKey<'_>) -> PoolUse {
    let Estimate { expected, smallest, at_least, at_most, scratch, .. } = prover.estimate(key, 1);
    let stats = prover.pool().stats();
    let (peak, peak_mapped) = (stats.peak + scratch, stats.peak_mapped);
    PoolUse { expected, smallest, at_least, at_most, peak, peak_mapped }
}

fn measure(
    args: &BenchChildArgs,
    srs: &Srs,
    vk: &VerifyingKey<G1Affine>,
    witness: &Witness,
    prove: impl FnMut() -> Result<ProofTranscript, CommandError>,
) -> Result<Measured, CommandError> {
    let sections =
        |proof: &ProofTranscript, end| proof.sections(vk.cs().num_challenges(), end).unwrap_or_default();
    let Timed { proofs, outputs, start_peak_bytes } = time_proofs(prove, sections)?;
    let outputs: Vec<Vec<u8>> = outputs.into_iter().map(ProofTranscript::finalize).collect();
    let (mut verify_seconds, mut proof_bytes) = (0.0, 0);
    for proof in &outputs {
        let start = Instant::now();
        stock::verify(&srs.params, vk, args.circuit.multi_open, &witness.instances, proof)
            .map_err(CommandError::OwnProof)?;
        verify_seconds = start.elapsed().as_secs_f64();
        proof_bytes = proof.len();
    }
    let digest = digest(&outputs);
    Ok(Measured { proofs, start_peak_bytes, verify_seconds, proof_bytes, digest, ..Measured::default() })
}

/// BLAKE3 of the first proof.
pub(super) fn digest(proofs: &[Vec<u8>]) -> String {
    proofs.first().map(|proof| blake3::hash(proof).to_hex().to_string()).unwrap_or_default()
}

/// Proofs with what each cost.
pub(super) struct Timed<T> {
    pub(super) proofs: Vec<ProofCost>,
    pub(super) outputs: Vec<T>,
    /// High-water mark of resident memory before the first.
    pub(super) start_peak_bytes: Option<u64>,
}

/// Makes proofs and notes what each costs.
pub(super) fn time_proofs<T>(
    mut prove: impl FnMut() -> Result<T, CommandError>,
    sections: impl Fn(&T, Instant) -> Sections,
) -> Result<Timed<T>, CommandError> {
    let mut proofs = Vec::with_capacity(PROOFS);
    let mut outputs = Vec::with_capacity(PROOFS);
    let start_peak_bytes = proc::peak_resident();
    // What loading the keys has freed is no part of the proof, neither of its peak nor as pages
    // that it finds mapped already. The second proof is meant to find what the first one left.
    ALLOCATOR.trim();
    for _ in 0..PROOFS {
        let faults_before = proc::minor_faults();
        let allocations_before = ALLOCATOR.stats().allocations;
        let base_bytes = proc::resident();
        let peak_reset = proc::reset_peak_resident();
        let cpu_before = proc::cpu_time();
        let start = Instant::now();
        let proof = prove()?;
        let end = Instant::now();
        let cpu = |part: fn(CpuTime) -> f64| Some(part(proc::cpu_time()?) - part(cpu_before?));
        let seconds = (end - start).as_secs_f64();
        proofs.push(ProofCost {
            seconds,
            user_seconds: cpu(|time| time.user),
            system_seconds: cpu(|time| time.system),
            sections: sections(&proof, end),
            base_bytes,
            peak_bytes: proc::peak_resident(),
            peak_reset,
            minor_faults: proc::minor_faults().zip(faults_before).map(|(after, before)| after - before),
            allocations: ALLOCATOR.stats().allocations - allocations_before,
        });
        outputs.push(proof);
    }
    Ok(Timed { proofs, outputs, start_peak_bytes })
}

/// Overhears the stock prover, replays its private draws into ours, and compares every byte.
fn compare(
    args: &BenchChildArgs,
    prover: &Prover,
    srs: &Srs,
    keys: &Keys,
    witness: &Witness,
) -> Result<Comparison, CommandError> {
    let rng = || ChaCha20Rng::seed_from_u64(args.circuit.seed);
    let circuits = std::slice::from_ref(&witness.circuit);
    let columns: Vec<&[Fr]> = witness.instances.iter().map(Vec::as_slice).collect();
    let instances: &[&[&[Fr]]] = &[&columns];

    let mut theirs = ProofTranscript::new();
    let injection = oracle::capture(
        &srs.params,
        &keys.pk,
        circuits,
        instances,
        rng(),
        args.circuit.multi_open,
        &mut theirs,
    )?;
    let theirs = theirs.finalize();

    let mut prepared = prover.prepare(&srs.params, &keys.pk)?;
    prover.make_table(&mut prepared, args.tables());
    let mut ours = ProofTranscript::new();
    prover.prove_injected(&prepared, circuits, instances, rng(), &mut ours, &injection)?;
    let ours = ours.finalize();

    for proof in [&theirs, &ours] {
        stock::verify(&srs.params, keys.pk.get_vk(), args.circuit.multi_open, &witness.instances, proof)
            .map_err(CommandError::OwnProof)?;
    }
    let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
    let same_bytes = ours == theirs;
    Ok(Comparison { same_bytes, first_difference: (!same_bytes).then_some(same) })
}
