//! What makes a command fail, and with which exit code.

use std::path::PathBuf;
use std::process::ExitCode;

use parhelion_cli::ProofFileError;
use parhelion_cli::circuits::DemoError;
use parhelion_cli::stock::VerifyError;
use parhelion_cli::store::StoreError;
use parhelion_sbpf::ProveError;

use crate::commands::execution::Folder;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CommandError {
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Prover(#[from] parhelion::Error),
    #[error(transparent)]
    ProofFile(#[from] ProofFileError),
    #[error("the proof just made does not verify: {0}")]
    OwnProof(#[source] VerifyError),
    #[error("the library's prover failed: {0}")]
    Stock(halo2_axiom::plonk::Error),
    #[error("halo2_proofs failed: {0}")]
    Pasta(halo2_proofs::plonk::Error),
    #[error("the proof just made does not verify: {0}")]
    OwnPastaProof(String),
    #[error("circuit {circuit} has no use for {option}: {reason}")]
    Option { circuit: &'static str, option: &'static str, reason: &'static str },
    #[error("the library's prover could not be overheard: {0}")]
    Capture(#[from] parhelion::oracle::CaptureError),
    #[error("{invalid} of {checked} proofs are not valid")]
    Invalid { invalid: usize, checked: usize },
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: std::io::Error },
    #[error("cannot write to the directory {}: {source}", path.display())]
    OutDir { path: PathBuf, source: std::io::Error },
    #[error("samples cannot be taken: {0}")]
    Sampling(#[from] pprof::Error),
    #[error("a proof cut for {workers} workers has other bytes")]
    OtherBytes { workers: u32 },
    #[error("the report could not be made: {0}")]
    Report(String),
    #[error("no proof in {}: expected files whose names end in {expected}", path.display())]
    NoProofs { path: PathBuf, expected: &'static str },
    #[error("the {side} child process failed: {reason}")]
    Child { side: String, reason: String },
    #[error("{name}: {source}")]
    Program { name: String, source: parhelion_sbpf::Error },
    #[error(transparent)]
    Files(#[from] parhelion_sbpf::Error),
    #[error("{} is empty; leave --input out for a program that takes none", path.display())]
    EmptyInput { path: PathBuf },
    #[error("{} is too long: expected {what} of at most {most} bytes", path.display())]
    TooLong { path: PathBuf, what: &'static str, most: u64 },
    #[error(transparent)]
    Prove(parhelion_sbpf::ProveError),
    #[error("{} holds another run; choose another --out, or --fresh to replace it", path.display())]
    OtherRun { path: PathBuf },
    #[error("the proofs just made do not verify: {0}")]
    OwnExecution(#[source] parhelion_sbpf::VerifyError),
    #[error(transparent)]
    Execution(parhelion_sbpf::VerifyError),
    #[error("expected a proof under the SRS {expected}, got one under {got}; see --srs")]
    OtherSrs { expected: String, got: String },
    #[error("{missing} of {chunks} chunks are not proven yet: the command that made {} goes on", path.display())]
    Unfinished { path: PathBuf, missing: usize, chunks: u32 },
    #[error("{option} is for one execution, and {} is not one", path.display())]
    NotAnExecution { option: &'static str, path: PathBuf },
    #[error("there is nothing to execute: expected a program or --demo")]
    NothingToExecute,
    #[cfg(not(feature = "programs"))]
    #[error("this binary was built without the deployed programs (feature `programs`)")]
    NoDemoPrograms,
    #[error("cannot start {threads} threads: {reason}")]
    Threads { threads: usize, reason: String },
}

impl CommandError {
    /// Why an execution was not proven; a folder of another run is one to the user, whoever noticed.
    pub(crate) fn prove(error: parhelion_sbpf::ProveError, folder: &Folder) -> Self {
        match error {
            ProveError::Files(parhelion_sbpf::Error::Mismatch { .. }) => {
                Self::OtherRun { path: folder.path().to_owned() }
            }
            error => Self::Prove(error),
        }
    }

    /// 2 if the command line is wrong, as clap has it, 1 for everything else.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Demo(DemoError::UnknownName { .. } | DemoError::UnsuitableK { .. })
            | Self::Option { .. }
            | Self::Prove(ProveError::Size(_))
            | Self::NotAnExecution { .. } => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}
