//! `parhelion verify` of a folder in which the proofs of an execution are.

use std::fs;
use std::path::Path;

use parhelion_sbpf::{Bundle, ExecutionProof, KeygenConfig, VerifiedExecution, verify_execution};
use serde::Serialize;

use super::folder::Folder;
use super::source;
use super::srs::CachedSrs;
use super::{LOOKUP_BITS, MAX_K};
use crate::args::{Common, VerifyArgs};
use crate::error::CommandError;
use crate::ui;

/// What a proven execution says.
#[derive(Serialize)]
pub(crate) struct Checked {
    /// BLAKE3 of the ELF file.
    program: String,
    program_bytes: usize,
    /// BLAKE3 of the input region.
    input: String,
    input_bytes: usize,
    heap_bytes: u64,
    value: u64,
    steps: u64,
    chunks: usize,
    k: u32,
    /// Instructions that are known to have been executed.
    disclosed_instructions: usize,
    /// Words of memory that are known to have been touched.
    disclosed_words: usize,
    accounts: Vec<String>,
    seconds: f64,
}

/// Verifies the execution in `folder`. Whatever is wrong with it is a reason not to accept it.
pub(crate) fn check(common: &Common, args: &VerifyArgs, folder: &Folder) -> Result<Checked, CommandError> {
    let elf = source::elf(args.program.as_deref().unwrap_or(&folder.program()))?;
    let input = match &args.input {
        Some(path) => source::input(path)?,
        // That of a program that takes none.
        None => source::bytes(&folder.input())?,
    };
    let program = source::load(&folder.path().display().to_string(), &elf)?;
    let bundle = Bundle::open(folder.path())?;
    let survey = bundle.survey();
    if let Some((_, error)) = survey.unusable.into_iter().next() {
        return Err(error.into());
    }
    if !survey.missing.is_empty() {
        let (missing, chunks) = (survey.missing.len(), bundle.chunks());
        return Err(CommandError::Unfinished { path: folder.path().to_owned(), missing, chunks });
    }
    let proof = ExecutionProof::load(folder.path())?;

    let cache = common.cache()?;
    let srs = CachedSrs::new(cache.clone(), args.srs.clone());
    let config = common
        .chunks(KeygenConfig::new(MAX_K, cache.path(), LOOKUP_BITS))
        .with_srs(parhelion_sbpf::Srs::Source(srs.clone()));
    let (verified, time) = ui::busy("verification", || verify_execution(&program, &input, &proof, &config));
    let verified = verified.map_err(|error| match (folder.srs(), srs.digest()) {
        (Some(got), Some(expected)) if got != expected => CommandError::OtherSrs { expected, got },
        _ => CommandError::Execution(error),
    })?;
    if let Some(path) = &args.output {
        write(path, &verified)?;
    }
    Ok(Checked {
        program: blake3::hash(&elf).to_hex().to_string(),
        program_bytes: elf.len(),
        input: blake3::hash(&input).to_hex().to_string(),
        input_bytes: input.len(),
        heap_bytes: verified.heap_size,
        value: verified.value,
        steps: verified.steps,
        chunks: proof.chunks.len(),
        k: proof.k,
        disclosed_instructions: proof.disclosure.pcs.len(),
        disclosed_words: proof.disclosure.words.len(),
        accounts: super::accounts(&input, &verified.output),
        seconds: time.as_secs_f64(),
    })
}

fn write(path: &Path, verified: &VerifiedExecution) -> Result<(), CommandError> {
    fs::write(path, &verified.output).map_err(|source| CommandError::Io { path: path.to_owned(), source })
}

impl Checked {
    /// What is proven, line by line.
    pub(crate) fn print(&self) {
        let line = |name: &str, text: &str| ui::say(&format!("  {name:<9} {text}"));
        line("program", &format!("{} bytes, hash {}", self.program_bytes, self.program));
        line("input", &format!("{} bytes, hash {}", self.input_bytes, self.input));
        line("heap", &ui::bytes(self.heap_bytes));
        line("outcome", &format!("returned {} after {} steps", self.value, self.steps));
        self.accounts.iter().for_each(|account| line("", account));
        line(
            "disclosed",
            &format!(
                "{} instructions, {} words of memory",
                self.disclosed_instructions, self.disclosed_words
            ),
        );
    }

    /// In one line.
    pub(crate) fn summary(&self) -> String {
        let Self { chunks, k, seconds, .. } = self;
        format!("{chunks} chunk{}, k = {k}, {seconds:.3} s", if *chunks == 1 { "" } else { "s" })
    }
}
