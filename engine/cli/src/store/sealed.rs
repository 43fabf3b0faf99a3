//! Files with a checksum, written in one step.
//!
//! ```text
//! magic "parhelio" | version u32 | payload length u64 | BLAKE3 of the payload, 32 bytes | payload
//! ```
//! Integers are little-endian. The checksum is against accidents: whoever can write to the
//! cache directory can also write a matching checksum.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::Path;

use tempfile::NamedTempFile;

const MAGIC: [u8; 8] = *b"parhelio";
const VERSION: u32 = 1;
const HEADER: u64 = 8 + 4 + 8 + 32;
const BUFFER: usize = 1 << 20;

/// What is wrong with a sealed file.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The file cannot be read.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is something else.
    #[error("expected a file that starts with {MAGIC:02x?}, got {0:02x?}")]
    Magic([u8; 8]),
    /// The file was written by another version.
    #[error("expected format version {VERSION}, got {0}")]
    Version(u32),
    /// The file is cut short or has something appended.
    #[error("expected {expected} bytes, got {got}")]
    Length {
        /// Length by the header.
        expected: u64,
        /// Length of the file.
        got: u64,
    },
    /// The contents changed.
    #[error("expected contents with checksum {expected}, got {got}")]
    Checksum {
        /// By the header.
        expected: blake3::Hash,
        /// Of the contents.
        got: blake3::Hash,
    },
}

/// Writes a sealed file at `path`, which until the end is either absent or what it was.
///
/// Not synchronised to the disk: after a power failure the checksum tells, and a cache can be
/// filled again.
///
/// # Errors
/// If the file cannot be written, or `write` fails.
pub fn create_sealed(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> io::Result<()> {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = NamedTempFile::new_in(dir)?;
    file.write_all(&[0; HEADER as usize])?;

    let mut hasher = blake3::Hasher::new();
    let mut payload = Hashing { inner: BufWriter::with_capacity(BUFFER, &file), hasher: &mut hasher, len: 0 };
    write(&mut payload)?;
    payload.flush()?;
    let len = payload.len;
    drop(payload);

    let mut header = Vec::with_capacity(HEADER as usize);
    header.extend(MAGIC);
    header.extend(VERSION.to_le_bytes());
    header.extend(len.to_le_bytes());
    header.extend(hasher.finalize().as_bytes());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&header)?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Opens a sealed file whose contents are whole, and returns a reader of just these.
///
/// The file is read twice, once for the checksum: parsers of the contents may then rely on
/// every byte. It is never held in memory.
///
/// # Errors
/// [`SealError`] if the file is missing or not exactly what was written.
pub fn open_sealed(path: &Path) -> Result<impl Read + use<>, SealError> {
    let mut file = File::open(path)?;
    let got = file.metadata()?.len();
    if got < HEADER {
        return Err(SealError::Length { expected: HEADER, got });
    }
    let magic = read_array(&mut file)?;
    if magic != MAGIC {
        return Err(SealError::Magic(magic));
    }
    let version = u32::from_le_bytes(read_array(&mut file)?);
    if version != VERSION {
        return Err(SealError::Version(version));
    }
    let expected = HEADER.saturating_add(u64::from_le_bytes(read_array(&mut file)?));
    if expected != got {
        return Err(SealError::Length { expected, got });
    }
    let expected = blake3::Hash::from_bytes(read_array(&mut file)?);
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&file)?;
    let got = hasher.finalize();
    if expected != got {
        return Err(SealError::Checksum { expected, got });
    }
    file.seek(SeekFrom::Start(HEADER))?;
    Ok(BufReader::with_capacity(BUFFER, file))
}

fn read_array<const N: usize>(reader: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Passes on what is written, hashing and counting it.
struct Hashing<'a, W> {
    inner: W,
    hasher: &'a mut blake3::Hasher,
    len: u64,
}

impl<W: Write> Write for Hashing<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.len += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn contents(path: &Path) -> Result<Vec<u8>, SealError> {
        let mut bytes = Vec::new();
        open_sealed(path)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    #[test]
    fn returns_what_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        for text in ["", "first", "second, longer"] {
            create_sealed(&path, |out| out.write_all(text.as_bytes())).unwrap();
            assert_eq!(contents(&path).unwrap(), text.as_bytes());
        }
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files must not stay");
    }

    #[test]
    fn a_failed_write_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_sealed(&path, |out| out.write_all(b"old")).unwrap();
        create_sealed(&path, |out| {
            out.write_all(b"new")?;
            Err(io::Error::other("disk full"))
        })
        .unwrap_err();
        assert_eq!(contents(&path).unwrap(), b"old");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "temporary files must not stay");
    }

    #[test]
    fn every_flipped_bit_every_cut_and_every_addition_is_noticed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        create_sealed(&path, |out| out.write_all(b"some payload")).unwrap();
        let good = fs::read(&path).unwrap();
        for bit in 0..8 * good.len() {
            let mut bad = good.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &bad).unwrap();
            assert!(contents(&path).is_err(), "bit {bit}");
        }
        for len in 0..good.len() {
            fs::write(&path, &good[..len]).unwrap();
            assert!(contents(&path).is_err(), "cut to {len} bytes");
        }
        fs::write(&path, [&good[..], &[0]].concat()).unwrap();
        assert!(contents(&path).is_err(), "one byte appended");
        fs::write(&path, &good).unwrap();
        assert!(contents(&path).is_ok());
    }
}
