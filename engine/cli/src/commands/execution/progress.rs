//! Chunks as they are proven: a bar while it lasts, a table afterwards.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use parhelion_cli::proc;
use parhelion_sbpf::{Choice, ChunkObserver, ChunkProof, ChunkReport};
use serde::Serialize;

use crate::ui;

/// A line of the table.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) index: u64,
    pub(super) steps: u64,
    /// `None` if an earlier run proved it.
    pub(super) seconds: Option<f64>,
    /// The most memory resident so far, keys and other chunks included; where the system does not tell,
    /// what the buffers of proofs took.
    pub(super) peak_bytes: Option<u64>,
    pub(super) proof_bytes: usize,
}

/// How proving went.
#[derive(Debug, Default)]
pub(super) struct Summary {
    pub(super) choice: Option<Choice>,
    /// Parameters and keys.
    pub(super) keys: Duration,
    /// Chunks, from the first begun to the last kept.
    pub(super) proving: Duration,
    begun: Option<Instant>,
    reports: BTreeMap<u64, (ChunkReport, u64)>,
}

impl Summary {
    /// The table: all chunks, those of earlier runs included.
    pub(super) fn rows(&self, chunks: &[ChunkProof]) -> Vec<Row> {
        let row = |chunk: &ChunkProof| {
            let report = self.reports.get(&chunk.index);
            Row {
                index: chunk.index,
                steps: chunk.steps,
                seconds: report.map(|(report, _)| report.took.as_secs_f64()),
                peak_bytes: report.map(|(_, peak)| *peak),
                proof_bytes: chunk.proof.len(),
            }
        };
        chunks.iter().map(row).collect()
    }

    /// Steps that were proven in this run.
    pub(super) fn steps(&self) -> u64 {
        self.reports.values().map(|(report, _)| report.steps).sum()
    }
}

/// Follows a run.
#[derive(Debug)]
pub(super) struct Progress {
    bar: ProgressBar,
    summary: Mutex<Summary>,
}

impl Progress {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { bar: ui::chunk_bar(), summary: Mutex::default() })
    }

    /// Removes the bar.
    pub(super) fn finish(&self) -> Summary {
        ui::remove(&self.bar);
        std::mem::take(&mut *self.summary())
    }

    fn summary(&self) -> MutexGuard<'_, Summary> {
        self.summary.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ChunkObserver for Progress {
    fn chosen(&self, choice: &Choice) {
        self.bar.set_length(choice.chunks);
        self.bar.set_message("keys");
        self.bar.enable_steady_tick(Duration::from_millis(100));
        self.summary().choice = Some(*choice);
    }

    fn keys(&self, took: Duration) {
        self.bar.set_message("proving");
        self.summary().keys = took;
    }

    fn kept(&self, _: u64) {
        self.bar.inc(1);
    }

    fn damaged(&self, index: u64, reason: &str) {
        ui::note(&format!("chunk {index} of an earlier run is proven again: {reason}"));
    }

    fn started(&self, _: u64) {
        self.summary().begun.get_or_insert_with(Instant::now);
    }

    fn proven(&self, report: &ChunkReport) {
        self.bar.inc(1);
        let peak = proc::peak_resident().unwrap_or(report.peak_buffer_bytes as u64);
        let mut summary = self.summary();
        summary.reports.insert(report.index, (*report, peak));
        summary.proving = summary.begun.map_or(Duration::ZERO, |begun| begun.elapsed());
    }
}
