//! What is claimed about a proven execution, beside its proofs.
//!
//! One JSON object. It tells the verifier how to look at the folder and people what is in it; nothing in
//! it is believed: program and input are hashed again, and result and steps compared with what is proven.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::ProofFileError;

const FORMAT: &str = "parhelion execution";
const VERSION: u32 = 1;
/// Far above what one takes; keeps a wrong file from filling the memory.
const MAX_BYTES: u64 = 1 << 20;

/// What is claimed about an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExecutionFile {
    format: String,
    version: u32,
    /// Its name, for people.
    pub name: String,
    /// BLAKE3 of the program's ELF file, in hex.
    pub program: String,
    /// BLAKE3 of the input region, in hex.
    pub input: String,
    /// The size of the heap in bytes.
    pub heap_bytes: u64,
    /// log2 of the rows of its circuits.
    pub k: u32,
    /// The SRS that it is proven under, see [`Srs::digest`](crate::store::Srs::digest), in hex.
    pub srs: String,
    /// The number of chunks.
    pub chunks: u64,
    /// What the program returned.
    pub value: u64,
    /// The number of instructions executed.
    pub steps: u64,
}

/// What of an execution is known before it is proven.
#[derive(Clone, Debug)]
pub struct Claim<'a> {
    /// Its name, for people.
    pub name: &'a str,
    /// The program's ELF file.
    pub elf: &'a [u8],
    /// The input region.
    pub input: &'a [u8],
    /// The size of the heap in bytes.
    pub heap_bytes: u64,
    /// log2 of the rows of its circuits.
    pub k: u32,
    /// The digest of the SRS.
    pub srs: blake3::Hash,
    /// The number of chunks.
    pub chunks: u64,
    /// What the program returned.
    pub value: u64,
    /// The number of instructions executed.
    pub steps: u64,
}

impl Claim<'_> {
    /// As a file.
    #[must_use]
    pub fn file(&self) -> ExecutionFile {
        let Self { name, elf, input, heap_bytes, k, srs, chunks, value, steps } = *self;
        let hash = |bytes| blake3::hash(bytes).to_hex().to_string();
        ExecutionFile {
            format: FORMAT.to_owned(),
            version: VERSION,
            name: name.to_owned(),
            program: hash(elf),
            input: hash(input),
            heap_bytes,
            k,
            srs: srs.to_hex().to_string(),
            chunks,
            value,
            steps,
        }
    }
}

impl ExecutionFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not exactly what [`Self::write`] wrote.
    pub fn read(path: &Path) -> Result<Self, ProofFileError> {
        let fail = |source| ProofFileError::Io { path: path.to_owned(), source };
        let mut text = Vec::new();
        fs::File::open(path).map_err(fail)?.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(fail)?;
        if text.len() as u64 > MAX_BYTES {
            return Err(ProofFileError::TooLong);
        }
        let file: Self = serde_json::from_slice(&text)?;
        let field = |field, expected, got| ProofFileError::Field { field, expected, got };
        if file.format != FORMAT {
            return Err(field("format", FORMAT, file.format));
        }
        if file.version != VERSION {
            return Err(field("version", "1", file.version.to_string()));
        }
        let canonical = file.to_text();
        if canonical.as_bytes() == text {
            return Ok(file);
        }
        Err(ProofFileError::NotCanonical(canonical.bytes().zip(text).take_while(|(a, b)| a == b).count()))
    }

    /// Writes a file in one step: it is never seen half written.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ProofFileError> {
        let fail = |source| ProofFileError::Io { path: path.to_owned(), source };
        let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = NamedTempFile::new_in(dir).map_err(fail)?;
        file.write_all(self.to_text().as_bytes()).map_err(fail)?;
        file.as_file().sync_all().map_err(fail)?;
        file.persist(path).map_err(|error| fail(error.error))?;
        Ok(())
    }

    fn to_text(&self) -> String {
        // Strings and numbers always have a JSON form.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}
