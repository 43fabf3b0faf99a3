//! Measures our scheduler beside its peers, in turn, and keeps the ratios.
//!
//!     scheduler_table measure --cpu NAME GROUP[/FILTER]...   times contests and adds them to the record
//!     scheduler_table render --cpu NAME                       puts the records into the docs
//!
//! `PARHELION_BENCH_THREADS` says how many threads all pools have, 1 if it is not set. The group `proofs` takes
//! its keys from the cache that `PARHELION_CACHE` names.

use std::fs;
use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};
use parhelion_benches::cases::pools::{joins, loops, skewed_trees};
use parhelion_benches::contest::Contest;
use parhelion_benches::pools::Pools;
use parhelion_benches::pools::break_even::{Pace, smallest_loops};
use parhelion_benches::pools::proofs::proofs;
use parhelion_benches::record::{Group, Machine, Outcome, Record};
use parhelion_benches::{Result, setup, table};

/// Measures the scheduler beside its peers and renders what was measured.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Times contests and adds them to `record/CPU/scheduler-THREADS.json`.
    Measure {
        /// The folder of the record.
        #[arg(long)]
        cpu: String,
        /// Groups (joins, loops, trees, break-even, proofs); with /TEXT only contests with that in their names.
        #[arg(required = true)]
        groups: Vec<String>,
    },
    /// Puts the records of a CPU into `docs/src/scheduler-benchmarks.md`.
    Render {
        /// The folder of the records.
        #[arg(long)]
        cpu: String,
    },
}

fn main() -> Result<()> {
    match Arguments::parse().command {
        Command::Measure { cpu, groups } => measure(&cpu, &groups),
        Command::Render { cpu } => render(&cpu),
    }
}

fn path(cpu: &str, threads: usize) -> PathBuf {
    Record::path(cpu, threads).with_file_name(format!("scheduler-{threads}.json"))
}

/// Makes the contests of a group for some number of threads.
type Contests = fn(usize) -> Vec<Contest>;

const GROUPS: [(&str, Contests); 4] =
    [("joins", joins), ("loops", loops), ("trees", skewed_trees), ("proofs", proofs)];

const BREAK_EVEN: &str = "break-even";

fn measure(cpu: &str, groups: &[String]) -> Result<()> {
    let threads = setup::threads()?;
    let path = path(cpu, threads);
    let mut record = if path.exists() { Record::read(&path)? } else { Record::new(threads)? };
    for wanted in groups {
        let (name, filter) = wanted.split_once('/').unwrap_or((wanted, ""));
        let tell = |outcome: &Outcome| {
            let others = outcome.others.iter().map(|other| format!("{} {:.2}", other.name, other.ratio));
            let others = others.collect::<Vec<_>>().join(", ");
            eprintln!("{name}: {}: {:.2} ns; {others}", outcome.name, outcome.median_ns);
        };
        let group = if name == BREAK_EVEN {
            break_even(threads, filter, tell)?
        } else {
            let found = GROUPS.iter().find(|(group, _)| *group == name);
            let (_, contests) = found.ok_or_else(|| {
                let known = GROUPS.map(|(group, _)| group).join(", ");
                format!("no group {name:?}: expected one of {known}, {BREAK_EVEN}")
            })?;
            let mut contests = contests(threads);
            contests.retain(|contest| contest.name.contains(filter));
            Group::measure(name, &contests, tell)?
        };
        record.put(group);
        record.write(&path)?;
    }
    Ok(())
}

/// The smallest loops that gain from the threads: not timings of the same work, but of the work itself.
fn break_even(threads: usize, filter: &str, tell: impl Fn(&Outcome)) -> Result<Group> {
    let machine = Machine::measure();
    let mut contests = Vec::new();
    for (pools, how) in [(Pools::pinned(threads)?, "pinned"), (Pools::new(threads)?, "not pinned")] {
        for pace in [Pace::BackToBack, Pace::Cold] {
            let name = format!("smallest loop that gains, {}, {how}", pace.name());
            if name.contains(filter) {
                let outcome = Outcome::of(name, 1, &smallest_loops(&pools, pace))?;
                tell(&outcome);
                contests.push(outcome);
            }
        }
    }
    Ok(Group { name: BREAK_EVEN.to_owned(), machine, contests })
}

/// What is between these lines of the page comes from records.
const MARKS: [&str; 2] = ["<!-- records: scheduler_table render -->\n", "<!-- end of records -->\n"];

fn render(cpu: &str) -> Result<()> {
    let mut text = String::new();
    for path in (1..=256).map(|threads| path(cpu, threads)).filter(|path| path.exists()) {
        let record = Record::read(&path)?;
        text += &format!("\n## {cpu}, {} kernels, threads: {}\n\n", record.backend, record.threads);
        text += &format!("{}\n{}\n", table::goals(&record), table::record(&record));
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/scheduler-benchmarks.md");
    let old = fs::read_to_string(&page)?;
    let parts =
        old.split_once(MARKS[0]).and_then(|(before, rest)| Some((before, rest.split_once(MARKS[1])?.1)));
    let (before, after) = parts.ok_or_else(|| format!("{}: the marks are missing", page.display()))?;
    Ok(fs::write(&page, [before, MARKS[0], &text, MARKS[1], after].concat())?)
}
