//! `parhelion bench` for circuits of `halo2_proofs`: the engine against that library's prover.

use std::io;
use std::time::Instant;

use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::plonk::keygen_vk;
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{Blake2bWrite, Challenge255, Transcript, TranscriptWrite};
use parhelion::Estimate;
use parhelion_cli::circuits::pasta::PastaDemo;
use parhelion_cli::proc;
use parhelion_cli::stock::Sections;
use serde::{Deserialize, Serialize};

use super::child::{Comparison, Measured, Outcome, PoolUse, Timed, digest, time_proofs};
use super::report::{Report, Spread, median};
use super::{compare, measure, prove};
use crate::args::{BenchArgs, BenchChildArgs, Common, Side};
use crate::commands::pasta::{Setting, check_proof, resolve};
use crate::error::CommandError;
use crate::{ALLOCATOR, ui};

/// Alternates child processes of both sides, and reports.
pub(super) fn run<D: PastaDemo>(common: &Common, args: &BenchArgs) -> Result<(), CommandError> {
    let k = resolve::<D>(&args.circuit)?;
    // Refused here rather than in a child.
    D::keygen_circuit(k)?;
    let kernels = common.prover(args.circuit.multi_open, None)?.kernel_report().backend;
    if args.limits.is_some() {
        let reason = "its proofs are small; a limit is given by --memory-limit";
        return Err(CommandError::Option { circuit: D::NAME, option: "--limits", reason });
    }
    if args.keygen {
        return run_keygen::<D>(common, args, k, kernels);
    }
    let (mut stock, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        stock.push(prove(common, args, k, Side::Stock)?);
        ours.push(prove(common, args, k, Side::Parhelion)?);
    }
    let comparison = match args.quick {
        true => None,
        false => Some(compare(common, args, k)?),
    };
    let name = match args.circuit.actions {
        1 => D::NAME.to_owned(),
        count => format!("{count} times {}", D::NAME),
    };
    let report = Report::new(args, &name, k, common.threads(), kernels, &stock, &ours, comparison);
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

/// One side of the comparison.
pub(super) fn child<D: PastaDemo>(common: &Common, args: &BenchChildArgs) -> Result<(), CommandError> {
    let (seed, count, k) = (args.circuit.seed, args.circuit.actions, resolve::<D>(&args.circuit)?);
    common.limit_library_threads()?;
    let prover = common.prover(args.circuit.multi_open, None)?;
    let start = Instant::now();
    let demo = D::build(k, count, seed)?;
    let build_seconds = start.elapsed().as_secs_f64();

    let keygen_circuit = D::keygen_circuit(k)?;
    let params = Params::new(k);
    let start = Instant::now();
    reset_peak();
    let vk = keygen_vk(&params, &keygen_circuit).map_err(CommandError::Pasta)?;
    let vk_seconds = start.elapsed().as_secs_f64();
    let vk_peak = proc::peak_resident();
    let setting = Setting::<D> { params, vk, keygen_circuit, demo };

    let start = Instant::now();
    reset_peak();
    let cost = |start: Instant| KeygenCost {
        vk_seconds,
        seconds: start.elapsed().as_secs_f64(),
        peak_bytes: proc::peak_resident().max(vk_peak),
    };
    let rng = || setting.rng(seed);
    match args.side {
        Side::StockKeygen => {
            setting.stock_key()?;
            ui::say_json(&cost(start));
        }
        Side::ParhelionKeygen => {
            setting.key(&prover, 0)?;
            ui::say_json(&cost(start));
        }
        Side::Stock => {
            let pk = setting.stock_key()?;
            let load_seconds = start.elapsed().as_secs_f64();
            let measured = setting.measure(|transcript| setting.stock(&pk, rng(), transcript))?;
            let measured = Measured { load_seconds, build_seconds, ..measured };
            ui::say_json(&Outcome::Measured(measured.into()));
        }
        Side::Parhelion => {
            let key = setting.key(&prover, args.tables())?;
            let load_seconds = start.elapsed().as_secs_f64();
            let measured = setting.measure(|transcript| setting.prove(&prover, &key, rng(), transcript))?;
            let Estimate { expected, smallest, at_least, at_most, scratch, .. } =
                prover.estimate_zcash(&key, setting.demo.circuits().len());
            let stats = prover.pool().stats();
            let (peak, peak_mapped) = (stats.peak + scratch, stats.peak_mapped);
            let pool = Some(PoolUse { expected, smallest, at_least, at_most, peak, peak_mapped });
            let measured = Measured { load_seconds, build_seconds, pool, ..measured };
            ui::say_json(&Outcome::Measured(measured.into()));
        }
        Side::Oracle => {
            let (mut theirs, mut ours) = (TimedTranscript::new(), TimedTranscript::new());
            setting.stock(&setting.stock_key()?, rng(), &mut theirs)?;
            setting.prove(&prover, &setting.key(&prover, args.tables())?, rng(), &mut ours)?;
            let (theirs, ours) = (theirs.finalize(), ours.finalize());
            let same = ours.iter().zip(&theirs).take_while(|(a, b)| a == b).count();
            let same_bytes = ours == theirs;
            ui::say_json(&Comparison { same_bytes, first_difference: (!same_bytes).then_some(same) });
        }
    }
    Ok(())
}

/// What was used before is no part of what comes.
fn reset_peak() {
    ALLOCATOR.trim();
    proc::reset_peak_resident();
}

impl<D: PastaDemo> Setting<D> {
    /// Times proofs, and has the library and the application verify them.
    fn measure(
        &self,
        prove: impl Fn(&mut TimedTranscript) -> Result<(), CommandError>,
    ) -> Result<Measured, CommandError> {
        let Timed { proofs, outputs, start_peak_bytes } = time_proofs(
            || {
                let mut transcript = TimedTranscript::new();
                prove(&mut transcript)?;
                Ok(transcript)
            },
            TimedTranscript::sections,
        )?;
        let outputs: Vec<Vec<u8>> = outputs.into_iter().map(TimedTranscript::finalize).collect();
        let digest = digest(&outputs);
        let mut measured = Measured { proofs, start_peak_bytes, digest, ..Measured::default() };
        for proof in outputs {
            measured.proof_bytes = proof.len();
            let start = Instant::now();
            check_proof(&self.params, &self.vk, self.demo.instances(), &proof)
                .map_err(CommandError::OwnPastaProof)?;
            measured.verify_seconds = start.elapsed().as_secs_f64();
            self.demo.check(&proof).map_err(CommandError::OwnPastaProof)?;
        }
        Ok(measured)
    }
}

/// The library's Blake2b transcript, which notes when challenges are squeezed.
struct TimedTranscript {
    library: Blake2bWrite<Vec<u8>, EqAffine, Challenge255<EqAffine>>,
    start: Instant,
    challenges: Vec<Instant>,
}

impl TimedTranscript {
    fn new() -> Self {
        Self { library: Blake2bWrite::init(Vec::new()), start: Instant::now(), challenges: Vec::new() }
    }

    fn finalize(self) -> Vec<u8> {
        self.library.finalize()
    }

    fn sections(&self, end: Instant) -> Sections {
        Sections::between(self.start, &self.challenges, end).unwrap_or_default()
    }
}

impl Transcript<EqAffine, Challenge255<EqAffine>> for TimedTranscript {
    fn squeeze_challenge(&mut self) -> Challenge255<EqAffine> {
        self.challenges.push(Instant::now());
        self.library.squeeze_challenge()
    }

    fn common_point(&mut self, point: EqAffine) -> io::Result<()> {
        self.library.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fp) -> io::Result<()> {
        self.library.common_scalar(scalar)
    }
}

impl TranscriptWrite<EqAffine, Challenge255<EqAffine>> for TimedTranscript {
    fn write_point(&mut self, point: EqAffine) -> io::Result<()> {
        self.library.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fp) -> io::Result<()> {
        self.library.write_scalar(scalar)
    }
}

/// What a child process of `--keygen` reports.
#[derive(Debug, Serialize, Deserialize)]
struct KeygenCost {
    /// Of the library's `keygen_vk`, which both sides begin with.
    vk_seconds: f64,
    /// Of what follows: the library's `keygen_pk`, or our preparation of parameters and key.
    seconds: f64,
    /// High-water mark of resident memory.
    peak_bytes: Option<u64>,
}

/// The JSON object.
#[derive(Debug, Serialize)]
struct KeygenReport<'a> {
    circuit: &'a str,
    k: u32,
    threads: usize,
    kernels: &'a str,
    runs: u32,
    allocator: &'static str,
    /// Median seconds of the library's `keygen_vk`.
    keygen_vk: f64,
    /// The library's `keygen_pk`.
    stock: Spread,
    /// `prepare_zcash_params` and `prepare_zcash`.
    parhelion: Spread,
    /// Median seconds, stock / ours, of what makes a key to prove with out of a verifying key.
    speedup: f64,
    /// `keygen_vk` and `keygen_pk` / ours, which generates and checks all that is in both.
    speedup_of_both: f64,
    memory_ratio: Option<f64>,
}

