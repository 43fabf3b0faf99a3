//! `parhelion execute`: what a program does, and its trace.

use std::fs;
use std::path::Path;

use parhelion_sbpf::ExecutionTrace;
use serde::Serialize;

use super::source::Source;
use crate::args::{Common, ExecuteArgs};
use crate::error::CommandError;
use crate::ui;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    program: &'a str,
    version: String,
    value: u64,
    steps: u64,
    /// What a proof has: the code of syscalls is counted, too.
    provable_steps: Option<u64>,
    /// Why there can be none.
    not_provable: Option<String>,
    compute_units: u64,
    logs: Vec<String>,
    seconds: f64,
    accounts: Vec<String>,
    trace: Option<&'a Path>,
    output: Option<&'a Path>,
}

pub(crate) fn run(common: &Common, args: &ExecuteArgs) -> Result<(), CommandError> {
    let source = Source::load(&args.program)?;
    let (trace, time) = ui::busy("execution", || source.run());
    let trace = trace?;
    let output = trace.output();
    if let Some(path) = &args.trace {
        trace.save(path)?;
    }
    if let Some(path) = &args.output {
        fs::write(path, &output).map_err(|source| CommandError::Io { path: path.clone(), source })?;
    }
    let outcome = trace.outcome();
    let provable = trace.provable_steps(&source.program);
    let report = Report {
        program: &source.name,
        version: format!("{:?}", source.program.version()),
        value: outcome.value,
        steps: outcome.steps,
        provable_steps: provable.as_ref().ok().copied(),
        not_provable: provable.err().map(|error| error.to_string()),
        compute_units: outcome.compute_units,
        logs: outcome.logs.iter().map(ToString::to_string).collect(),
        seconds: time.as_secs_f64(),
        accounts: super::accounts(&source.input, &output),
        trace: args.trace.as_deref(),
        output: args.output.as_deref(),
    };
    if common.json {
        ui::say_json(&report)
    } else {
        print(&report, &source, &trace)
    }
    Ok(())
}

fn print(report: &Report<'_>, source: &Source, trace: &ExecutionTrace) {
    let line = |name: &str, text: &str| ui::say(&format!("{name:<9} {text}"));
    line("program", &super::program(source));
    line("input", &super::input(&source.input));
    line("outcome", &super::outcome(trace));
    match (report.provable_steps, &report.not_provable) {
        (Some(steps), _) => line("provable", &format!("yes, in {steps} steps")),
        (None, reason) => line("provable", &format!("no: {}", reason.as_deref().unwrap_or_default())),
    }
    report.logs.iter().for_each(|log| line("log", log));
    report.accounts.iter().for_each(|account| line("", account));
    for (name, path) in [("trace", report.trace), ("output", report.output)] {
        if let Some(path) = path {
            line(name, &path.display().to_string());
        }
    }
}
