//! What was measured: reports of `bench`, as far as tables and pictures need them.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Result;

/// `record/CPU/memory.json`.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Record {
    /// With every allocator.
    pub(crate) matrix: Vec<Report>,
    /// Under memory limits.
    pub(crate) limits: Vec<Limits>,
}

/// A comparison of the engine with the stock prover.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Report {
    pub(crate) circuit: String,
    pub(crate) k: u32,
    pub(crate) threads: u32,
    pub(crate) kernels: String,
    pub(crate) runs: u32,
    pub(crate) allocator: String,
    /// BLAKE3 of our first proof, which must be the same with every allocator.
    pub(crate) proof_digest: String,
    /// First proofs.
    pub(crate) stock: Costs,
    pub(crate) parhelion: Costs,
    /// Second proofs.
    pub(crate) warm: Warm,
    pub(crate) process: Process,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Warm {
    pub(crate) stock: Costs,
    pub(crate) parhelion: Costs,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Costs {
    pub(crate) seconds: Spread,
    pub(crate) peak_bytes: u64,
    pub(crate) base_bytes: u64,
    pub(crate) minor_faults: u64,
    pub(crate) allocations: u64,
    pub(crate) system_seconds: f64,
    pub(crate) system_share: f64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

/// Peaks from the beginning of a process.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Process {
    pub(crate) stock_load_peak_bytes: u64,
    pub(crate) load_peak_bytes: u64,
    pub(crate) stock_loaded_bytes: u64,
    pub(crate) loaded_bytes: u64,
    pub(crate) stock_peak_bytes: u64,
    pub(crate) peak_bytes: u64,
}

/// Proofs under memory limits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Limits {
    pub(crate) circuit: String,
    pub(crate) k: u32,
    pub(crate) threads: u32,
    pub(crate) kernels: String,
    pub(crate) runs: u32,
    pub(crate) allocator: String,
    pub(crate) stock_peak_bytes: u64,
    pub(crate) stock_seconds: f64,
    /// Whether all proofs have the same bytes.
    pub(crate) same_bytes: bool,
    /// Without a limit first.
    pub(crate) points: Vec<Point>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Point {
    pub(crate) limit: Option<u64>,
    /// Why there is no proof.
    pub(crate) error: Option<String>,
    pub(crate) seconds: Spread,
    pub(crate) warm_seconds: Option<Spread>,
    pub(crate) peak_bytes: Option<u64>,
    pub(crate) base_bytes: Option<u64>,
    pub(crate) mapped_bytes: Option<u64>,
}

impl Record {
    fn path(cpu: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("record").join(cpu).join("memory.json")
    }

    /// The record of a CPU, empty if there is none.
    pub(crate) fn read(cpu: &str) -> Result<Self> {
        let path = Self::path(cpu);
        if !path.exists() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_slice(&fs::read(path)?)?)
    }

    pub(crate) fn write(&self, cpu: &str) -> Result<()> {
        let (path, text) = (Self::path(cpu), serde_json::to_string_pretty(self)?);
        fs::create_dir_all(path.parent().unwrap_or(&path))?;
        Ok(fs::write(path, text + "\n")?)
    }

    /// Puts a report in the place of the last one of its kind.
    pub(crate) fn put(&mut self, report: Report) -> Result<()> {
        let same = |old: &Report| old.circuit == report.circuit && old.k == report.k;
        self.matrix.retain(|old| !same(old) || old.allocator != report.allocator);
        if let Some(other) = self.matrix.iter().find(|old| same(old))
            && other.proof_digest != report.proof_digest
        {
            let names = (&other.allocator, &report.allocator);
            return Err(format!("{} gives other proofs than {}", names.1, names.0).into());
        }
        self.matrix.push(report);
        Ok(())
    }

    pub(crate) fn put_limits(&mut self, limits: Limits) {
        self.limits.retain(|old| old.circuit != limits.circuit || old.k != limits.k);
        self.limits.push(limits);
    }

    /// The reports of each circuit.
    pub(crate) fn circuits(&self) -> Vec<Vec<&Report>> {
        let mut circuits: Vec<Vec<&Report>> = Vec::new();
        for report in &self.matrix {
            let same =
                |known: &&mut Vec<&Report>| (&known[0].circuit, known[0].k) == (&report.circuit, report.k);
            match circuits.iter_mut().find(same) {
                Some(known) => known.push(report),
                None => circuits.push(vec![report]),
            }
        }
        circuits
    }
}
