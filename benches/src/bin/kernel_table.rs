//! Measures our kernels beside their peers, in turn, and keeps the ratios.
//!
//!     kernel_table measure --cpu NAME GROUP[/FILTER]...   times contests and adds them to the record
//!     kernel_table render --cpu NAME                       prints the record, writes the pictures of the docs

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
    /// Prints the records as tables, and draws `docs/src/kernels-THREADS.svg`.
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

fn render(cpu: &str) -> Result<()> {
    for threads in [1, 2, 4, 8, 16, 32, 64] {
        let path = Record::path(cpu, threads);
        if !path.exists() {
            continue;
        }
        let record = Record::read(&path)?;
        println!("## {} kernels, threads: {threads}\n", record.backend);
        println!("{}\n{}", table::goals(&record), table::record(&record));
        let picture = plot::ratios(&record, &["products", "ntt", "msm", "inversion"])?;
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src");
        fs::write(docs.join(format!("kernels-{threads}.svg")), picture)?;
    }
    Ok(())
}
