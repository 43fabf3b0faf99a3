//! Runs the command in a directory of its own.

#![allow(dead_code, reason = "each test binary uses a part")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// A place for one test: its own cache and output directories.
pub(crate) struct Place(TempDir);

/// What a run of the command left.
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.path("cache")
    }

    /// The one cached file of that extension.
    pub(crate) fn cached(&self, extension: &str) -> PathBuf {
        let files = std::fs::read_dir(self.cache()).unwrap().map(|entry| entry.unwrap().path());
        let mut found: Vec<_> =
            files.filter(|path| path.extension().is_some_and(|ext| ext == extension)).collect();
        assert_eq!(found.len(), 1, "{extension}: {found:?}");
        found.remove(0)
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        let output = Command::new(env!("CARGO_BIN_EXE_parhelion"))
            .args(args)
            .current_dir(self.0.path())
            .env("PARHELION_CACHE", self.cache())
            .env_remove("RUST_LOG")
            .env_remove("PARHELION_KERNELS")
            .output()
            .unwrap();
        Run::from(output)
    }

    /// Proves plonk with k = 6 and returns the proof file.
    pub(crate) fn prove_plonk(&self, extra: &[&str]) -> PathBuf {
        self.run(&[&["prove", "--circuit", "plonk", "--k", "6", "--json"], extra].concat()).succeeded();
        self.path("parhelion-out/plonk-k6.proof.json")
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        let run =
            Self { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) };
        // Whatever the input: an error message, never a panic.
        assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
        run
    }
}

impl Run {
    pub(crate) fn succeeded(self) -> Self {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        self
    }

    /// Failed with this exit code and a message that contains all of `words`.
    pub(crate) fn failed(self, code: i32, words: &[&str]) -> Self {
        assert_eq!(self.code, Some(code), "{}", self.stderr);
        for word in words {
            assert!(self.stderr.contains(word), "no {word:?} in: {}", self.stderr);
        }
        self
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}

/// Flips one bit of a file.
pub(crate) fn flip(path: &Path, byte: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[byte] ^= 1;
    std::fs::write(path, bytes).unwrap();
}

/// Cuts a file to its first `len` bytes.
pub(crate) fn cut(path: &Path, len: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes.truncate(len);
    std::fs::write(path, bytes).unwrap();
}
