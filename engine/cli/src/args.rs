//! The command line.

use std::path::PathBuf;
use std::sync::Arc;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand, ValueEnum};
use parhelion::{KernelChoice, MultiOpen, Observer, Pin, Prover};
use parhelion_cli::circuits::{self, Demo};
use parhelion_cli::store::CacheDir;
use parhelion_scheduler::{RayonExecutor, Sequential, available_threads};

use crate::commands::profile;
use crate::error::CommandError;

/// More threads than any machine has by far; a typing error rather than a wish.
const MAX_THREADS: i64 = 4096;

#[derive(Debug, Parser)]
#[command(
    name = "parhelion",
    version,
    about = "Prove halo2 circuits with the Parhelion engine, verify the proofs, compare with the stock prover",
    after_help = "Examples:
  parhelion prove --circuit pairing --k 15
  parhelion verify parhelion-out
  parhelion bench --circuit poseidon --k 14 --runs 5 --threads 2 --json
  parhelion profile --circuit pairing --k 15 --out profile
  parhelion doctor

Keys and testing parameters are made on first use and kept in the cache directory (--cache-dir).
Exit codes: 0 success, 1 failure (a proof that is not valid included), 2 wrong usage."
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Args)]
pub(crate) struct Common {
    /// Threads to use [default: all that the system grants]
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=MAX_THREADS))]
    threads: Option<u32>,
    /// What runs the engine's work
    #[arg(long, global = true, value_name = "NAME", default_value_t, value_enum)]
    executor: ExecutorChoice,
    /// CPUs to bind the engine's threads to: physical, logical, none or a list such as 0,2,4-7 [default: physical
    /// cores if there is a thread for each, otherwise none]
    #[arg(long, global = true, value_name = "CPUS")]
    pin: Option<Pin>,
    /// Field kernels: auto, scalar, avx2 or avx512ifma; one this CPU cannot run is an error
    #[arg(long, global = true, value_name = "NAME", default_value_t = KernelChoice::Auto)]
    kernels: KernelChoice,
    /// The most memory a proof may take besides keys, SRS and circuit, such as 512MiB or 2GB
    #[arg(long, global = true, value_name = "SIZE")]
    pub(crate) memory_limit: Option<ByteSize>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Where keys and parameters are kept [default: the user's cache directory]
    #[arg(long, global = true, value_name = "DIR", env = "PARHELION_CACHE")]
    pub(crate) cache_dir: Option<PathBuf>,
}

/// What runs the engine's work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExecutorChoice {
    /// The engine's own work-stealing pool
    #[default]
    Stealing,
    /// A rayon pool
    Rayon,
    /// One thread, whatever --threads says
    Sequential,
}

impl ExecutorChoice {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stealing => "stealing",
            Self::Rayon => "rayon",
            Self::Sequential => "sequential",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prove a demo circuit, check the proof and write it to a file
    #[command(after_help = "Examples:
  parhelion prove --circuit pairing --k 15
  parhelion prove --circuit plonk --k 12 --seed 7 --multi-open gwc --out proofs
  parhelion prove --circuit poseidon --srs powers-of-tau-17.params")]
    Prove(ProveArgs),
    /// Check proofs with the stock verifier
    #[command(
        after_help = "The verifying key is made from the circuit's name and the SRS, never taken from the file.

Examples:
  parhelion verify parhelion-out
  parhelion verify parhelion-out/pairing-k15.proof.json --srs powers-of-tau-17.params"
    )]
    Verify(VerifyArgs),
    /// Compare the engine with the stock prover on the same circuit, keys and threads
    #[command(after_help = BENCH_HELP)]
    Bench(BenchArgs),
    /// One side of a comparison; started by `bench`
    #[command(hide = true)]
    BenchChild(BenchChildArgs),
    /// Show where the time goes: flame graphs, a timeline of the workers, a report
    #[command(after_help = profile::HELP)]
    Profile(profile::ProfileArgs),
    /// One side of a profile; started by `profile`
    #[command(hide = true)]
    ProfileChild(profile::ChildArgs),
    /// Show what this machine has and what the engine makes of it
    Doctor,
}

const BENCH_HELP: &str =
    "Stock and ours run in alternating child processes, which load the keys from the cache, build the
circuit value, and then time create_proof alone. Both run with the same allocator, number of threads
and witness; the stock prover runs with its assembly field arithmetic where there is one. Each child
makes two proofs: the first one (cold) counts, the second (warm) is reported apart. All proofs are
checked with the stock verifier, and one more child compares all bytes with the stock prover's.

peak_bytes is the high-water mark of resident memory during the proof, keys and circuit included,
base_bytes what was resident before it; minor_faults and allocations (calls for heap memory) are
those of the proof. These are medians over the runs. speedup is stock divided by ours, memory_ratio ours divided by stock.

process_peak_bytes is the high-water mark of the whole process: loading SRS and keys, building the
circuit and both proofs. The stock prover loads the library's key; ours reads the same file column by
column into its compact form. system_share is the part of a proof's CPU time that the kernel took.

With --limits the engine proves without a limit and under N of them, evenly from what a proof takes
without one to the smallest that it can do with, as a rehearsal of the circuit tells; one at which no
proof is possible is reported with the error.

With --keygen the children time keygen_vk and keygen_pk, one after the other, and nothing is read
from the cache but the SRS. Both functions synthesise the circuit once: the seconds its own code takes
for that, measured apart, are the same on both sides, and are reported as synthesis.

