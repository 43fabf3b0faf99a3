//! Bundles: the folder in which the proofs of an execution's chunks are kept while they are made.
//!
//! ```text
//!  lock                 held by the process that writes, let go of by the system when that ends
//!  manifest             what is proven and in how many chunks
//!  chunk-000000         public state and proof of the first chunk
//!  chunk-000001         ...
//! ```
//!
//! Every file is written under a temporary name first and has a checksum, so that a file is whole or not
//! there, whenever the writer is killed; and every chunk names its run and its place in it, so that none is
//! taken for another. Chunks can be written in any order and from several threads.

mod lock;

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    Error,
    files::{self, Kind, Reader, Writer},
};
use lock::Lock;

/// The most chunks of a bundle: their names have six digits.
const MAX_CHUNKS: u32 = 1_000_000;

/// A proven chunk. Both parts are bytes that only prover and verifier of chunks understand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// What the proof is about: the state before and after.
    pub state: Vec<u8>,
    /// The proof.
    pub proof: Vec<u8>,
}

/// A folder of chunk proofs.
///
/// ```
/// use parhelion_sbpf::{Bundle, BundleWriter, Chunk};
///
/// # let folder = tempfile::tempdir().unwrap();
/// # let folder = folder.path().join("bundle");
/// let writer = BundleWriter::resume(&folder, b"program, input, keys", 2)?;
/// for index in writer.survey().to_prove() {
///     let chunk = Chunk { state: vec![index as u8], proof: vec![0; 100] };
///     writer.write(index, &chunk)?;
/// }
/// let bundle = Bundle::open(&folder)?;
/// assert_eq!(bundle.statement(), b"program, input, keys");
/// assert_eq!(bundle.read(1)?.state, [1]);
/// # Ok::<(), parhelion_sbpf::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Bundle {
    folder: PathBuf,
    statement: Vec<u8>,
    chunks: u32,
    run: [u8; 32],
}

impl Bundle {
    /// Opens a bundle to read it. Nothing says yet that its chunks are there.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if there is no manifest that can be read, [`Error::Damaged`] if it is not what was
    /// written.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("manifest");
        let bytes = files::read(&path, Kind::Manifest)?;
        let damaged = |reason| Error::Damaged { path: path.clone(), reason };
        let mut from = Reader::new(&bytes);
        let parts = from.numbers().and_then(|[chunks]| Ok((chunks, from.bytes()?.to_vec())));
        let (chunks, statement) = parts.map_err(&damaged)?;
        match u32::try_from(chunks) {
            Ok(chunks) if chunks <= MAX_CHUNKS => Ok(Self::new(folder, &statement, chunks)),
            _ => Err(damaged(format!("it speaks of {chunks} chunks; at most {MAX_CHUNKS} are possible"))),
        }
    }

    fn new(folder: &Path, statement: &[u8], chunks: u32) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("parhelion sbpf bundle v1");
        hasher.update(&chunks.to_le_bytes()).update(statement);
        let run = *hasher.finalize().as_bytes();
        Self { folder: folder.to_owned(), statement: statement.to_vec(), chunks, run }
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is proven, as its writer put it.
    pub fn statement(&self) -> &[u8] {
        &self.statement
    }

    /// How many chunks it has when it is complete.
    pub fn chunks(&self) -> u32 {
        self.chunks
    }

    /// Where a chunk is or will be.
    pub fn path(&self, index: u32) -> PathBuf {
        self.folder.join(format!("chunk-{index:06}"))
    }

    /// Reads a chunk.
    ///
    /// # Errors
    ///
    /// [`Error::Io`] if it is not there, [`Error::Damaged`] if it is not what was written, or the chunk of
    /// another run or place.
    pub fn read(&self, index: u32) -> Result<Chunk, Error> {
        let path = self.path(index);
        let bytes = files::read(&path, Kind::Chunk)?;
        self.decode(index, &bytes).map_err(|reason| Error::Damaged { path, reason })
    }

    /// All chunks in order, read one by one.
    pub fn iter(&self) -> impl Iterator<Item = Result<Chunk, Error>> + '_ {
        (0..self.chunks).map(|index| self.read(index))
    }

    /// Looks which chunks are there and whole. Reads all of them.
    pub fn survey(&self) -> Survey {
        let mut survey = Survey::default();
        for index in 0..self.chunks {
            match self.read(index) {
                Ok(_) => survey.whole.push(index),
                Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                    survey.missing.push(index);
                }
                Err(error) => survey.unusable.push((index, error)),
            }
        }
        survey
    }

    fn encode(&self, index: u32, chunk: &Chunk) -> Vec<u8> {
        let mut to = Writer::default();
        to.array(&self.run);
        to.numbers([index.into()]);
        to.bytes(&chunk.state);
        to.bytes(&chunk.proof);
        to.finish()
    }

    fn decode(&self, index: u32, bytes: &[u8]) -> Result<Chunk, String> {
        let mut from = Reader::new(bytes);
        if from.array()? != self.run {
            return Err("it is a chunk of another run".into());
        }
        let [found] = from.numbers()?;
        if found != u64::from(index) {
            return Err(format!("it is chunk {found} instead of {index}"));
        }
        let chunk = Chunk { state: from.bytes()?.to_vec(), proof: from.bytes()?.to_vec() };
        from.finish()?;
        Ok(chunk)
    }
}

