//! One child process of `bench`: a prover, timed with nothing else around it.

use std::time::Instant;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;
use parhelion::oracle;
use parhelion_cli::circuits::Witness;
use parhelion_cli::stock::{self, ProofTranscript, Sections};
use parhelion_cli::store::{KeyStore, Keys, Srs};
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

use super::{keygen, pasta};
use crate::args::{BenchChildArgs, Common, Side};
use crate::commands::pasta::with_pasta_demo;
use crate::commands::prove;
use crate::error::CommandError;
use crate::{ALLOCATOR, proc, ui};

/// Proofs per child: a cold and a warm one.
const PROOFS: usize = 2;

/// What a timing child reports.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// One entry per proof, in order.
    pub(crate) proofs: Vec<ProofCost>,
    pub(crate) load_seconds: f64,
    pub(crate) build_seconds: f64,
    /// Ours only: making the prepared key.
    pub(crate) prepare_seconds: f64,
    /// Of one proof.
    pub(crate) verify_seconds: f64,
    pub(crate) proof_bytes: usize,
}

/// The cost of one proof.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct ProofCost {
    pub(crate) seconds: f64,
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

    let start = Instant::now();
    let srs = Srs::load(&cache, args.circuit.srs.as_deref(), k)?;
    let keys = KeyStore::new(&cache, demo, k, &srs).proving(&prover)?;
    let load_seconds = start.elapsed().as_secs_f64();

    let start = Instant::now();
    let witness = demo.witness_circuit(&keys.layout, args.circuit.seed)?;
    let build_seconds = start.elapsed().as_secs_f64();

    let rng = || ChaCha20Rng::seed_from_u64(args.circuit.seed);
    match args.side {
        Side::Stock => {
            drop(prover);
            let measured = measure(args, &srs, keys.pk.get_vk(), &witness, || {
                stock::prove(&srs.params, &keys.pk, args.circuit.multi_open, &witness, rng())
                    .map_err(CommandError::Stock)
            })?;
            ui::say_json(&Measured { load_seconds, build_seconds, ..measured });
        }
        Side::Parhelion => {
            let start = Instant::now();
            let vk = keys.pk.get_vk().clone();
            let prepared = prover.prepare_compact(&srs.params, keys.pk)?;
            let prepare_seconds = start.elapsed().as_secs_f64();
            let measured = measure(args, &srs, &vk, &witness, || {
                Ok(prove::prove(&prover, &prepared, &witness, rng())?)
            })?;
            ui::say_json(&Measured { load_seconds, build_seconds, prepare_seconds, ..measured });
        }
        Side::Oracle => ui::say_json(&compare(args, &prover, &srs, &keys, &witness)?),
        // Done above, before there were keys.
        Side::StockKeygen | Side::ParhelionKeygen => {}
    }
    Ok(())
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
    let (proofs, outputs) = time_proofs(prove, sections)?;
    let (mut verify_seconds, mut proof_bytes) = (0.0, 0);
    for proof in outputs {
        let proof = proof.finalize();
        let start = Instant::now();
        stock::verify(&srs.params, vk, args.circuit.multi_open, &witness.instances, &proof)
            .map_err(CommandError::OwnProof)?;
        verify_seconds = start.elapsed().as_secs_f64();
        proof_bytes = proof.len();
    }
    Ok(Measured { proofs, verify_seconds, proof_bytes, ..Measured::default() })
}

/// Makes proofs and notes what each costs.
pub(super) fn time_proofs<T>(
    mut prove: impl FnMut() -> Result<T, CommandError>,
    sections: impl Fn(&T, Instant) -> Sections,
) -> Result<(Vec<ProofCost>, Vec<T>), CommandError> {
    let mut proofs = Vec::with_capacity(PROOFS);
    let mut outputs = Vec::with_capacity(PROOFS);
    // What loading the keys has freed is no part of the proof, neither of its peak nor as pages
    // that it finds mapped already. The second proof is meant to find what the first one left.
    ALLOCATOR.trim();
    for _ in 0..PROOFS {
        let faults_before = proc::minor_faults();
        let allocations_before = ALLOCATOR.stats().allocations;
        let base_bytes = proc::resident();
        let peak_reset = proc::reset_peak_resident();
        let start = Instant::now();
        let proof = prove()?;
        let end = Instant::now();
        let seconds = (end - start).as_secs_f64();
        proofs.push(ProofCost {
            seconds,
            sections: sections(&proof, end),
            base_bytes,
            peak_bytes: proc::peak_resident(),
            peak_reset,
            minor_faults: proc::minor_faults().zip(faults_before).map(|(after, before)| after - before),
            allocations: ALLOCATOR.stats().allocations - allocations_before,
        });
        outputs.push(proof);
    }
    Ok((proofs, outputs))
}

/// Overhears the stock prover, replays its private draws into ours, and compares every byte.
fn compare(
    args: &BenchChildArgs,
    prover: &parhelion::Prover,
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

    let prepared = prover.prepare(&srs.params, &keys.pk)?;
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
