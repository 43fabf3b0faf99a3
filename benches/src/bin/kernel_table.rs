//! Measures our kernels beside their peers, in turn, and keeps the ratios.
//!
//!     kernel_table measure --cpu NAME GROUP[/FILTER]...   times contests and adds them to the record
//!     kernel_table render --cpu NAME                       puts the records into the docs

use std::fs;
use std::path::Path;

use clap::{Parser, Subcommand};
use parhelion_benches::cases::GROUPS;
use parhelion_benches::record::{Group, Record};
use parhelion_benches::{Result, plot, setup, table};

/// Measures kernels beside their peers and renders what was measured.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Times contests and adds them to `record/CPU/kernels-THREADS.json`.
    Measure {
        /// The folder of the record.
        #[arg(long)]
        cpu: String,
        /// Groups (products, ntt, msm, inversion, limits); with /TEXT only contests with that in their names.
        #[arg(required = true)]
        groups: Vec<String>,
    },
    /// Puts the records of a CPU into `docs/src/kernel-benchmarks.md`, with pictures beside it.
    Render {
        /// The folder of the records.
        #[arg(long)]
        cpu: String,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Measure { cpu, groups } => setup::run(|| measure(&cpu, &groups)),
        Command::Render { cpu } => render(&cpu),
    }
}

fn measure(cpu: &str, groups: &[String]) -> Result<()> {
    let threads = setup::threads()?;
    let path = Record::path(cpu, threads);
    let mut record = if path.exists() { Record::read(&path)? } else { Record::new(threads)? };
    let backend = Record::new(threads)?.backend;
    if backend != record.backend {
        return Err(format!("{}: {} kernels, not {backend}", path.display(), record.backend).into());
    }
    for wanted in groups {
        let (name, filter) = wanted.split_once('/').unwrap_or((wanted, ""));
        let found = GROUPS.iter().find(|(group, _)| *group == name);
        let (_, contests) = found.ok_or_else(|| {
            format!("no group {name:?}: expected one of {}", GROUPS.map(|(group, _)| group).join(", "))
        })?;
        let mut contests = contests();
        contests.retain(|contest| contest.name.contains(filter));
        let group = Group::measure(name, &contests, |outcome| {
            let others = outcome.others.iter().map(|other| format!("{} {:.2}", other.name, other.ratio));
            let others = others.collect::<Vec<_>>().join(", ");
            eprintln!("{name}: {}: {:.2} ns; {others}", outcome.name, outcome.median_ns);
        })?;
        record.put(group);
        record.write(&path)?;
    }
    Ok(())
}

/// What is between these lines of the page comes from records.
const MARKS: [&str; 2] = ["<!-- records: kernel_table render -->\n", "<!-- end of records -->\n"];

/// Numbers of threads that records are looked for.
const THREADS: std::ops::RangeInclusive<usize> = 1..=256;

fn render(cpu: &str) -> Result<()> {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src");
    let mut text = String::new();
    for path in THREADS.map(|threads| Record::path(cpu, threads)).filter(|path| path.exists()) {
        let record = Record::read(&path)?;
        let picture = format!("kernels-{}.svg", record.threads);
        fs::write(docs.join(&picture), plot::goals(&record)?)?;
        text += &format!("\n## {cpu}, {} kernels, threads: {}\n\n", record.backend, record.threads);
        text += &format!("![Times of others as multiples of ours]({picture})\n\n");
        text += &format!("{}\n{}\n", table::goals(&record), table::record(&record));
    }
    let page = docs.join("kernel-benchmarks.md");
    let old = fs::read_to_string(&page)?;
    let parts =
        old.split_once(MARKS[0]).and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{}: the marks are missing", page.display()))?;
    Ok(fs::write(&page, [before, MARKS[0], &text, MARKS[1], after].concat())?)
}
