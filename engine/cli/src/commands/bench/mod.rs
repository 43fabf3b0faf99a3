//! `parhelion bench`: the engine against the stock prover.

pub(crate) mod child;
mod keygen;
mod limits;
mod pasta;
mod report;

use std::env;
use std::process::{Command, Stdio};

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion_cli::store::{KeyStore, Srs};

use self::child::{Comparison, Measured, Outcome, Refused};
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
        ui::busy("keys (made once, then kept)", || KeyStore::new(&cache, demo, k, &srs).prepared(&prover));
    let keys = keys?;
    let kernels = prover.kernel_report().backend;
    let estimate = match args.limits {
        Some(_) => {
            let witness = demo.witness_circuit(&keys.layout, args.circuit.seed)?;
            let columns: Vec<&[Fr]> = witness.instances.iter().map(Vec::as_slice).collect();
            prover.rehearse(&keys.key, std::slice::from_ref(&witness.circuit), &[&columns])?
        }
        None => prover.estimate(&keys.key, 1),
    };
    // The children need the memory more.
    drop((keys, srs, prover));
    if let Some(steps) = args.limits {
        return limits::run(common, args, demo.name(), k, kernels, estimate, steps);
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
    let report = Report::new(args, demo.name(), k, common.threads(), kernels, &stock, &ours, comparison);
    if common.json {
        ui::say_json(&report);
    } else {
        report.print();
    }
    Ok(())
}

/// Compares all bytes with the stock prover's, in a child process.
fn compare(common: &Common, args: &BenchArgs, k: u32) -> Result<Comparison, CommandError> {
    ui::busy("comparison of bytes", || spawn(common, args, k, Side::Oracle, common.limit())).0
}

/// Proofs in a child process, which must be possible.
fn prove(common: &Common, args: &BenchArgs, k: u32, side: Side) -> Result<Measured, CommandError> {
    match measure(common, args, k, side, common.limit())? {
        Outcome::Measured(measured) => Ok(*measured),
        Outcome::Refused(Refused { refused, .. }) => {
            Err(CommandError::Child { side: "parhelion".to_owned(), reason: refused })
        }
    }
}

fn measure<R: serde::de::DeserializeOwned>(
    common: &Common,
    args: &BenchArgs,
    k: u32,
    side: Side,
    limit: Option<u64>,
) -> Result<R, CommandError> {
    let message = match side {
        Side::Stock | Side::StockKeygen => "stock prover",
        Side::Parhelion | Side::ParhelionKeygen | Side::Oracle => "parhelion",
    };
    ui::busy(message, || spawn(common, args, k, side, limit)).0
}

/// Runs one child process and reads what it reports.
fn spawn<R: serde::de::DeserializeOwned>(
    common: &Common,
    args: &BenchArgs,
    k: u32,
    side: Side,
    limit: Option<u64>,
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
        .args(common.thread_arguments())
        .args(["--kernels", &common.kernels().to_string()])
        .env("RAYON_NUM_THREADS", &threads)
        .stdin(Stdio::null())
        .stderr(Stdio::inherit());
    if let Some(limit) = limit {
        command.args(["--memory-limit", &limit.to_string()]);
    }
    if let Some(tables) = &args.tables {
        command.args(["--tables", &tables.as_u64().to_string()]);
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
