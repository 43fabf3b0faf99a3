//! Proofs in a folder: kept as they finish, taken up again after an interruption.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::encoding::{decode_chunk, decode_statement, encode_chunk, encode_statement};
use super::links::LinkSecret;
use super::observer::ChunkObserver;
use super::proof::{ChunkProof, ExecutionProof};
use super::verify::ChunkVerifier;
use crate::files::{self, Kind};
use crate::{Bundle, BundleWriter, Error};

/// Holds what neighbouring chunks are linked with, while chunks are being proven.
const SECRET: &str = "secret";

/// A bundle of chunk proofs that is being made.
#[derive(Debug)]
pub(super) struct Folder {
    writer: BundleWriter,
    secret: LinkSecret,
    tag: [u8; 32],
    secret_path: PathBuf,
}

impl Folder {
    /// Begins a bundle for `proof`, whose chunks are yet to be made, or goes on with it. Hands back the
    /// chunks that are there: whole, linked with the secret that is there too, and verified.
    ///
    /// If the secret is gone, only a bundle that is complete is of use.
    pub(super) fn open(
        path: &Path,
        proof: &ExecutionProof,
        chunk_size: u64,
        chunks: u64,
        verifier: &ChunkVerifier<'_>,
        observer: &dyn ChunkObserver,
    ) -> Result<(Self, Vec<Option<ChunkProof>>), Error> {
        let max = u64::from(u32::MAX);
        let count = u32::try_from(chunks).map_err(|_| Error::TooManyChunks { got: chunks, max })?;
        let writer = BundleWriter::resume(path, &encode_statement(proof, chunk_size), count)?;
        let secret_path = path.join(SECRET);
        let kept = files::read(&secret_path, Kind::Secret).ok();
        let kept = kept.and_then(|bytes| bytes.try_into().ok()).map(LinkSecret::from_bytes);
        let mut found: Vec<Option<(ChunkProof, [u8; 32])>> = (0..count)
            .map(|index| match usable(&writer, index, verifier) {
                Ok(chunk) => Some(chunk),
                Err(reason) => {
                    if let Some(reason) = reason {
                        observer.damaged(index.into(), &reason);
                    }
                    None
                }
            })
            .collect();
        let first_tag = found.first().and_then(|chunk| chunk.as_ref().map(|(_, tag)| *tag));
        let same = |chunk: &Option<(ChunkProof, _)>| chunk.as_ref().map(|(_, tag)| *tag) == first_tag;
        let complete = first_tag.is_some() && found.iter().all(same);
        let (secret, tag) = match kept {
            Some(secret) => {
                let tag = secret.tag();
                (secret, tag)
            }
            None => {
                let secret = LinkSecret::random();
                let tag = first_tag.filter(|_| complete).unwrap_or_else(|| secret.tag());
                if !complete {
                    files::write(&secret_path, Kind::Secret, &secret.to_bytes())?;
                }
                (secret, tag)
            }
        };
        for (index, chunk) in (0..).zip(&mut found) {
            match chunk {
                Some((_, found)) if *found == tag => observer.kept(index),
                Some(_) => {
                    observer.damaged(index, "it was linked with a secret that is gone");
                    *chunk = None;
                }
                None => {}
            }
        }
        let found = found.into_iter().map(|chunk| chunk.map(|(chunk, _)| chunk)).collect();
        Ok((Self { writer, secret, tag, secret_path }, found))
    }

    /// What chunks are to be linked with.
    pub(super) fn secret(&self) -> &LinkSecret {
        &self.secret
    }

    /// Keeps a chunk. Once this returns it survives whatever happens to the process.
    pub(super) fn keep(&self, chunk: &ChunkProof) -> Result<(), Error> {
        let index = u32::try_from(chunk.index).unwrap_or(u32::MAX);
        self.writer.write(index, &encode_chunk(chunk, &self.tag))
    }

    /// Everything is proven: the secret, which could open what chunks hide, is no longer needed.
    pub(super) fn finish(self) -> Result<(), Error> {
        match fs::remove_file(&self.secret_path) {
            Err(source) if source.kind() != ErrorKind::NotFound => {
                Err(Error::Io { action: "remove", path: self.secret_path, source })
            }
            _ => Ok(()),
        }
    }
}

/// A chunk that an earlier run left, if it is what a proof of this bundle must be; otherwise the
/// reason, unless it is just not there.
fn usable(
    writer: &BundleWriter,
    index: u32,
    verifier: &ChunkVerifier<'_>,
) -> Result<(ChunkProof, [u8; 32]), Option<String>> {
    let chunk = writer.read(index).map_err(|error| match error {
        Error::Io { source, .. } if source.kind() == ErrorKind::NotFound => None,
        error => Some(error.to_string()),
    })?;
    let (chunk, tag) = decode_chunk(chunk).map_err(Some)?;
    if chunk.index != u64::from(index) {
        return Err(Some(format!("it is chunk {}", chunk.index)));
    }
    verifier.verify_chunk(&chunk).map_err(|error| Some(error.to_string()))?;
    Ok((chunk, tag))
}

impl ExecutionProof {
    /// Reads the proofs that proving with [`KeygenConfig::with_folder`](super::KeygenConfig) kept.
    /// Nothing is verified yet.
    ///
    /// # Errors
    /// [`Error::Io`] if something is missing, [`Error::Damaged`] if it is not what was written.
    pub fn load(folder: &Path) -> Result<Self, Error> {
        let bundle = Bundle::open(folder)?;
        let damaged = |path| move |reason| Error::Damaged { path, reason };
        let mut proof = decode_statement(bundle.statement()).map_err(damaged(folder.join("manifest")))?;
        for index in 0..bundle.chunks() {
            let chunk = decode_chunk(bundle.read(index)?).map_err(damaged(bundle.path(index)))?;
            proof.chunks.push(chunk.0);
        }
        Ok(proof)
    }
}
