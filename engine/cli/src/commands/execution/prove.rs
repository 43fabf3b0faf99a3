//! `parhelion prove PROGRAM.so`: from a program and its input to proofs in a folder.

use std::time::{Duration, Instant};

use parhelion_cli::proc;
use parhelion_sbpf::{
    Choice, ExecutionTrace, KeygenConfig, VerifiedExecution, prove_execution_chunked_auto, verify_execution,
};
use serde::Serialize;

use super::folder::Folder;
use super::progress::{Progress, Row, Summary};
use super::source::Source;
use super::srs::CachedSrs;
use super::{LOOKUP_BITS, MAX_K};
use crate::args::{Common, ProveArgs};
use crate::error::CommandError;
use crate::ui;

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    program: &'a str,
    folder: String,
    value: u64,
    /// Instructions executed.
    instructions: u64,
    /// What was proven: instructions, those of the code of syscalls included.
    steps: u64,
    k: u32,
    chunk_size: u64,
    chunks_at_once: usize,
    threads: usize,
    chunks: &'a [Row],
    seconds: Seconds,
    /// Of the chunks of this run.
    steps_per_second: f64,
    peak_bytes: Option<u64>,
    accounts: Vec<String>,
    verified: bool,
}

#[derive(Serialize)]
struct Seconds {
    execute: f64,
    keys: f64,
    prove: f64,
    verify: f64,
    total: f64,
}

/// Everything that a report is made of.
struct Run<'a> {
    source: &'a Source,
    trace: &'a ExecutionTrace,
    folder: &'a Folder,
    summary: &'a Summary,
    choice: Choice,
    rows: &'a [Row],
    verified: &'a VerifiedExecution,
    execute: Duration,
    verify: Duration,
    total: Duration,
}

pub(crate) fn run(common: &Common, args: &ProveArgs) -> Result<(), CommandError> {
    let begin = Instant::now();
    let source = Source::load(&args.program)?;
    let cache = common.cache()?;
    common.limit_library_threads()?;
    let (trace, execute) = ui::busy("execution", || source.run());
    let trace = trace?;
    // What cannot be proven leaves nothing behind.
    trace.provable_steps(&source.program).map_err(CommandError::Prove)?;
    let folder = Folder::new(args.out.clone().unwrap_or_else(|| args.out().join(&source.name)));
    folder.begin(&source, args.fresh)?;
    if args.srs.is_none() {
        ui::warn_of_testing_parameters();
    }

    let progress = Progress::new();
    let srs = CachedSrs::new(cache.clone(), args.srs.clone());
    let mut config = common
        .chunks(KeygenConfig::new(args.k.unwrap_or(MAX_K), cache.path(), LOOKUP_BITS))
        .with_folder(folder.path())
        .with_srs(parhelion_sbpf::Srs::Source(srs.clone()))
        .with_observer(progress.clone());
    if let Some(steps) = args.chunk_size {
        config = config.with_chunk_size(steps);
    }
    if let Some(chunks) = args.chunks_at_once {
        config = config.with_chunks_at_once(chunks.into());
    }
    let proof = prove_execution_chunked_auto(&source.program, &trace, &config);
    let summary = progress.finish();
    let proof = proof.map_err(|error| CommandError::prove(error, &folder))?;
    if let Some(digest) = srs.digest() {
        folder.note_srs(&digest)?;
    }

    let (verified, verify) =
        ui::busy("verification", || verify_execution(&source.program, &source.input, &proof, &config));
    let verified = verified.map_err(CommandError::OwnExecution)?;
    let run = Run {
        source: &source,
        trace: &trace,
        folder: &folder,
        choice: summary.choice.ok_or(CommandError::NothingToExecute)?,
        rows: &summary.rows(&proof.chunks),
        summary: &summary,
        verified: &verified,
        execute,
        verify,
        total: begin.elapsed(),
    };
    if common.json {
        ui::say_json(&run.report())
    } else {
        run.print()
    }
    Ok(())
}

impl Run<'_> {
    fn steps_per_second(&self) -> f64 {
        let seconds = self.summary.proving.as_secs_f64();
        if seconds > 0.0 { self.summary.steps() as f64 / seconds } else { 0.0 }
    }

    /// The system's own count lags a little: what a chunk has seen is taken, too.
    fn peak_bytes(&self) -> Option<u64> {
        let chunks = self.rows.iter().filter_map(|row| row.peak_bytes);
        chunks.chain(proc::peak_resident()).max()
    }

    fn accounts(&self) -> Vec<String> {
        super::accounts(&self.source.input, &self.verified.output)
    }

    fn report(&self) -> Report<'_> {
        Report {
            program: &self.source.name,
            folder: self.folder.path().display().to_string(),
            value: self.verified.value,
            instructions: self.trace.outcome().steps,
            steps: self.verified.steps,
            k: self.choice.k,
            chunk_size: self.choice.chunk_size,
            chunks_at_once: self.choice.at_once,
            threads: self.choice.threads,
            chunks: self.rows,
            seconds: Seconds {
                execute: self.execute.as_secs_f64(),
                keys: self.summary.keys.as_secs_f64(),
                prove: self.summary.proving.as_secs_f64(),
                verify: self.verify.as_secs_f64(),
                total: self.total.as_secs_f64(),
            },
            steps_per_second: self.steps_per_second(),
            peak_bytes: self.peak_bytes(),
            accounts: self.accounts(),
            verified: true,
        }
    }

    fn print(&self) {
        let line = |name: &str, text: &str| ui::say(&format!("{name:<9} {text}"));
        line("program", &super::program(self.source));
        line("input", &super::input(&self.source.input));
        line("outcome", &super::outcome(self.trace));
        self.trace.outcome().logs.iter().for_each(|log| line("log", &log.to_string()));
        self.accounts().iter().for_each(|account| line("", account));
        line("plan", &self.choice.to_string());
        line("keys", &ui::seconds(self.summary.keys));

        ui::say("");
        ui::say(&format!("{:>9} {:>10} {:>10} {:>14}", "chunk", "steps", "seconds", "peak memory"));
        for row in self.rows {
            let seconds = row.seconds.map_or_else(|| "kept".to_owned(), |seconds| format!("{seconds:.3}"));
            let peak = row.peak_bytes.map_or_else(String::new, ui::bytes);
            ui::say(&format!("{:>9} {:>10} {seconds:>10} {peak:>14}", row.index, row.steps));
        }
        let peak = self.peak_bytes().map_or_else(String::new, ui::bytes);
        let proving = self.summary.proving.as_secs_f64();
        ui::say(&format!("{:>9} {:>10} {proving:>10.3} {peak:>14}", "total", self.verified.steps));
        ui::say("");

        if self.summary.steps() > 0 {
            line("speed", &format!("{:.0} steps per second", self.steps_per_second()));
        }
        line("verified", &format!("every proof and every link, {}", ui::seconds(self.verify)));
        line("written", &self.folder.path().display().to_string());
    }
}
