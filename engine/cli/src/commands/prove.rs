//! `parhelion prove`: from a circuit's name to a checked proof in a file.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::{ConfiguredKey, Estimate, PreparedKey, Prover};
use parhelion_cli::ProofFile;
use parhelion_cli::circuits::{DemoCircuit, Witness};
use parhelion_cli::stock::{self, ProofTranscript};
use parhelion_cli::store::{KeyStore, PreparedKeys, Provenance, Srs, SrsOrigin};
use rand::{RngCore, SeedableRng};
use rand_chacha::ChaCha20Rng;
use serde::Serialize;

use super::PROOF_SUFFIX;
use super::pasta::{self, with_pasta_demo};
use crate::args::{CircuitArgs, Common};
use crate::error::CommandError;
use crate::ui;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    circuit: &'a str,
    k: u32,
    seed: u64,
    multi_open: String,
    threads: usize,
    kernels: &'a str,
    /// `null` stands for the testing parameters.
    srs: Option<&'a Path>,
    keys_cached: bool,
    seconds: Seconds,
    stages: BTreeMap<&'static str, f64>,
    memory: Memory,
    proof_bytes: usize,
    verified: bool,
    file: PathBuf,
}

#[derive(Serialize)]
struct Seconds {
    srs: f64,
    keys: f64,
    witness: f64,
    prove: f64,
    verify: f64,
}

/// Bytes that the proof took besides keys, SRS and circuit; what the engine estimates for it, and the
/// smallest limit that it would have kept to.
#[derive(Serialize)]
pub(super) struct Memory {
    pub(super) peak_bytes: usize,
    pub(super) estimate: usize,
    pub(super) smallest_limit: usize,
}

/// Proves a demo circuit and writes the proof to `out`.
pub(crate) fn run(common: &Common, args: &CircuitArgs, out: &Path) -> Result<(), CommandError> {
    if let Some(done) = with_pasta_demo!(args.circuit.as_str(), D => pasta::prove::<D>(common, args, out)) {
        return done;
    }
    let (demo, k) = args.resolve()?;
    let multi_open = args.multi_open;
    let cache = common.cache()?;
    common.limit_library_threads()?;
    // Before anything slow: a kernel choice that this CPU cannot run is known at once.
    let bar = ui::StageBar::new();
    let prover = common.prover(multi_open, Some(bar.clone()))?;

    let (srs, srs_time) = ui::busy("parameters", || Srs::load(&cache, args.srs.as_deref(), k));
    let srs = srs?;
    ui::warn_if_testing(&srs);
    let store = KeyStore::new(&cache, demo, k, &srs);
    let (keys, keys_time) = ui::busy("keys (made once, then kept)", || store.prepared(&prover));
    let PreparedKeys { key: prepared, vk, layout, provenance } = keys?;
    let (witness, witness_time) = ui::busy("witness", || demo.witness_circuit(&layout, args.seed));
    let witness = witness?;

    bar.start();
    let start = std::time::Instant::now();
    // Seeded once: asking the operating system for each word of a polynomial takes as long as a stage.
    let rng = ChaCha20Rng::from_entropy();
    let proof = ConfiguredKey::new(&prepared, &witness.circuit)
        .and_then(|configured| prove(&prover, &configured, &witness, rng));
    let prove_time = start.elapsed();
    let stages = bar.finish();
    let proof = proof?.finalize();

    let (verdict, verify_time) =
        ui::busy("verification", || stock::verify(&srs.params, &vk, multi_open, &witness.instances, &proof));
    verdict.map_err(CommandError::OwnProof)?;

    let path = out.join(format!("{}-k{k}{PROOF_SUFFIX}", demo.name()));
    let file = ProofFile {
        circuit: demo.name().to_owned(),
        k,
        multi_open,
        srs: *srs.digest.as_bytes(),
        instances: witness.instances,
        proof,
    };
    file.write(&path)?;

    let Estimate { expected, smallest, at_most, scratch, .. } = prover.estimate(&prepared, 1);
    let memory = Memory {
        peak_bytes: prover.pool().stats().peak + scratch,
        estimate: expected.unwrap_or(at_most),
        smallest_limit: smallest.unwrap_or(at_most),
    };
    let report = Report {
        circuit: demo.name(),
        k,
        seed: args.seed,
        multi_open: multi_open.to_string(),
        threads: prover.threads(),
        kernels: prover.kernel_report().backend,
        srs: match &srs.origin {
            SrsOrigin::File(path) => Some(path),
            SrsOrigin::Testing => None,
        },
        keys_cached: provenance == Provenance::Cached,
        seconds: Seconds {
            srs: srs_time.as_secs_f64(),
            keys: keys_time.as_secs_f64(),
            witness: witness_time.as_secs_f64(),
            prove: prove_time.as_secs_f64(),
            verify: verify_time.as_secs_f64(),
        },
        stages: stages.iter().map(|(stage, seconds)| (stage.name(), *seconds)).collect(),
        memory,
        proof_bytes: file.proof.len(),
        verified: true,
        file: path,
    };
    if common.json {
        ui::say_json(&report);
    } else {
        print(&report, &stages, file.instances.iter().map(Vec::len).sum());
    }
    Ok(())
}

/// Makes a proof with the engine.
pub(crate) fn prove(
    prover: &Prover,
    key: &ConfiguredKey<&PreparedKey<'_>, DemoCircuit>,
    witness: &Witness,
    rng: impl RngCore,
) -> Result<ProofTranscript, parhelion::Error> {
    let columns: Vec<&[Fr]> = witness.instances.iter().map(Vec::as_slice).collect();
    let mut transcript = ProofTranscript::new();
    prover.prove_configured(
        key,
        std::slice::from_ref(&witness.circuit),
        &[&columns],
        rng,
        &mut transcript,
    )?;
    Ok(transcript)
}

fn print(report: &Report<'_>, stages: &[(parhelion::Stage, f64)], instances: usize) {
    let Report { circuit, k, seed, multi_open, threads, kernels, seconds, .. } = report;
    let time = |seconds: f64| ui::seconds(Duration::from_secs_f64(seconds));
    let line = |name: &str, text: String| ui::say(&format!("{name:<9} {text}"));
    let Memory { peak_bytes, estimate, smallest_limit } = report.memory;
    let bytes = |bytes: usize| ui::bytes(bytes as u64);

    line("circuit", format!("{circuit}, k = {k} ({} rows), seed {seed}", 1u64 << k));
    let srs = report.srs.map_or_else(|| "for testing only".to_owned(), |path| path.display().to_string());
    line("srs", format!("{srs}, {}", time(seconds.srs)));
    let keys = if report.keys_cached { "from the cache" } else { "made and kept for later runs" };
    line("keys", format!("{keys}, {}", time(seconds.keys)));
    line("witness", format!("{instances} public values, {}", time(seconds.witness)));
    let threads = format!("{threads} thread{}", if *threads == 1 { "" } else { "s" });
    line(
        "proof",
        format!(
            "{} bytes, {}; {multi_open}, {kernels} kernels, {threads}",
            report.proof_bytes,
            time(seconds.prove)
        ),
    );
    let stages: Vec<_> = stages.iter().map(|(stage, seconds)| format!("{stage} {seconds:.3}")).collect();
    line("", format!("{} s", stages.join(", ")));
    line(
        "memory",
        format!(
            "{} for the proof ({} estimated; a limit may be {})",
            bytes(peak_bytes),
            bytes(estimate),
            bytes(smallest_limit)
        ),
    );
    line("verified", format!("by the stock verifier, {}", time(seconds.verify)));
    line("written", report.file.display().to_string());
}
