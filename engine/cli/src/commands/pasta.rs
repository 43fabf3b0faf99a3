//! `prove` and `verify` for circuits of `halo2_proofs`.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::plonk::{
    ProvingKey, SingleVerifier, VerifyingKey, create_proof, keygen_pk, keygen_vk, verify_proof,
};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{Blake2bRead, Blake2bWrite, Challenge255, TranscriptWrite};
use parhelion::zcash::PreparedKey;
use parhelion::{Estimate, Prover};
use parhelion_cli::circuits::pasta::PastaDemo;
use parhelion_cli::{PastaProofFile, panic_message};
use rand::RngCore;
use rand::rngs::OsRng;
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;
use serde::Serialize;

use super::PROOF_SUFFIX;
use super::prove::Memory;
use crate::args::{CircuitArgs, Common};
use crate::error::CommandError;
use crate::ui;

/// Does something with the demo of halo2_proofs that has this name; `None` if none has.
macro_rules! with_pasta_demo {
    ($name:expr, $Demo:ident => $work:expr) => {{
        use parhelion_cli::circuits::pasta::{Actions, Chains, PastaDemo};
        match $name {
            <Actions as PastaDemo>::NAME => {
                type $Demo = Actions;
                Some($work)
            }
            <Chains as PastaDemo>::NAME => {
                type $Demo = Chains;
                Some($work)
            }
            _ => None,
        }
    }};
}
pub(crate) use with_pasta_demo;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    circuit: &'a str,
    k: u32,
    circuits: usize,
    seed: u64,
    threads: usize,
    kernels: &'a str,
    seconds: Seconds,
    stages: BTreeMap<&'static str, f64>,
    memory: Memory,
    proof_bytes: usize,
    verified: bool,
    file: PathBuf,
}

#[derive(Serialize)]
struct Seconds {
    params: f64,
    keys: f64,
    witness: f64,
    prepare: f64,
    prove: f64,
    verify: f64,
}

/// Parameters, a verifying key of the library, and circuits to prove.
pub(crate) struct Setting<D: PastaDemo> {
    pub(crate) params: Params<EqAffine>,
    pub(crate) vk: VerifyingKey<EqAffine>,
    pub(crate) keygen_circuit: D::Circuit,
    pub(crate) demo: D,
}

impl<D: PastaDemo> Setting<D> {
    /// Has the library make the verifying key.
    pub(crate) fn new(
        demo: D,
        keygen_circuit: D::Circuit,
        params: Params<EqAffine>,
    ) -> Result<Self, CommandError> {
        let vk = keygen_vk(&params, &keygen_circuit).map_err(CommandError::Pasta)?;
        Ok(Self { params, vk, keygen_circuit, demo })
    }

    /// Randomness for proofs that are compared.
    pub(crate) fn rng(&self, seed: u64) -> ChaCha20Rng {
        ChaCha20Rng::seed_from_u64(seed)
    }

    /// The key of this setting, for the engine, with so many bytes for tables.
    pub(crate) fn key(&self, prover: &Prover, tables: usize) -> Result<PreparedKey<EqAffine>, CommandError> {
        let mut params = prover.prepare_zcash_params(&self.params)?;
        prover.make_tables_zcash(&mut params, tables);
        Ok(prover.prepare_zcash_parallel(&params, &self.vk, &self.keygen_circuit)?)
    }

    /// The library's key.
    pub(crate) fn stock_key(&self) -> Result<ProvingKey<EqAffine>, CommandError> {
        keygen_pk(&self.params, self.vk.clone(), &self.keygen_circuit).map_err(CommandError::Pasta)
    }

    /// Makes a proof with the library.
    pub(crate) fn stock<T: TranscriptWrite<EqAffine, Challenge255<EqAffine>>>(
        &self,
        pk: &ProvingKey<EqAffine>,
        rng: ChaCha20Rng,
        transcript: &mut T,
    ) -> Result<(), CommandError> {
        let circuits = self.demo.circuits();
        with_instances(self.demo.instances(), |instances| {
            create_proof(&self.params, pk, circuits, instances, rng, transcript)
        })
        .map_err(CommandError::Pasta)
    }

