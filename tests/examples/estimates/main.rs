//! What a proof was estimated to take and what it took, for twelve circuits of different shapes.
//!
//!     cargo run --release -p parhelion-tests --example estimates -- [options]
//!
//! | | |
//! |---|---|
//! | `--threads N` | of the prover, 2 unless told |
//! | `--limit BYTES` | the prover's memory limit |
//! | `--smallest` | a limit as small as a rehearsal says that it may be |
//! | `--only N` | one shape, by its number in the table |
//! | `--cache DIR` | where the SRS is kept; else the command line's cache |
//! | `--stages` | also the most that was seen in each stage |
//! | `--json` | one JSON object for each shape instead of the table |
//!
//! Each proof is made in a process of its own, after a small one that brings the program's pages into
//! memory. Resident memory is what the proof adds to keys, SRS and circuits. Stages and the sum of
//! leases and heap are found by looking several times in a millisecond, so that short peaks may be
//! missed; the other peaks are counted.

mod measure;
mod shapes;

use std::env;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use measure::Measured;

parhelion_allocators::install!(static HEAP = system);

const USAGE: &str = "usage: estimates [--threads N] [--limit BYTES | --smallest] [--only N] [--cache DIR] [--stages] [--json]";

#[derive(Clone, Debug)]
struct Options {
    threads: usize,
    limit: Option<usize>,
    smallest: bool,
    only: Option<usize>,
    cache: Option<PathBuf>,
    stages: bool,
    json: bool,
    /// This process is to measure the shape of this number.
    child: Option<usize>,
}

impl Options {
    fn parse(mut words: impl Iterator<Item = String>) -> Option<Self> {
        let cache = env::var_os("PARHELION_CACHE").map(PathBuf::from);
        let (threads, limit, only, child) = (2, None, None, None);
        let mut options =
            Self { threads, limit, smallest: false, only, cache, stages: false, json: false, child };
        while let Some(word) = words.next() {
            match word.as_str() {
                "--smallest" => options.smallest = true,
                "--stages" => options.stages = true,
                "--json" => options.json = true,
                "--cache" => options.cache = Some(words.next()?.into()),
                "--threads" => options.threads = words.next()?.parse().ok().filter(|threads| *threads > 0)?,
                "--limit" => options.limit = Some(words.next()?.parse().ok()?),
                "--only" => options.only = Some(words.next()?.parse().ok()?),
                "--child" => options.child = Some(words.next()?.parse().ok()?),
                _ => return None,
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::parse(env::args().skip(1)) else {
        eprintln!("{USAGE}");
        return ExitCode::from(2);
    };
    let shapes = shapes::shapes();
    if let Some(child) = options.child {
        let measured = measure::measure(&shapes[child], &options);
        println!("{}", serde_json::to_string(&measured).expect("plain numbers"));
        return ExitCode::SUCCESS;
    }
    if !options.json {
        println!("Threads: {}. All in MiB; resident memory is what the proof adds to it.\n", options.threads);
        println!(
            "| | shape | k | at least | smallest | expected | at most | leases, scratch | error | heap | resident | error |"
        );
        println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    }
    let mut failed = false;
    for number in (0..shapes.len()).filter(|number| options.only.is_none_or(|only| only == *number)) {
        match spawn(number) {
            Some(text) if options.json => println!("{text}"),
            Some(text) => print(number, &serde_json::from_str(&text).expect("our own"), options.stages),
            None => {
                eprintln!("shape {number}, {}: failed", shapes[number].name);
                failed = true;
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Measures one shape in a child process, which gets all the words of this one.
fn spawn(number: usize) -> Option<String> {
    let output = Command::new(env::current_exe().ok()?)
        .args(env::args().skip(1))
        .args(["--child", &number.to_string()])
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn print(number: usize, measured: &Measured, stages: bool) {
    let mib = |bytes: usize| format!("{:.2}", bytes as f64 / f64::from(1 << 20));
    let error = |peak: usize| format!("{:+.1}%", 100. * (measured.expected as f64 / peak as f64 - 1.));
    let Measured { name, k, at_least, at_most, expected, smallest, scratch, leases, heap, resident, .. } =
        measured;
    let estimates = [at_least, smallest, expected, at_most].map(|bytes| mib(*bytes)).join(" | ");
    let counted = leases + scratch;
    println!(
        "| {number} | {name} | {k} | {estimates} | {} | {} | {} | {} | {} |",
        mib(counted),
        error(counted),
        mib(*heap),
        mib(*resident),
        error(*resident)
    );
    if stages {
        for (stage, [leases, heap]) in &measured.stages {
            println!("|   | - {stage} | | | | | | {} | | {} | | |", mib(leases + scratch), mib(*heap));
        }
    }
}