fn run_keygen<D: PastaDemo>(
    common: &Common,
    args: &BenchArgs,
    k: u32,
    kernels: &str,
) -> Result<(), CommandError> {
    let (mut stock, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        stock.push(measure::<KeygenCost>(common, args, k, Side::StockKeygen, None)?);
        ours.push(measure::<KeygenCost>(common, args, k, Side::ParhelionKeygen, None)?);
    }
    let peak = |costs: &[KeygenCost]| {
        let peaks: Option<Vec<f64>> =
            costs.iter().map(|cost| cost.peak_bytes.map(|bytes| bytes as f64)).collect();
        peaks.map(median)
    };
    let keygen_vk = median(stock.iter().chain(&ours).map(|cost| cost.vk_seconds).collect());
    let memory_ratio = peak(&ours).zip(peak(&stock)).map(|(ours, stock)| ours / stock);
    let seconds = |costs: Vec<KeygenCost>| Spread::of(costs.iter().map(|cost| cost.seconds).collect());
    let (stock, parhelion) = (seconds(stock), seconds(ours));
    let report = KeygenReport {
        circuit: D::NAME,
        k,
        threads: common.threads(),
        kernels,
        runs: args.runs,
        allocator: ALLOCATOR.name(),
        keygen_vk,
        speedup: stock.median / parhelion.median,
        speedup_of_both: (keygen_vk + stock.median) / parhelion.median,
        memory_ratio,
        stock,
        parhelion,
    };
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

impl KeygenReport<'_> {
    fn print(&self) {
        let Self { circuit, k, threads, kernels, runs, allocator, .. } = self;
        ui::say(&format!(
            "keys of {circuit}, k = {k}, {threads} threads, {kernels} kernels, {allocator} allocator, {runs} runs"
        ));
        ui::say(&format!("{:<28} {:>9} {:>9} {:>9}", "", "median s", "min s", "max s"));
        ui::say(&format!("{:<28} {:>9.3}", "keygen_vk, on both sides", self.keygen_vk));
        let rows = [("then stock's keygen_pk", &self.stock), ("or parhelion's preparation", &self.parhelion)];
        for (name, Spread { median, min, max }) in rows {
            ui::say(&format!("{name:<28} {median:>9.3} {min:>9.3} {max:>9.3}"));
        }
        ui::say(&format!(
            "speedup {:.2}, with keygen_vk on the stock side {:.2}, stock / ours; memory ratio {}",
            self.speedup,
            self.speedup_of_both,
            self.memory_ratio.map_or_else(|| "unknown".to_owned(), |ratio| format!("{ratio:.2}"))
        ));
    }
}