    /// Makes a proof with the engine.
    pub(crate) fn prove<T: TranscriptWrite<EqAffine, Challenge255<EqAffine>> + Send>(
        &self,
        prover: &Prover,
        key: &PreparedKey<EqAffine>,
        rng: ChaCha20Rng,
        transcript: &mut T,
    ) -> Result<(), CommandError> {
        let circuits = self.demo.circuits();
        with_instances(self.demo.instances(), |instances| {
            prover.prove_zcash_parallel(key, circuits, instances, rng, transcript)
        })?;
        Ok(())
    }
}

/// Instances as the library wants them.
pub(crate) fn with_instances<T>(instances: &[Vec<Fp>], work: impl FnOnce(&[&[&[Fp]]]) -> T) -> T {
    let columns: Vec<[&[Fp]; 1]> = instances.iter().map(|column| [column.as_slice()]).collect();
    work(&columns.iter().map(|columns| columns.as_slice()).collect::<Vec<_>>())
}

/// The k asked for. Options that only the other dialect has are refused.
pub(crate) fn resolve<D: PastaDemo>(args: &CircuitArgs) -> Result<u32, CommandError> {
    if args.srs.is_some() {
        return Err(CommandError::Option {
            circuit: D::NAME,
            option: "--srs",
            reason: "its parameters are derived by hashing and have no secret",
        });
    }
    Ok(args.k.unwrap_or(D::DEFAULT_K))
}

/// `parhelion prove`.
pub(crate) fn prove<D: PastaDemo>(
    common: &Common,
    args: &CircuitArgs,
    out: &Path,
) -> Result<(), CommandError> {
    let k = resolve::<D>(args)?;
    let (count, seed) = (args.actions, args.seed);
    common.limit_library_threads()?;
    let bar = ui::StageBar::new();
    let prover = common.prover(args.multi_open, Some(bar.clone()))?;

    let (demo, witness_time) = ui::busy("witness", || D::build(k, count, seed));
    let demo = demo?;
    let keygen_circuit = D::keygen_circuit(k)?;
    let (params, params_time) = ui::busy("parameters", || Params::new(k));
    let (vk, keys_time) = ui::busy("verifying key", || keygen_vk(&params, &keygen_circuit));
    let setting = Setting { params, vk: vk.map_err(CommandError::Pasta)?, keygen_circuit, demo };
    let (key, prepare_time) = ui::busy("prepared key", || setting.key(&prover, 0));
    let key = key?;

    let mut random = [0; 32];
    OsRng.fill_bytes(&mut random);
    let mut transcript = Blake2bWrite::<_, EqAffine, Challenge255<_>>::init(Vec::new());
    bar.start();
    let start = Instant::now();
    let made = setting.prove(&prover, &key, ChaCha20Rng::from_seed(random), &mut transcript);
    let prove_time = start.elapsed();
    let stages = bar.finish();
    made?;
    let proof = transcript.finalize();

    let instances = setting.demo.instances().to_vec();
    let (verdict, verify_time) =
        ui::busy("verification", || check_proof(&setting.params, &setting.vk, &instances, &proof));
    verdict.and_then(|()| setting.demo.check(&proof)).map_err(CommandError::OwnPastaProof)?;

    let path = out.join(format!("{}-k{k}{PROOF_SUFFIX}", D::NAME));
    let file = PastaProofFile { circuit: D::NAME.to_owned(), k, instances, proof };
    file.write(&path)?;

    let Estimate { expected, smallest, at_most, scratch, .. } =
        prover.estimate_zcash(&key, file.instances.len());
    let report = Report {
        circuit: D::NAME,
        k,
        circuits: file.instances.len(),
        seed,
        threads: prover.threads(),
        kernels: prover.kernel_report().backend,
        seconds: Seconds {
            params: params_time.as_secs_f64(),
            keys: keys_time.as_secs_f64(),
            witness: witness_time.as_secs_f64(),
            prepare: prepare_time.as_secs_f64(),
            prove: prove_time.as_secs_f64(),
            verify: verify_time.as_secs_f64(),
        },
        stages: stages.iter().map(|(stage, seconds)| (stage.name(), *seconds)).collect(),
        memory: Memory {
            peak_bytes: prover.pool().stats().peak + scratch,
            estimate: expected.unwrap_or(at_most),
            smallest_limit: smallest.unwrap_or(at_most),
        },
        proof_bytes: file.proof.len(),
        verified: true,
        file: path,
    };
    if common.json {
        ui::say_json(&report);
    } else {
        print(&report, &stages);
    }
    Ok(())
}

