//! `parhelion bench`: the engine against the stock prover.

pub(crate) mod child;
mod keygen;
mod pasta;
mod report;

use std::env;
use std::process::{Command, Stdio};

use parhelion_cli::store::{KeyStore, Srs};

use self::child::{Comparison, Measured};
use self::report::Report;
use crate::args::{BenchArgs, Common, Side};
use crate::commands::pasta::with_pasta_demo;
use crate::error::CommandError;
use crate::ui;

pub(crate) fn run(common: &Common, args: &BenchArgs) -> Result<(), CommandError> {
    if let Some(done) = with_pasta_demo!(args.circuit.circuit.as_str(), D => pasta::run::<D>(common, args)) {
        return done;
    }
    let (demo, k) = args.circuit.resolve()?;
    let cache = common.cache()?;
    common.limit_library_threads()?;
    let prover = common.prover(args.circuit.multi_open, None)?;

    // Made here, so that every child finds them in the cache.
    let (srs, _) = ui::busy("parameters", || Srs::load(&cache, args.circuit.srs.as_deref(), k));
    let srs = srs?;
    ui::warn_if_testing(&srs);
    if args.keygen {
        let kernels = prover.kernel_report().backend;
        drop((srs, prover));
        return keygen::run(common, args, demo.name(), k, kernels);
    }
    let (keys, _) =
        ui::busy("keys (made once, then kept)", || KeyStore::new(&cache, demo, k, &srs).proving(&prover));
    let kernels = prover.kernel_report().backend;
    // The children need the memory more.
    drop((keys?, srs, prover));

    let (mut stock, mut ours) = (Vec::new(), Vec::new());
    for _ in 0..args.runs {
        stock.push(measure::<Measured>(common, args, k, Side::Stock)?);
        ours.push(measure::<Measured>(common, args, k, Side::Parhelion)?);
    }
    let (comparison, _) =
        ui::busy("comparison of bytes", || spawn::<Comparison>(common, args, k, Side::Oracle));

    let report = Report::new(args, demo.name(), k, common.threads(), kernels, &stock, &ours, comparison?);
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

fn measure<R: serde::de::DeserializeOwned>(
    common: &Common,
    args: &BenchArgs,
    k: u32,
    side: Side,
) -> Result<R, CommandError> {
    let message = match side {
        Side::Stock | Side::StockKeygen => "stock prover",
        Side::Parhelion | Side::ParhelionKeygen | Side::Oracle => "parhelion",
    };
    ui::busy(message, || spawn(common, args, k, side)).0
}

/// Runs one child process and reads what it reports.
fn spawn<R: serde::de::DeserializeOwned>(
    common: &Common,
    args: &BenchArgs,
    k: u32,
    side: Side,
) -> Result<R, CommandError> {
    let name = match side {
        Side::Stock => "stock",
        Side::Parhelion => "parhelion",
        Side::Oracle => "oracle",
        Side::StockKeygen => "stock-keygen",
        Side::ParhelionKeygen => "parhelion-keygen",
    };
    let fail = |reason: String| CommandError::Child { side: name.to_owned(), reason };
    let threads = common.threads().to_string();
    let mut command = Command::new(env::current_exe().map_err(|error| fail(error.to_string()))?);
    command
        .args(["bench-child", "--side", name])
        .args(["--circuit", &args.circuit.circuit, "--k", &k.to_string()])
        .args(["--seed", &args.circuit.seed.to_string()])
        .args(["--actions", &args.circuit.actions.to_string()])
        .args(["--multi-open", &args.circuit.multi_open.to_string()])
        .args(["--threads", &threads, "--kernels", &common.kernels().to_string()])
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
