//! The folder of a proven execution: the proofs, and beside them what they are about.
//!
//! ```text
//!  program.so    the ELF file
//!  input.bin     the input region
//!  srs           the digest of the parameters, in hex: which file to verify with
//!  manifest, chunk-000000, ...   see `parhelion_sbpf::Bundle`
//! ```

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::source::Source;
use crate::error::CommandError;

const PROGRAM: &str = "program.so";
const INPUT: &str = "input.bin";
const SRS: &str = "srs";
const MANIFEST: &str = "manifest";

/// The folder of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Nothing is looked at or made yet.
    pub(super) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// The folder at `path`, if proofs of an execution are there.
    pub(crate) fn find(path: &Path) -> Option<Self> {
        path.join(MANIFEST).is_file().then(|| Self(path.to_owned()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn program(&self) -> PathBuf {
        self.0.join(PROGRAM)
    }

    pub(super) fn input(&self) -> PathBuf {
        self.0.join(INPUT)
    }

    /// The digest of the parameters that the proofs are said to be made under.
    pub(super) fn srs(&self) -> Option<String> {
        fs::read_to_string(self.0.join(SRS)).ok().map(|text| text.trim().to_owned())
    }

    /// Makes the folder and puts program and input there, or sees that they are there.
    pub(super) fn begin(&self, source: &Source, fresh: bool) -> Result<(), CommandError> {
        let fail = |source| CommandError::Io { path: self.0.clone(), source };
        fs::create_dir_all(&self.0).map_err(fail)?;
        if fresh {
            self.clear().map_err(fail)?;
        }
        for (name, bytes) in [(PROGRAM, &source.elf), (INPUT, &source.input)] {
            let path = self.0.join(name);
            match fs::read(&path) {
                Ok(found) if found == *bytes => {}
                Ok(_) => return Err(CommandError::OtherRun { path }),
                Err(error) if error.kind() == io::ErrorKind::NotFound => self.put(name, bytes)?,
                Err(source) => return Err(CommandError::Io { path, source }),
            }
        }
        Ok(())
    }

    /// Notes which parameters the proofs are made under.
    pub(super) fn note_srs(&self, digest: &str) -> Result<(), CommandError> {
        self.put(SRS, format!("{digest}\n").as_bytes())
    }

    /// Removes what a run leaves, and nothing else.
    fn clear(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.0)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            let is_chunk = name.strip_prefix("chunk-").is_some_and(|number| number.parse::<u32>().is_ok());
            if is_chunk || [PROGRAM, INPUT, SRS, MANIFEST, "secret"].contains(&&*name) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(())
    }

    /// Writes a file in one step: it is never seen half written.
    fn put(&self, name: &str, bytes: &[u8]) -> Result<(), CommandError> {
        let path = self.0.join(name);
        let written = tempfile::Builder::new().suffix(".tmp").tempfile_in(&self.0).and_then(|mut file| {
            file.write_all(bytes)?;
            file.as_file().sync_all()?;
            file.persist(&path).map(drop).map_err(|error| error.error)
        });
        written.map_err(|source| CommandError::Io { path, source })
    }
}