fn print(report: &Report<'_>, stages: &[(parhelion::Stage, f64)]) {
    let Report { circuit, k, circuits, seed, threads, kernels, seconds, .. } = report;
    let time = |seconds: f64| ui::seconds(Duration::from_secs_f64(seconds));
    let line = |name: &str, text: String| ui::say(&format!("{name:<9} {text}"));
    let bytes = |bytes: usize| ui::bytes(bytes as u64);
    let times = if *circuits == 1 { String::new() } else { format!("{circuits} times ") };
    line("circuit", format!("{times}{circuit}, k = {k} ({} rows), seed {seed}", 1u64 << k));
    line("params", time(seconds.params));
    line("key", format!("{} by the library; prepared in {}", time(seconds.keys), time(seconds.prepare)));
    line("witness", time(seconds.witness));
    let threads = format!("{threads} thread{}", if *threads == 1 { "" } else { "s" });
    line(
        "proof",
        format!("{} bytes, {}; {kernels} kernels, {threads}", report.proof_bytes, time(seconds.prove)),
    );
    let stages: Vec<_> = stages.iter().map(|(stage, seconds)| format!("{stage} {seconds:.3}")).collect();
    line("", format!("{} s", stages.join(", ")));
    let Memory { peak_bytes, estimate, smallest_limit } = report.memory;
    let (peak, estimate, least) = (bytes(peak_bytes), bytes(estimate), bytes(smallest_limit));
    line("memory", format!("{peak} for the proof ({estimate} estimated; a limit may be {least})"));
    line("verified", format!("by the stock verifier, {}", time(seconds.verify)));
    line("written", report.file.display().to_string());
}

/// Has the library check a proof, all of it.
pub(crate) fn check_proof(
    params: &Params<EqAffine>,
    vk: &VerifyingKey<EqAffine>,
    instances: &[Vec<Fp>],
    proof: &[u8],
) -> Result<(), String> {
    let mut rest = proof;
    let mut transcript = Blake2bRead::<_, EqAffine, Challenge255<_>>::init(&mut rest);
    let strategy = SingleVerifier::new(params);
    let verdict = catch_unwind(AssertUnwindSafe(|| {
        with_instances(instances, |instances| verify_proof(params, vk, strategy, instances, &mut transcript))
    }));
    verdict
        .map_err(|panic| format!("the verifier gave up on this proof: {}", panic_message(&*panic)))?
        .map_err(|error| format!("the proof is not valid: {error}"))?;
    match rest.len() {
        0 => Ok(()),
        more => Err(format!("expected the proof to end after {} bytes, got {more} more", proof.len() - more)),
    }
}

/// `parhelion verify`, for one file. Whatever is wrong with it is a reason not to accept it.
pub(crate) fn verify<D: PastaDemo>(file: &PastaProofFile) -> Result<f64, String> {
    let keygen_circuit = D::keygen_circuit(file.k).map_err(|error| error.to_string())?;
    let lengths: Vec<usize> = file.instances.iter().map(Vec::len).collect();
    if lengths.is_empty() || lengths.iter().any(|len| *len != D::INSTANCE_LEN) {
        return Err(format!("expected {} public values of each circuit, got {lengths:?}", D::INSTANCE_LEN));
    }
    let (params, _) = ui::busy("parameters", || Params::new(file.k));
    let (vk, _) = ui::busy("verifying key", || keygen_vk(&params, &keygen_circuit));
    let vk = vk.map_err(|error| error.to_string())?;
    let (verdict, time) =
        ui::busy("verification", || check_proof(&params, &vk, &file.instances, &file.proof));
    verdict.map(|()| time.as_secs_f64())
}
