//! `parhelion profile`: where the time goes, for the engine and the stock prover side by side.

mod account;
mod args;
pub(crate) mod child;
mod classify;
mod clocks;
mod files;
mod graph;
mod paths;
mod plots;
mod recorded;
mod report;
mod sampler;
mod simulate;
mod simulation;
mod subject;
mod symbols;
mod timeline;
mod transcript;

pub(crate) use args::{ChildArgs, HELP, ProfileArgs};

use std::env;
use std::mem::take;
use std::process::{Command, Stdio};

use parhelion_cli::circuits::pasta::PastaDemo;
use parhelion_cli::store::{KeyStore, Srs};
use serde::de::DeserializeOwned;

use self::args::Side;
use self::child::Sampled;
use self::files::OutDir;
use self::report::Summary;
use crate::args::{CircuitArgs, Common};
use crate::commands::pasta::{self, with_pasta_demo};
use crate::error::CommandError;
use crate::ui;

pub(crate) fn run(common: &Common, args: &ProfileArgs) -> Result<(), CommandError> {
    let name = args.circuit.circuit.as_str();
    if let Some(found) = with_pasta_demo!(name, D => pasta_circuit::<D>(&args.circuit)) {
        let (title, k) = found?;
        return profile(common, args, &OutDir::open(&args.out)?, title, k);
    }
    let (demo, k) = args.circuit.resolve()?;
    let out = OutDir::open(&args.out)?;
    let cache = common.cache()?;
    common.limit_library_threads()?;
    let prover = common.prover(args.circuit.multi_open, None)?;

    // Made here, so that every child finds them in the cache.
    let (srs, _) = ui::busy("parameters", || Srs::load(&cache, args.circuit.srs.as_deref(), k));
    let srs = srs?;
    ui::warn_if_testing(&srs);
    let (keys, _) =
        ui::busy("keys (made once, then kept)", || KeyStore::new(&cache, demo, k, &srs).proving(&prover));
    drop((keys?, srs, prover));
    profile(common, args, &out, demo.name().to_owned(), k)
}

/// What reports call circuits of `halo2_proofs`, and their k. What cannot be is refused here rather than in a child.
fn pasta_circuit<D: PastaDemo>(args: &CircuitArgs) -> Result<(String, u32), CommandError> {
    let k = pasta::resolve::<D>(args)?;
    D::keygen_circuit(k)?;
    let title = match args.actions {
        1 => D::NAME.to_owned(),
        count => format!("{count} times {}", D::NAME),
    };
    Ok((title, k))
}

/// Measures both sides in child processes, and reports.
fn profile(
    common: &Common,
    args: &ProfileArgs,
    out: &OutDir,
    circuit: String,
    k: u32,
) -> Result<(), CommandError> {
    let kernels = common.prover(args.circuit.multi_open, None)?.kernel_report().backend.to_owned();

    let child = |message, side| ui::busy(message, || spawn::<Sampled>(common, args, k, side)).0;
    let mut stock = (!args.no_stock).then(|| child("stock prover", Side::Stock)).transpose()?;
    let mut ours = child("parhelion", Side::Parhelion)?;
    let (simulation, _) = ui::busy("simulation", || spawn(common, args, k, Side::Graph));
    let simulation = simulation?;

    let mut files = Vec::new();
    let recorded = ours.timeline.take();
    if let Some(recorded) = &recorded {
        files.push(out.write("timeline.json", &recorded.trace.to_string())?);
    }
    for (name, sampled) in [("flamegraph.svg", Some(&mut ours)), ("flamegraph-stock.svg", stock.as_mut())] {
        let Some(sampled) = sampled else { continue };
        files.push(out.write(name, &take(&mut sampled.flamegraph))?);
    }
    let mut summary = Summary {
        circuit,
        k,
        threads: common.threads(),
        kernels,
        multi_open: args.circuit.multi_open.to_string(),
        allocator: crate::ALLOCATOR.name(),
        frequency: args.sampling.frequency,
        stock: stock.map(report::Side::new),
        parhelion: report::Side::new(ours),
        workers_seconds: recorded.as_ref().map_or(0.0, |recorded| recorded.seconds),
        overwritten: recorded.as_ref().map_or(0, |recorded| recorded.overwritten),
        workers: recorded.map(|recorded| recorded.stages).unwrap_or_default(),
        steal_cost: args.sampling.steal_cost,
        simulation,
        files,
    };
    let page = summary.page().map_err(|error| CommandError::Report(error.to_string()))?;
    summary.files.push(out.write("report.html", &page)?);
    if common.json {
        ui::say_json(&summary);
    } else {
        summary.print();
    }
    Ok(())
}

/// Runs one child process and reads what it reports.
fn spawn<R: DeserializeOwned>(
    common: &Common,
    args: &ProfileArgs,
    k: u32,
    side: Side,
) -> Result<R, CommandError> {
    let fail = |reason: String| CommandError::Child { side: side.name().to_owned(), reason };
    // Tasks are recorded on one thread, so that they do not disturb each other.
    let threads = if side == Side::Graph { 1 } else { common.threads() }.to_string();
    let sampling = &args.sampling;
    let workers: Vec<String> = sampling.workers.iter().map(u32::to_string).collect();
    let mut command = Command::new(env::current_exe().map_err(|error| fail(error.to_string()))?);
    command
        .args(["profile-child", "--side", side.name()])
        .arg("--workers")
        .args(&workers)
        .args(["--circuit", &args.circuit.circuit, "--k", &k.to_string()])
        .args(["--seed", &args.circuit.seed.to_string()])
        .args(["--actions", &args.circuit.actions.to_string()])
        .args(["--multi-open", &args.circuit.multi_open.to_string()])
        .args(["--threads", &threads, "--kernels", &common.kernels().to_string()])
        .args(["--frequency", &sampling.frequency.to_string()])
        .args(["--seconds", &sampling.seconds.to_string()])
        .args(["--steal-cost", &sampling.steal_cost.to_string()])
        .env("RAYON_NUM_THREADS", &threads)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some(limit) = &common.memory_limit {
        command.args(["--memory-limit", &limit.as_u64().to_string()]);
    }
    if let Some(srs) = &args.circuit.srs {
        command.arg("--srs").arg(srs);
    }
    if let Some(dir) = &common.cache_dir {
        command.arg("--cache-dir").arg(dir);
    }
    let output = command.output().map_err(|error| fail(error.to_string()))?;
    if !output.status.success() {
        return Err(fail(output.status.to_string()));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| fail(format!("its report is not readable: {error}")))
}