/// Which chunks of a bundle are there.
#[derive(Debug, Default)]
pub struct Survey {
    /// Those that are there as they were written.
    pub whole: Vec<u32>,
    /// Those that are not there.
    pub missing: Vec<u32>,
    /// Those that are there but not as they were written, and why.
    pub unusable: Vec<(u32, Error)>,
}

impl Survey {
    /// Whether nothing is left to prove.
    pub fn is_complete(&self) -> bool {
        self.missing.is_empty() && self.unusable.is_empty()
    }

    /// Those to prove, in order.
    pub fn to_prove(&self) -> Vec<u32> {
        let unusable = self.unusable.iter().map(|(index, _)| *index);
        let mut indices: Vec<_> = self.missing.iter().copied().chain(unusable).collect();
        indices.sort_unstable();
        indices
    }
}

/// A bundle that is being made, by this process alone.
#[derive(Debug)]
pub struct BundleWriter {
    bundle: Bundle,
    _lock: Lock,
}

impl BundleWriter {
    /// Begins a bundle, or goes on with one of the same statement and number of chunks. A manifest that is
    /// damaged is written again: chunks name their run, so none of another one is taken over.
    ///
    /// # Errors
    ///
    /// [`Error::Mismatch`] if the folder holds a bundle of something else, [`Error::Locked`] if another
    /// process writes it, [`Error::TooManyChunks`], [`Error::Io`].
    pub fn resume(folder: &Path, statement: &[u8], chunks: u32) -> Result<Self, Error> {
        if chunks > MAX_CHUNKS {
            return Err(Error::TooManyChunks { got: chunks.into(), max: MAX_CHUNKS.into() });
        }
        let io = |action, source| Error::Io { action, path: folder.to_owned(), source };
        fs::create_dir_all(folder).map_err(|source| io("create", source))?;
        let lock = Lock::take(&folder.join("lock"))?;
        files::remove_temporary(folder).map_err(|source| io("clear", source))?;
        let bundle = Bundle::new(folder, statement, chunks);
        match Bundle::open(folder) {
            Ok(found) if found.run == bundle.run => {}
            Ok(found) => {
                let words = |bundle: &Bundle| {
                    let run: String = bundle.run[..8].iter().map(|byte| format!("{byte:02x}")).collect();
                    format!("{} chunks of run {run}", bundle.chunks)
                };
                let (expected, got) = (words(&found), words(&bundle));
                return Err(Error::Mismatch { what: "run", expected, got });
            }
            Err(_) => {
                let mut to = Writer::default();
                to.numbers([chunks.into()]);
                to.bytes(statement);
                files::write(&folder.join("manifest"), Kind::Manifest, &to.finish())?;
            }
        }
        Ok(Self { bundle, _lock: lock })
    }

    /// Writes a chunk. Once this returns, the chunk survives whatever happens to the process.
    ///
    /// # Errors
    ///
    /// [`Error::NoSuchChunk`], or [`Error::Io`] if the file system refuses.
    pub fn write(&self, index: u32, chunk: &Chunk) -> Result<(), Error> {
        if index >= self.bundle.chunks {
            return Err(Error::NoSuchChunk { index, chunks: self.bundle.chunks });
        }
        files::write(&self.bundle.path(index), Kind::Chunk, &self.bundle.encode(index, chunk))
    }
}

impl std::ops::Deref for BundleWriter {
    type Target = Bundle;

    fn deref(&self) -> &Bundle {
        &self.bundle
    }
}
