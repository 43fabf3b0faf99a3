//! Proofs of circuits of `halo2_proofs` on disk. There are no parameters to name: they are derived
//! from k by hashing, and have no secret.

use std::path::Path;

use halo2_proofs::pasta::Fp;
use halo2_proofs::pasta::group::ff::PrimeField;
use serde::{Deserialize, Serialize};

use super::{ProofFileError, TRANSCRIPT, check_canonical, decode_array, expect, field, read, write};

/// Tells these files from those of the other dialect.
pub(super) const FORMAT: &str = "parhelion proof over pasta";
const VERSION: u32 = 1;

/// A proof of some circuits together, and what it claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastaProofFile {
    /// The demo circuit's name.
    pub circuit: String,
    /// log2 rows.
    pub k: u32,
    /// Public values of each circuit: of its one instance column.
    pub instances: Vec<Vec<Fp>>,
    /// What the prover wrote to the transcript.
    pub proof: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    format: String,
    version: u32,
    circuit: String,
    k: u32,
    transcript: String,
    instances: Vec<Vec<String>>,
    proof: String,
}

impl PastaProofFile {
    /// The file's text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let encode = |value: &Fp| hex::encode(value.to_repr());
        let document = Document {
            format: FORMAT.to_owned(),
            version: VERSION,
            circuit: self.circuit.clone(),
            k: self.k,
            transcript: TRANSCRIPT.to_owned(),
            instances: self.instances.iter().map(|values| values.iter().map(encode).collect()).collect(),
            proof: hex::encode(&self.proof),
        };
        // Strings, numbers and lists always have a JSON form.
        let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
        text.push('\n');
        text
    }

    /// Reads what [`PastaProofFile::to_text`] wrote, and nothing else.
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
        let decode = |value: &String| {
            decode_array(value)
                .and_then(|bytes| Option::from(Fp::from_repr(bytes)))
                .ok_or_else(|| field("instances", "32 bytes in hex below the modulus", value.clone()))
        };
        let file = Self {
            k: document.k,
            instances: document
                .instances
                .iter()
                .map(|values| values.iter().map(decode).collect())
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
    /// If it cannot be read, or is not a proof file of this kind.
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
