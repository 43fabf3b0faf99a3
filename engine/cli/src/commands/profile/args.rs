//! What `profile` is asked for.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::args::CircuitArgs;

/// `--help` of `profile`, below the options.
pub(crate) const HELP: &str = "DIR gets flamegraph.svg and flamegraph-stock.svg, timeline.json (one proof of the engine, every worker and
stage a track; open it in https://ui.perfetto.dev or chrome://tracing), and report.html, which splits
the time of all threads into memory, field arithmetic, synchronisation and other, by section, for the
stock prover and the engine, and says how the engine would do on more workers. That part is a simulation.

The two provers run in child processes of their own, one after the other, as in `bench`. Each makes one
proof that is not sampled, then sampled ones. All are checked with the stock verifier.
Files of an earlier run are replaced, each as a whole.

Examples:
  parhelion profile --circuit pairing --k 15 --out profile
  parhelion profile --circuit poseidon --k 14 --threads 1 --out profile --json
  parhelion profile --circuit orchard --actions 4 --threads 2 --out profile
  parhelion profile --circuit pairing --k 18 --no-stock --workers 16,64 --out profile";

#[derive(Debug, Args)]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) circuit: CircuitArgs,
    /// Directory for the results; made if there is none
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// Leave the stock prover out, which takes several times as long
    #[arg(long)]
    pub(super) no_stock: bool,
    #[command(flatten)]
    pub(super) sampling: Sampling,
}

/// How much is measured, and what is simulated.
#[derive(Clone, Debug, Args)]
pub(super) struct Sampling {
    /// Samples per second of CPU time
    #[arg(long, value_name = "HZ", default_value_t = 199, value_parser = clap::value_parser!(i32).range(1..=1000))]
    pub(super) frequency: i32,
    /// Sample proofs for so long, but at least one
    #[arg(long, value_name = "S", default_value_t = 10.0, value_parser = seconds)]
    pub(super) seconds: f64,
    /// Numbers of workers to simulate; none for no simulation
    #[arg(long, value_name = "N,..", value_delimiter = ',', num_args = 0.., default_values_t = [1, 2, 4, 8, 16, 32, 64],
          value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub(super) workers: Vec<u32>,
    /// Nanoseconds by which a stolen task begins late in the simulation
    #[arg(long, value_name = "NS", default_value_t = 5000)]
    pub(super) steal_cost: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ChildArgs {
    #[command(flatten)]
    pub(super) circuit: CircuitArgs,
    #[command(flatten)]
    pub(super) sampling: Sampling,
    /// What to do
    #[arg(long)]
    pub(super) side: Side,
}

/// What a child process of `profile` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Side {
    /// Samples the library's prover.
    Stock,
    /// Samples the engine, and records its workers.
    Parhelion,
    /// Records the engine's tasks on one thread, and replays them.
    Graph,
}

impl Side {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Stock => "stock",
            Self::Parhelion => "parhelion",
            Self::Graph => "graph",
        }
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(seconds) if (0.0..=3600.0).contains(&seconds) => Ok(seconds),
        _ => Err("expected seconds from 0 to 3600".to_owned()),
    }
}
