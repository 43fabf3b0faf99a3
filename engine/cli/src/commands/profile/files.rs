//! The directory that a profile is written to.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::CommandError;

/// A directory that can be written to.
#[derive(Debug)]
pub(super) struct OutDir(PathBuf);

impl OutDir {
    /// Makes the directory if there is none, and sees whether files can be made in it.
    ///
    /// # Errors
    /// [`CommandError::OutDir`] if not.
    pub(super) fn open(path: &Path) -> Result<Self, CommandError> {
        fs::create_dir_all(path)
            .and_then(|()| NamedTempFile::new_in(path))
            .map_err(|source| CommandError::OutDir { path: path.to_owned(), source })?;
        Ok(Self(path.to_owned()))
    }

    /// Writes a file under a temporary name and renames it: whoever looks finds all of it or none.
    pub(super) fn write(&self, name: &str, text: &str) -> Result<PathBuf, CommandError> {
        let path = self.0.join(name);
        self.persist(&path, text).map_err(|source| CommandError::Io { path: path.clone(), source })?;
        Ok(path)
    }

    fn persist(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = NamedTempFile::new_in(&self.0)?;
        file.write_all(text.as_bytes())?;
        // Temporary files are for their owner alone; reports are to be passed on.
        #[cfg(unix)]
        file.as_file().set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_written_whole_and_over_old_ones() {
        let dir = tempfile::tempdir().unwrap();
        let out = OutDir::open(&dir.path().join("a/b")).unwrap();
        for text in ["first", "second"] {
            let path = out.write("file", text).unwrap();
            assert_eq!(fs::read_to_string(path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(dir.path().join("a/b")).unwrap().count(), 1, "no temporary file is left");
    }

    #[test]
    fn what_is_no_directory_is_an_error_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        fs::write(&file, "").unwrap();
        let error = OutDir::open(&file).unwrap_err();
        assert!(matches!(&error, CommandError::OutDir { path, .. } if *path == file), "{error}");
    }
}
