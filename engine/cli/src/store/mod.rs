//! What is kept between runs: parameters and keys, in a cache directory.
//!
//! Nothing in the cache is precious. Every file carries a checksum and is written under
//! another name first; a damaged one is made anew, with a warning.

mod keys;
mod sealed;
mod srs;

pub use keys::{KEY_VERSIONS, KeyStore, Keys, PreparedKeys, VerifierKey};
pub use sealed::{SealError, create_sealed, open_sealed};
pub use srs::{Srs, SrsOrigin};

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::circuits::DemoError;

/// Whether something came from the cache or had to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provenance {
    /// Read from the cache.
    Cached,
    /// Made in this run.
    Made,
}

/// The directory that keys and parameters are kept in.
#[derive(Clone, Debug)]
pub struct CacheDir(PathBuf);

/// Why parameters or keys are not available.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// There is no place for a cache.
    #[error("this system names no cache directory for the user: set PARHELION_CACHE or --cache-dir")]
    NoCacheDir,
    /// The cache directory cannot be used.
    #[error("cannot use {} as the cache directory: {source}", path.display())]
    CacheDir {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A parameter file cannot be read.
    #[error("cannot read the parameter file {}: {source}", path.display())]
    ReadParams {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A parameter file holds something else.
    #[error("{} is not a parameter file: {what}: expected {expected}, got {got}", path.display())]
    BadParams {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
        /// What a parameter file has there.
        expected: String,
        /// What was found.
        got: String,
    },
    /// The parameters are for smaller circuits.
    #[error("{} has parameters for k = {got}, the circuit needs at least k = {needed}", path.display())]
    SmallParams {
        /// The file.
        path: PathBuf,
        /// log2 of the size needed.
        needed: u32,
        /// log2 of the file's size.
        got: u32,
    },
    /// The demo circuit cannot be built.
    #[error(transparent)]
    Demo(#[from] DemoError),
    /// Key generation failed.
    #[error("key generation failed: {0}")]
    Keygen(String),
    /// A cached file is gone or unusable although it was just seen to be good.
    #[error("{}: {source}", path.display())]
    Cache {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: SealError,
    },
}

impl CacheDir {
    /// `explicit` if given, otherwise the user's cache directory. Created if missing.
    ///
    /// # Errors
    /// If there is no such directory and it cannot be made.
    pub fn open(explicit: Option<&Path>) -> Result<Self, StoreError> {
        let path = match explicit {
            Some(path) => path.to_owned(),
            None => directories::ProjectDirs::from("", "", "parhelion")
                .ok_or(StoreError::NoCacheDir)?
                .cache_dir()
                .to_owned(),
        };
        match fs::create_dir_all(&path) {
            Ok(()) => Ok(Self(path)),
            Err(source) => Err(StoreError::CacheDir { path, source }),
        }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Keeps a file for later runs. A cache that cannot be written to costs time, nothing
    /// else, so failure is a warning.
    fn keep(&self, name: &str, write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) {
        let path = self.file(name);
        if let Err(error) = create_sealed(&path, write) {
            tracing::warn!("could not keep {} for later runs: {error}", path.display());
        }
    }

    /// Opens a kept file. Damage is a warning: the caller makes the contents anew.
    fn find(&self, name: &str) -> Option<impl io::Read + use<>> {
        let path = self.file(name);
        match open_sealed(&path) {
            Ok(reader) => Some(reader),
            Err(SealError::Io(error)) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::warn!("{} is damaged and will be made anew: {error}", path.display());
                None
            }
        }
    }
}
