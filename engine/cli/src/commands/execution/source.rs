//! Where program and input come from.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use parhelion_sbpf::{ExecutionConfig, ExecutionTrace, Program, execute_and_trace};

use crate::args::{ProgramArgs, ProgramDemo};
use crate::error::CommandError;

/// Larger than any account that could hold a program.
const MAX_PROGRAM: u64 = 64 << 20;
/// What a machine takes as input.
const MAX_INPUT: u64 = 256 << 20;

/// What is to be executed.
pub(super) struct Source {
    /// For messages and file names.
    pub(super) name: String,
    pub(super) elf: Vec<u8>,
    pub(super) input: Vec<u8>,
    pub(super) program: Program,
    pub(super) config: ExecutionConfig,
}

impl Source {
    pub(super) fn load(args: &ProgramArgs) -> Result<Self, CommandError> {
        let (name, elf, input) = match (&args.program, args.demo) {
            (Some(path), _) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                (
                    name,
                    read(path, "a program", MAX_PROGRAM)?,
                    args.input.as_deref().map_or(Ok(Vec::new()), input)?,
                )
            }
            (None, Some(demo)) => demo_program(demo)?,
            (None, None) => return Err(CommandError::NothingToExecute),
        };
        let config = ExecutionConfig::default()
            .with_compute_units(args.compute_units)
            .with_heap_size(args.heap.as_u64());
        Ok(Self { program: load(&name, &elf)?, name, elf, input, config })
    }

    /// Executes it.
    pub(super) fn run(&self) -> Result<ExecutionTrace, CommandError> {
        let run = execute_and_trace(&self.program, &self.input, &self.config);
        run.map_err(|source| CommandError::Program { name: self.name.clone(), source })
    }
}

/// Reads an input that is meant to be one.
pub(super) fn input(path: &Path) -> Result<Vec<u8>, CommandError> {
    let bytes = bytes(path)?;
    if bytes.is_empty() { Err(CommandError::EmptyInput { path: path.to_owned() }) } else { Ok(bytes) }
}

/// Reads an input, of any length.
pub(super) fn bytes(path: &Path) -> Result<Vec<u8>, CommandError> {
    read(path, "an input", MAX_INPUT)
}

/// Reads the ELF file of a program.
pub(super) fn elf(path: &Path) -> Result<Vec<u8>, CommandError> {
    read(path, "a program", MAX_PROGRAM)
}

/// Loads and verifies a program.
pub(super) fn load(name: &str, elf: &[u8]) -> Result<Program, CommandError> {
    Program::from_elf(elf).map_err(|source| CommandError::Program { name: name.to_owned(), source })
}

fn read(path: &Path, what: &'static str, most: u64) -> Result<Vec<u8>, CommandError> {
    let fail = |source| CommandError::Io { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).map_err(fail)?.take(most + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > most {
        return Err(CommandError::TooLong { path: path.to_owned(), what, most });
    }
    Ok(bytes)
}

#[cfg(feature = "programs")]
fn demo_program(demo: ProgramDemo) -> Result<(String, Vec<u8>, Vec<u8>), CommandError> {
    use parhelion_sbpf::{Deployed, TokenTransfer};

    let (name, program) = match demo {
        ProgramDemo::TokenTransfer => ("token-transfer", Deployed::Token),
        ProgramDemo::Token2022Transfer => ("token-2022-transfer", Deployed::Token2022),
    };
    let failed = |source| CommandError::Program { name: name.to_owned(), source };
    let transfer = TokenTransfer { amount: 30, ..TokenTransfer::default() };
    let input = transfer.input(program.id()).build().map_err(failed)?;
    Ok((name.to_owned(), program.elf().map_err(failed)?, input))
}

#[cfg(not(feature = "programs"))]
fn demo_program(_: ProgramDemo) -> Result<(String, Vec<u8>, Vec<u8>), CommandError> {
    Err(CommandError::NoDemoPrograms)
}