Examples:
  parhelion bench --circuit pairing --k 15 --runs 3
  parhelion bench --circuit plonk --k 16 --threads 1 --json
  parhelion bench --circuit pairing --k 15 --limits 6 --json
  parhelion bench --keygen --circuit pairing --k 15";

/// Which circuit, and how it is proven.
#[derive(Debug, Clone, Args)]
pub(crate) struct CircuitArgs {
    /// The demo circuit: plonk, poseidon or pairing
    #[arg(long, value_name = "NAME")]
    pub(crate) circuit: String,
    /// log2 of the number of rows [default: depends on the circuit]
    #[arg(long, value_name = "K")]
    pub(crate) k: Option<u32>,
    /// Decides the witness
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// SRS file in the library's raw format [default: parameters for testing only]
    #[arg(long, value_name = "FILE")]
    pub(crate) srs: Option<PathBuf>,
    /// How commitments are opened: shplonk or gwc
    #[arg(long, value_name = "SCHEME", default_value_t)]
    pub(crate) multi_open: MultiOpen,
}

#[derive(Debug, Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) circuit: CircuitArgs,
    /// Directory for the proof file
    #[arg(long, value_name = "DIR", default_value = "parhelion-out")]
    pub(crate) out: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A proof file, or a directory with proof files
    #[arg(value_name = "DIR|FILE")]
    pub(crate) path: PathBuf,
    /// The SRS file the proof was made under [default: parameters for testing only]
    #[arg(long, value_name = "FILE")]
    pub(crate) srs: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BenchArgs {
    #[command(flatten)]
    pub(crate) circuit: CircuitArgs,
    /// Compare key generation instead of proving
    #[arg(long)]
    pub(crate) keygen: bool,
    /// Leave out the comparison of bytes with the stock prover's
    #[arg(long)]
    pub(crate) quick: bool,
    /// Prove under so many memory limits, from what a proof takes down to the smallest
    #[arg(long, value_name = "N", conflicts_with = "keygen", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) limits: Option<u32>,
    /// Child processes on each side
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) runs: u32,
}

#[derive(Debug, Args)]
pub(crate) struct BenchChildArgs {
    #[command(flatten)]
    pub(crate) circuit: CircuitArgs,
    /// Which prover runs
    #[arg(long)]
    pub(crate) side: Side,
}

/// What a child process of `bench` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Side {
    /// Times the library's prover.
    Stock,
    /// Times the engine.
    Parhelion,
    /// Compares the bytes of both.
    Oracle,
    /// Times the library's key generation.
    StockKeygen,
    /// Times the engine's key generation.
    ParhelionKeygen,
}

impl CircuitArgs {
    /// The circuit and its k, both checked.
    pub(crate) fn resolve(&self) -> Result<(&'static dyn Demo, u32), CommandError> {
        let demo = circuits::find(&self.circuit)?;
        let k = self.k.unwrap_or_else(|| demo.default_k());
        circuits::check_k(demo, k)?;
        Ok((demo, k))
    }
}

impl Common {
    pub(crate) fn threads(&self) -> usize {
        match (self.executor, self.threads) {
            (ExecutorChoice::Sequential, _) => 1,
            (_, Some(threads)) => threads as usize,
            (_, None) => available_threads(),
        }
    }

    /// Arguments that make another process of this program choose the same threads.
    pub(crate) fn thread_arguments(&self) -> Vec<String> {
        let threads = self.threads().to_string();
        let mut arguments =
            vec!["--threads".into(), threads, "--executor".into(), self.executor.name().into()];
        arguments.extend(self.pin.iter().flat_map(|pin| ["--pin".into(), pin.to_string()]));
        arguments
    }

    pub(crate) fn kernels(&self) -> KernelChoice {
        self.kernels
    }

    /// The memory limit in bytes.
    pub(crate) fn limit(&self) -> Option<u64> {
        self.memory_limit.map(|limit| limit.as_u64())
    }

    /// The library's own parallel code (parameters, verifier) runs on as many threads as ours.
    pub(crate) fn limit_library_threads(&self) -> Result<(), CommandError> {
        let threads = self.threads();
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build_global()
            .map_err(|error| CommandError::Threads { threads, reason: error.to_string() })
    }

    pub(crate) fn prover(
        &self,
        multi_open: MultiOpen,
        observer: Option<Arc<dyn Observer>>,
    ) -> Result<Prover, CommandError> {
        let builder = Prover::builder().kernels(self.kernels).threads(self.threads()).multi_open(multi_open);
        let builder = match (self.executor, &self.pin) {
            (ExecutorChoice::Stealing, None) => builder,
            (ExecutorChoice::Stealing, Some(pin)) => builder.pin(pin.clone()),
            (ExecutorChoice::Rayon, pin) => {
                let pin = pin.as_ref().unwrap_or(&Pin::None);
                let pool = RayonExecutor::pinned(self.threads(), pin).map_err(parhelion::Error::from)?;
                builder.executor(Arc::new(pool))
            }
            (ExecutorChoice::Sequential, _) => builder.executor(Arc::new(Sequential)),
        };
        let builder = match observer {
            Some(observer) => builder.observer(observer),
            None => builder,
        };
        let builder = match self.memory_limit {
            Some(limit) => builder.memory_limit(usize::try_from(limit.as_u64()).unwrap_or(usize::MAX)),
            None => builder,
        };
        Ok(builder.build()?)
    }

    pub(crate) fn cache(&self) -> Result<CacheDir, CommandError> {
        Ok(CacheDir::open(self.cache_dir.as_deref())?)
    }
}
