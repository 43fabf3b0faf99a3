//! Files that are either whole or refused: a head with kind and version, the content, a checksum.
//!
//! | bytes | what |
//! |---|---|
//! | 8 | `parhsbpf` |
//! | 8 | kind |
//! | 8 | version |
//! | 8 | length of the content |
//! | 32 | blake3 of the four above and the content |
//! | | the content |
//!
//! All numbers are little-endian.

mod coding;

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use crate::Error;
pub(crate) use coding::{Reader, Writer};

const MAGIC: [u8; 8] = *b"parhsbpf";
const HEAD: usize = 64;

/// What a file holds, and the version of how it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Trace,
    Manifest,
    Chunk,
    Secret,
    Srs,
}

impl Kind {
    fn numbers(self) -> [u64; 2] {
        match self {
            Self::Trace => [1, 1],
            Self::Manifest => [2, 1],
            Self::Chunk => [3, 1],
            Self::Secret => [4, 1],
            Self::Srs => [5, 1],
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Trace => "an execution trace",
            Self::Manifest => "the manifest of a bundle",
            Self::Chunk => "a chunk of a bundle",
            Self::Secret => "the secret of a run",
            Self::Srs => "an SRS",
        }
    }
}

/// Writes a file under a temporary name and gives it its name when all of it is on the disk.
pub(crate) fn write(path: &Path, kind: Kind, content: &[u8]) -> Result<(), Error> {
    let temporary = temporary_name(path);
    let written = write_whole(&temporary, &head(kind, content), content)
        .and_then(|()| fs::rename(&temporary, path))
        .and_then(|()| sync_folder(path));
    written.map_err(|source| {
        // Whatever there is of it is worth nothing.
        let _ = fs::remove_file(&temporary);
        Error::Io { action: "write", path: path.to_owned(), source }
    })
}

/// Reads a file back.
pub(crate) fn read(path: &Path, kind: Kind) -> Result<Vec<u8>, Error> {
    let mut bytes =
        fs::read(path).map_err(|source| Error::Io { action: "read", path: path.to_owned(), source })?;
    check(kind, &bytes).map_err(|reason| Error::Damaged { path: path.to_owned(), reason })?;
    Ok(bytes.split_off(HEAD))
}

fn check(kind: Kind, bytes: &[u8]) -> Result<(), String> {
    let Some((found, content)) = bytes.split_at_checked(HEAD) else {
        return Err(format!("it is of {} bytes; {} has at least {HEAD}", bytes.len(), kind.name()));
    };
    if found[..8] != MAGIC {
        return Err(format!("it is not {}", kind.name()));
    }
    let number = |at: usize| Reader::new(&found[at..at + 8]).numbers().map(|[number]| number);
    let [expected_kind, expected_version] = kind.numbers();
    if number(8)? != expected_kind {
        return Err(format!("it is not {}", kind.name()));
    }
    if number(16)? != expected_version {
        return Err(format!("it is of version {}; this is version {expected_version}", number(16)?));
    }
    if number(24)? != content.len() as u64 {
        return Err(format!("its content is of {} bytes instead of {}", content.len(), number(24)?));
    }
    if found != head(kind, content) {
        return Err("its checksum does not fit".into());
    }
    Ok(())
}

fn head(kind: Kind, content: &[u8]) -> [u8; HEAD] {
    let mut head = [0; HEAD];
    head[..8].copy_from_slice(&MAGIC);
    let [kind, version] = kind.numbers();
    for (index, number) in [kind, version, content.len() as u64].into_iter().enumerate() {
        head[8 + index * 8..16 + index * 8].copy_from_slice(&number.to_le_bytes());
    }
    let checksum = blake3::Hasher::new().update(&head[..32]).update(content).finalize();
    head[32..].copy_from_slice(checksum.as_bytes());
    head
}

fn write_whole(path: &Path, head: &[u8], content: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(head)?;
    file.write_all(content)?;
    file.sync_all()
}

/// Beside the file, and another one for every process and every write, so that no two write the same.
fn temporary_name(path: &Path) -> PathBuf {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.{write}.tmp", std::process::id()));
    path.with_file_name(name)
}

/// Removes what writers left that were stopped half-way. Only while no other process writes there.
pub(crate) fn remove_temporary(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

/// Only once the folder is on the disk as well does the file have its name after a power failure.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match File::open(folder.unwrap_or(Path::new("."))) {
        Ok(folder) => folder.sync_all(),
        // Not every system lets folders be opened.
        Err(_) => Ok(()),
    }
}
