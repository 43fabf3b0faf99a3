//! The command line.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytesize::ByteSize;
use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use parhelion::{KernelChoice, MultiOpen, Observer, Pin, Prover};
use parhelion_cli::circuits::{self, Demo};
use parhelion_cli::store::CacheDir;
use parhelion_sbpf::{ChunkExecutor, ExecutionConfig, KeygenConfig};
use parhelion_scheduler::{RayonExecutor, Sequential, available_threads};

use crate::commands::profile;
use crate::error::CommandError;

/// More threads than any machine has by far; a typing error rather than a wish.
const MAX_THREADS: i64 = 4096;

#[derive(Debug, Parser)]
#[command(
    name = "parhelion",
    version,
    about = "Prove Solana programs and halo2 circuits, verify the proofs, compare with the stock prover",
    after_help = "Examples:
  parhelion prove --demo token-transfer
  parhelion verify parhelion-out/token-transfer
  parhelion prove program.so --input input.bin --out proven
  parhelion prove --circuit pairing --k 15
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
    /// The most memory a proof may take besides keys, SRS and circuit, such as 512MiB or 2GB; for a program, the most
    /// that everything may take together
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
    /// Prove the execution of a Solana program, or a demo circuit; check the proofs and keep them
    #[command(after_help = PROVE_HELP)]
    Prove(ProveArgs),
    /// Check proofs of executions and of demo circuits
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyArgs),
    /// Execute a Solana program without proving it, and say what it did
    #[command(after_help = "Examples:
  parhelion execute --demo token-2022-transfer
  parhelion execute program.so --input input.bin --trace run.trace --output after.bin")]
    Execute(ExecuteArgs),
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

const PROVE_HELP: &str =
    "A program is an ELF file of SBPF V0 (V3 is executed only), its input the bytes of its input region. Its execution is cut
into chunks, which are proven on all threads and kept in --out as they finish: the same command goes
on where a run was stopped. Chunk size and chunks at once follow from the length of
the execution, --threads and --memory-limit, unless --chunk-size and --chunks-at-once say otherwise.

Examples:
  parhelion prove --demo token-transfer
  parhelion prove program.so --input input.bin --out proven --memory-limit 1GiB
  parhelion prove --circuit pairing --k 15
  parhelion prove --circuit plonk --k 12 --seed 7 --multi-open gwc --out proofs
  parhelion prove --circuit poseidon --srs powers-of-tau-17.params";

const VERIFY_HELP: &str =
    "The verifying key is made from the circuit and the SRS, never taken from a file. Of an execution, program and
input are those in its folder unless given: their hashes are printed, and what is proven is about them.

Examples:
  parhelion verify parhelion-out/token-transfer
  parhelion verify proven --program program.so --output after.bin
  parhelion verify parhelion-out
  parhelion verify parhelion-out/pairing-k15.proof.json --srs powers-of-tau-17.params";

const BENCH_HELP: &str =
    "Stock and ours run in alternating child processes, which build the circuit value, load the
keys from the cache, and then time create_proof alone. Both run with the same allocator, number of threads
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

The circuits of halo2_proofs run against that library, and nothing is cached. With --keygen their
children time keygen_pk on one side and the engine's preparation of parameters and key on the other;
both sides begin with keygen_vk. There are no --limits for them.

With --keygen the other children time keygen_vk and keygen_pk, one after the other, and nothing is read
from the cache but the SRS. Both functions synthesise the circuit once: the seconds its own code takes
for that, measured apart, are the same on both sides, and are reported as synthesis. Building and packing
the circuit comes before, and is in neither.

Examples:
  parhelion bench --circuit pairing --k 15 --runs 3
  parhelion bench --circuit plonk --k 16 --threads 1 --json
  parhelion bench --circuit pairing --k 15 --limits 6 --json
  parhelion bench --keygen --circuit pairing --k 15
  parhelion bench --circuit orchard --actions 4 --threads 2";

/// Which circuit, and how it is proven.
#[derive(Debug, Clone, Args)]
pub(crate) struct CircuitArgs {
    /// The demo circuit: plonk, poseidon or pairing; of halo2_proofs orchard or poseidon-pasta
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
    /// How many circuits of halo2_proofs are proven together: actions, if of orchard
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) actions: u8,
}

/// Which program is executed, on what, and what it may use.
#[derive(Debug, Clone, Args)]
pub(crate) struct ProgramArgs {
    /// The program: an ELF file of SBPF V0 or V3
    #[arg(value_name = "PROGRAM.so", group = "what")]
    pub(crate) program: Option<PathBuf>,
    /// A deployed program at work, instead of one from a file
    #[arg(long, value_name = "NAME", group = "what")]
    pub(crate) demo: Option<ProgramDemo>,
    /// The bytes of the program's input region [default: none]
    #[arg(long, value_name = "FILE", conflicts_with = "demo")]
    pub(crate) input: Option<PathBuf>,
    /// Compute units that the program may use; one per instruction, more for syscalls
    #[arg(long, value_name = "N", default_value_t = ExecutionConfig::default().compute_units)]
    pub(crate) compute_units: u64,
    /// The size of the program's heap, at most 256KiB
    #[arg(long, value_name = "SIZE", default_value = "32KiB")]
    pub(crate) heap: ByteSize,
}

