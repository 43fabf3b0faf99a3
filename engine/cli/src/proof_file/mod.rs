//! Proofs on disk.
//!
//! One JSON object that says what is proven and by which means. It is a claim, nothing else:
//! the verifier makes the verifying key from the circuit's name and its own SRS.

mod pasta;

pub use pasta::PastaProofFile;

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use ff::PrimeField;
use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::MultiOpen;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

const FORMAT: &str = "parhelion proof";
const VERSION: u32 = 1;
const TRANSCRIPT: &str = "blake2b";
/// Far above any proof of a demo circuit; keeps a wrong file from filling the memory.
const MAX_BYTES: u64 = 64 << 20;

/// A proof and what it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProofFile {
    /// The demo circuit's name.
    pub circuit: String,
    /// log2 rows.
    pub k: u32,
    /// How commitments are opened.
    pub multi_open: MultiOpen,
    /// The SRS that the proof was made under, see [`Srs::digest`](crate::store::Srs::digest).
    pub srs: [u8; 32],
    /// Public values, column by column.
    pub instances: Vec<Vec<Fr>>,
    /// What the prover wrote to the transcript.
    pub proof: Vec<u8>,
}

/// Why a file is not a proof file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofFileError {
    /// The file cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is too long.
    #[error("expected a proof file of at most {MAX_BYTES} bytes, got more")]
    TooLong,
    /// The file is not the expected JSON object.
    #[error("expected a proof file, got something else: {0}")]
    Json(#[from] serde_json::Error),
    /// A field has an unexpected value.
    #[error("field {field:?}: expected {expected}, got {got:?}")]
    Field {
        /// The field's name.
        field: &'static str,
        /// What it should be.
        expected: &'static str,
        /// What it is.
        got: String,
    },
    /// The file means a proof, but is not written the way this version writes it.
    #[error("the file was changed after it was written: it differs from its own contents at byte {0}")]
    NotCanonical(usize),
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    circuit: String,
    k: u32,
    multi_open: String,
    transcript: String,
    srs: String,
    instances: Vec<Vec<String>>,
    proof: String,
}

impl ProofFile {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let document = Document {
            format: FORMAT.to_owned(),
            version: VERSION,
            circuit: self.circuit.clone(),
            k: self.k,
            multi_open: self.multi_open.to_string(),
            transcript: TRANSCRIPT.to_owned(),
            srs: hex::encode(self.srs),
            instances: self.instances.iter().map(|column| column.iter().map(encode).collect()).collect(),
            proof: hex::encode(&self.proof),
        };
        // Strings, numbers and lists always have a JSON form.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads what [`ProofFile::to_text`] wrote, and nothing else: any other text of the same
    /// meaning is refused too, so that no byte of a file can change unnoticed.
    ///
    /// # Errors
    /// [`ProofFileError`] unless `text` is exactly that.
    pub fn from_text(text: &[u8]) -> Result<Self, ProofFileError> {
        let document: Document = serde_json::from_slice(text)?;
        expect("format", FORMAT, &document.format)?;
        if document.version != VERSION {
            return Err(field("version", "1", document.version.to_string()));
        }
        expect("transcript", TRANSCRIPT, &document.transcript)?;
        let file = Self {
            k: document.k,
            multi_open: document
                .multi_open
                .parse()
                .map_err(|_| field("multi_open", "shplonk or gwc", document.multi_open.clone()))?,
            srs: decode_array(&document.srs)
                .ok_or_else(|| field("srs", "32 bytes in hex", document.srs.clone()))?,
            instances: document
                .instances
                .iter()
                .map(|column| column.iter().map(|value| decode(value)).collect())
                .collect::<Result<_, _>>()?,
            proof: hex::decode(&document.proof)
                .map_err(|error| field("proof", "bytes in hex", error.to_string()))?,
            circuit: document.circuit,
        };
        check_canonical(&file.to_text(), text)?;
        Ok(file)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not a proof file.
    pub fn read(path: &Path) -> Result<Self, ProofFileError> {
        Self::from_text(&read(path)?)
    }

    /// Writes a file in one step: it is never seen half written. Makes the directory if needed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), ProofFileError> {
        write(path, &self.to_text())
    }
}

/// A proof file of either kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnyProofFile {
    /// Of a circuit of `halo2-axiom`.
    Bn254(ProofFile),
    /// Of circuits of `halo2_proofs`.
    Pasta(PastaProofFile),
}

impl AnyProofFile {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is not a proof file.
    pub fn read(path: &Path) -> Result<Self, ProofFileError> {
        #[derive(Deserialize)]
        struct Head {
            format: String,
        }
        let text = read(path)?;
        // What is no JSON object at all is one kind's to complain about.
        match serde_json::from_slice::<Head>(&text) {
            Ok(Head { format }) if format == pasta::FORMAT => {
                Ok(Self::Pasta(PastaProofFile::from_text(&text)?))
            }
            _ => Ok(Self::Bn254(ProofFile::from_text(&text)?)),
        }
    }
}

/// The text of a file that is not too long.
fn read(path: &Path) -> Result<Vec<u8>, ProofFileError> {
    let fail = |source| ProofFileError::Io { path: path.to_owned(), source };
    let mut text = Vec::new();
    fs::File::open(path).map_err(fail)?.take(MAX_BYTES + 1).read_to_end(&mut text).map_err(fail)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(ProofFileError::TooLong);
    }
    Ok(text)
}

fn write(path: &Path, text: &str) -> Result<(), ProofFileError> {
    let fail = |source| ProofFileError::Io { path: path.to_owned(), source };
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(dir).map_err(fail)?;
    let mut file = NamedTempFile::new_in(dir).map_err(fail)?;
    file.write_all(text.as_bytes()).map_err(fail)?;
    file.as_file().sync_all().map_err(fail)?;
    file.persist(path).map_err(|error| fail(error.error))?;
    Ok(())
}

/// Refuses a text that is not the one that this version writes.
fn check_canonical(canonical: &str, text: &[u8]) -> Result<(), ProofFileError> {
    if canonical.as_bytes() == text {
        return Ok(());
    }
    let same = canonical.bytes().zip(text).take_while(|(a, b)| a == *b).count();
    Err(ProofFileError::NotCanonical(same))
}

fn expect(name: &'static str, expected: &'static str, got: &str) -> Result<(), ProofFileError> {
    if got == expected { Ok(()) } else { Err(field(name, expected, got.to_owned())) }
}

fn field(field: &'static str, expected: &'static str, mut got: String) -> ProofFileError {
    if let Some((end, _)) = got.char_indices().nth(100) {
        got.truncate(end);
    }
    ProofFileError::Field { field, expected, got }
}

/// Canonical integer, little-endian, in hex: the encoding of the proof itself.
fn encode(value: &Fr) -> String {
    hex::encode(value.to_repr())
}

fn decode(text: &str) -> Result<Fr, ProofFileError> {
    decode_array(text)
        .and_then(|bytes| Option::from(Fr::from_repr(bytes)))
        .ok_or_else(|| field("instances", "32 bytes in hex below the modulus", text.to_owned()))
}

fn decode_array(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).ok().map(|()| bytes)
}
