//! Proofs of the engine and of the stock prover with every allocator and under memory limits.
//!
//!     memory_table build                  the command line with every allocator, under `target/memory`
//!     memory_table matrix --cpu NAME      times proofs with all of them, adds to the record
//!     memory_table limits --cpu NAME      the same under memory limits
//!     memory_table render --cpu NAME      puts the record into the docs
//!
//! Without `--circuit NAME:K` this is done for `pairing:15` and `poseidon:14`.

mod plot;
mod record;
mod table;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use clap::{Args, Parser, Subcommand, ValueEnum};
use record::{Limits, Record, Report};
use serde::de::DeserializeOwned;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Measures memory and time of whole proofs, and renders what was measured.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Builds the command line with every allocator.
    Build,
    /// Compares the engine and the stock prover with each allocator.
    Matrix {
        #[command(flatten)]
        proofs: Proofs,
        /// Only these; all unless told.
        #[arg(long = "allocator", value_name = "NAME")]
        allocators: Vec<Allocator>,
    },
    /// Proves under a range of memory limits, with the system's allocator.
    Limits {
        #[command(flatten)]
        proofs: Proofs,
        /// How many limits.
        #[arg(long, default_value_t = 6)]
        steps: u32,
    },
    /// Puts the record of a CPU into `docs/src/memory-benchmarks.md`, with pictures beside it.
    Render {
        /// The folder of the record.
        #[arg(long)]
        cpu: String,
    },
}

#[derive(Debug, Args)]
struct Proofs {
    /// The folder of the record.
    #[arg(long)]
    cpu: String,
    /// A demo circuit and log2 of its rows; may be given several times.
    #[arg(long = "circuit", value_name = "NAME:K", default_values = ["pairing:15", "poseidon:14"])]
    circuits: Vec<String>,
    #[arg(long, default_value_t = 2)]
    threads: u32,
    /// Child processes on each side.
    #[arg(long, default_value_t = 1)]
    runs: u32,
}

/// The global allocators that the command line can be built with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Allocator {
    System,
    Mimalloc,
    Jemalloc,
    Snmalloc,
}

const ALLOCATORS: [Allocator; 4] =
    [Allocator::System, Allocator::Mimalloc, Allocator::Jemalloc, Allocator::Snmalloc];

impl Allocator {
    fn name(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Mimalloc => "mimalloc",
            Self::Jemalloc => "jemalloc",
            Self::Snmalloc => "snmalloc",
        }
    }

    /// Builds the command line with this allocator.
    fn build(self) -> Result<()> {
        let root = root();
        let mut cargo = Command::new(env!("CARGO"));
        cargo.current_dir(&root).args(["build", "--release", "--locked", "-p", "parhelion-cli"]);
        if self != Self::System {
            cargo.args(["--features", self.name()]);
        }
        if !cargo.status()?.success() {
            return Err(format!("the command line cannot be built with {}", self.name()).into());
        }
        fs::create_dir_all(target().join("memory"))?;
        // Under a name of its own: the next allocator's build replaces the original.
        fs::copy(target().join("release/parhelion"), self.program())?;
        Ok(())
    }

    /// Where the command line with this allocator is.
    fn program(self) -> PathBuf {
        target().join(format!("memory/parhelion-{}", self.name()))
    }
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

fn main() -> Result<()> {
    match Arguments::parse().task {
        Task::Build => ALLOCATORS.into_iter().try_for_each(Allocator::build),
        Task::Matrix { proofs, allocators } => matrix(&proofs, &allocators),
        Task::Limits { proofs, steps } => limits(&proofs, steps),
        Task::Render { cpu } => render(&cpu),
    }
}

fn matrix(proofs: &Proofs, allocators: &[Allocator]) -> Result<()> {
    let allocators = if allocators.is_empty() { &ALLOCATORS[..] } else { allocators };
    for circuit in &proofs.circuits {
        for allocator in allocators {
            let report: Report = proofs.bench(circuit, &allocator.program(), &["--quick"])?;
            if report.allocator != allocator.name() {
                let (got, expected) = (report.allocator, allocator.name());
                return Err(format!("the command line runs with {got}, not {expected}").into());
            }
            let mut record = Record::read(&proofs.cpu)?;
            record.put(report)?;
            record.write(&proofs.cpu)?;
        }
    }
    Ok(())
}

fn limits(proofs: &Proofs, steps: u32) -> Result<()> {
    for circuit in &proofs.circuits {
        let words = ["--limits", &steps.to_string()];
        let limits: Limits = proofs.bench(circuit, &Allocator::System.program(), &words)?;
        if !limits.same_bytes {
            return Err(format!("{circuit}: other bytes under one limit than under another").into());
        }
        let mut record = Record::read(&proofs.cpu)?;
        record.put_limits(limits);
        record.write(&proofs.cpu)?;
    }
    Ok(())
}

impl Proofs {
    /// Runs `bench` on a circuit and reads what it reports.
    fn bench<R: DeserializeOwned>(&self, circuit: &str, program: &Path, words: &[&str]) -> Result<R> {
        let (name, k) = circuit.split_once(':').ok_or_else(|| format!("{circuit}: expected NAME:K"))?;
        let output = Command::new(program)
            .args(["bench", "--json", "--circuit", name, "--k", k])
            .args(["--threads", &self.threads.to_string(), "--runs", &self.runs.to_string()])
            .args(words)
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| format!("{}: {error}: run the task \"build\" first", program.display()))?;
        if !output.status.success() {
            return Err(format!("{}: {}", program.display(), output.status).into());
        }
        Ok(serde_json::from_slice(&output.stdout)?)
    }
}

/// What is between these lines of the page comes from the record.
const MARKS: [&str; 2] = ["<!-- records: memory_table render -->\n", "<!-- end of records -->\n"];

fn render(cpu: &str) -> Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src");
    let record = Record::read(cpu)?;
    let mut text = String::new();
    for proofs in record.circuits() {
        let (circuit, k) = (&proofs[0].circuit, proofs[0].k);
        let picture = format!("memory-{circuit}-k{k}.svg");
        fs::write(docs.join(&picture), plot::matrix(&proofs)?)?;
        text += &format!("\n## {circuit}, k = {k}: allocators\n\n");
        text += &format!("![Peaks and times with each allocator]({picture})\n\n{}", table::matrix(&proofs));
    }
    for limits in &record.limits {
        let (circuit, k) = (&limits.circuit, limits.k);
        let picture = format!("limits-{circuit}-k{k}.svg");
        fs::write(docs.join(&picture), plot::limits(limits)?)?;
        text += &format!("\n## {circuit}, k = {k}: time against memory limit\n\n");
        text += &format!("![Time against memory limit]({picture})\n\n{}", table::limits(limits));
    }
    text += "\n";
    let page = docs.join("memory-benchmarks.md");
    let old = fs::read_to_string(&page)?;
    let parts =
        old.split_once(MARKS[0]).and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{}: the marks are missing", page.display()))?;
    Ok(fs::write(&page, [before, MARKS[0], &text, MARKS[1], after].concat())?)
}