/// A deployed program and what it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProgramDemo {
    /// A transfer in p-token 1.0.0
    TokenTransfer,
    /// A transfer in SPL Token-2022 10.0.0
    #[value(name = "token-2022-transfer")]
    Token2022Transfer,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// A demo circuit instead of a program: plonk, poseidon or pairing; of halo2_proofs orchard or
    /// poseidon-pasta
    #[arg(long, value_name = "NAME", group = "what", conflicts_with_all = ["input", "compute_units", "heap"])]
    pub(crate) circuit: Option<String>,
    /// log2 of the number of rows; for a program, at most [default: depends on the circuit]
    #[arg(long, value_name = "K")]
    pub(crate) k: Option<u32>,
    /// Instructions in a chunk [default: depends on length, CPUs and memory limit]
    #[arg(long, value_name = "N", conflicts_with = "circuit", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) chunk_size: Option<u64>,
    /// Chunks to prove at the same time, which share the threads [default: as for --chunk-size]
    #[arg(long, value_name = "N", conflicts_with = "circuit", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) chunks_at_once: Option<u16>,
    /// Prove all chunks again, whatever the output directory holds
    #[arg(long, conflicts_with = "circuit")]
    pub(crate) fresh: bool,
    /// Decides the witness
    #[arg(long, value_name = "N", default_value_t = 0, conflicts_with_all = ["program", "demo"])]
    pub(crate) seed: u64,
    /// SRS file in the library's raw format [default: parameters for testing only]
    #[arg(long, value_name = "FILE")]
    pub(crate) srs: Option<PathBuf>,
    /// How commitments are opened: shplonk or gwc
    #[arg(long, value_name = "SCHEME", default_value_t, conflicts_with_all = ["program", "demo"])]
    pub(crate) multi_open: MultiOpen,
    /// How many circuits of halo2_proofs are proven together: actions, if of orchard
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with_all = ["program", "demo"], value_parser = clap::value_parser!(u8).range(1..))]
    pub(crate) actions: u8,
    /// Directory for the proofs [default: parhelion-out, and there the program's name]
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

impl ProveArgs {
    /// The circuit asked for, if it is one.
    pub(crate) fn circuit(&self) -> Option<CircuitArgs> {
        let Self { k, seed, multi_open, actions, .. } = *self;
        let circuit = self.circuit.clone()?;
        Some(CircuitArgs { circuit, k, seed, srs: self.srs.clone(), multi_open, actions })
    }

    /// Where proofs of circuits go, and in folders of their own those of programs.
    pub(crate) fn out(&self) -> &Path {
        self.out.as_deref().unwrap_or(Path::new("parhelion-out"))
    }
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct ExecuteArgs {
    #[command(flatten)]
    pub(crate) program: ProgramArgs,
    /// Write the trace to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) trace: Option<PathBuf>,
    /// Write the input region as the program left it to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The directory of an execution, a proof file, or a directory with proof files
    #[arg(value_name = "DIR|FILE")]
    pub(crate) path: PathBuf,
    /// The SRS file the proof was made under [default: parameters for testing only]
    #[arg(long, value_name = "FILE")]
    pub(crate) srs: Option<PathBuf>,
    /// The program that the execution must be of [default: the one beside the proofs]
    #[arg(long, value_name = "PROGRAM.so")]
    pub(crate) program: Option<PathBuf>,
    /// The input that the execution must be on [default: the one beside the proofs]
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Write the input region as the program left it, proven, to a file
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
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
    /// Memory for tables of multiples of the SRS's points, which speed up the engine's commitments, such as 64MiB [default:
    /// none]
    #[arg(long, value_name = "SIZE", conflicts_with = "keygen")]
    pub(crate) tables: Option<ByteSize>,
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
    /// Memory for the engine's tables
    #[arg(long, value_name = "SIZE")]
    tables: Option<ByteSize>,
}

impl BenchChildArgs {
    /// Bytes for the engine's tables.
    pub(crate) fn tables(&self) -> usize {
        self.tables.map_or(0, |size| usize::try_from(size.as_u64()).unwrap_or(usize::MAX))
    }
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

    /// How chunks of executions are proven: on which threads, with which kernels, in how much memory.
    pub(crate) fn chunks(&self, config: KeygenConfig) -> KeygenConfig {
        let executor = match self.executor {
            ExecutorChoice::Stealing => ChunkExecutor::Stealing,
            ExecutorChoice::Rayon => ChunkExecutor::Rayon,
            ExecutorChoice::Sequential => ChunkExecutor::Sequential,
        };
        let mut config =
            config.with_threads(self.threads()).with_executor(executor).with_kernels(self.kernels);
        if let Some(pin) = &self.pin {
            config = config.with_pin(pin.clone());
        }
        if let Some(limit) = self.memory_limit {
            config = config.with_memory_limit(usize::try_from(limit.as_u64()).unwrap_or(usize::MAX));
        }
        config
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
