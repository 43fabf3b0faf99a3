//! Proofs recorded for several numbers of workers, and what their replays say.

use std::sync::Arc;

use parhelion::{Observer, Prover, Stage};
use parhelion_scheduler::Executor;
use serde::{Deserialize, Serialize};

use super::args::Sampling;
use super::graph::{Recorder, Task};
use super::simulate::{critical_path, replay, work_by_stage};
use super::subject::Subject;
use crate::error::CommandError;

/// What a simulation came to for one number of workers. Times are in seconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Simulated {
    pub(super) workers: u32,
    /// Tasks that the proof was cut into for so many workers.
    pub(super) tasks: usize,
    /// Of all tasks together.
    pub(super) work: f64,
    /// The longest chain of tasks that wait for each other.
    pub(super) critical_path: f64,
    /// How long the proof takes.
    pub(super) seconds: f64,
    pub(super) steals: u64,
    /// Seconds of the proof cut for one worker, divided by `workers` times `seconds`.
    pub(super) efficiency: f64,
    /// The same if stealing were free, and if it took ten times as long.
    pub(super) efficiency_free: f64,
    pub(super) efficiency_dear: f64,
    pub(super) stages: Vec<SimulatedStage>,
}

/// A stage of a simulated proof.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct SimulatedStage {
    pub(super) name: String,
    pub(super) work: f64,
    pub(super) critical_path: f64,
    pub(super) seconds: f64,
}

/// Records a warm proof for each number of workers, each cut as for so many, and replays it by as many.
///
/// # Errors
/// If a proof fails, is not accepted, or has other bytes than the first.
pub(super) fn run<S: Subject>(
    sampling: &Sampling,
    subject: &S,
    key: &S::Key,
    prover: impl Fn(Arc<dyn Executor>, Arc<dyn Observer>) -> Result<Prover, CommandError>,
) -> Result<Vec<Simulated>, CommandError> {
    let mut expected: Option<Vec<u8>> = None;
    let mut record = |workers: u32| {
        let recorder = Recorder::new(workers as usize);
        let prover = prover(recorder.clone(), recorder.clone())?;
        // The first proof of a prover pays for pages that later ones find mapped, the more the more workers there are.
        subject.prove(&prover, key, &mut |_| ())?;
        recorder.restart();
        let proof = subject.prove(&prover, key, &mut |_| ())?;
        let task = recorder.take();
        if expected.get_or_insert_with(|| proof.clone()) != &proof {
            return Err(CommandError::OtherBytes { workers });
        }
        subject.verify(&proof)?;
        Ok(task)
    };
    if sampling.workers.is_empty() {
        return Ok(Vec::new());
    }
    let alone = record(1)?.work();
    sampling
        .workers
        .iter()
        .map(|&workers| Ok(Simulated::new(&record(workers)?, workers, alone, sampling.steal_cost)))
        .collect()
}

impl Simulated {
    fn new(task: &Task, workers: u32, alone: u64, steal: u64) -> Self {
        let replay = |steal| replay(task, workers as usize, steal);
        let efficiency = |makespan: u64| alone as f64 / (f64::from(workers) * makespan.max(1) as f64);
        let stated = replay(steal);
        let (work, critical) = (work_by_stage(task), critical_path(task));
        let of = |stages: &[(Option<Stage>, u64)], stage: Option<Stage>| {
            seconds(stages.iter().find(|known| known.0 == stage).map_or(0, |known| known.1))
        };
        let stage = |&(stage, makespan): &(Option<Stage>, u64)| SimulatedStage {
            name: stage.map_or("between stages", Stage::name).to_owned(),
            work: of(&work, stage),
            critical_path: of(&critical, stage),
            seconds: seconds(makespan),
        };
        Self {
            workers,
            tasks: task.forked(),
            work: seconds(task.work()),
            critical_path: seconds(task.span()),
            seconds: seconds(stated.makespan),
            steals: stated.steals,
            efficiency: efficiency(stated.makespan),
            efficiency_free: efficiency(replay(0).makespan),
            efficiency_dear: efficiency(replay(steal.saturating_mul(10)).makespan),
            stages: stated.stages.iter().map(stage).collect(),
        }
    }

    /// The stage in which the critical path is longest.
    pub(super) fn bottleneck(&self) -> Option<&SimulatedStage> {
        self.stages.iter().max_by(|a, b| a.critical_path.total_cmp(&b.critical_path))
    }
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

#[cfg(test)]
mod tests {
    use super::super::graph::Step;
    use super::*;

    #[test]
    fn efficiency_counts_what_cutting_costs() {
        let leaf = |nanoseconds| Task(vec![Step::Work(nanoseconds)]);
        let mark = |stage| Step::Stage(Some(stage));
        let task = Task(vec![
            mark(Stage::Commit),
            Step::Fork(vec![leaf(600); 4]),
            mark(Stage::Open),
            Step::Work(100),
        ]);
        let got = Simulated::new(&task, 4, 2000, 100);
        assert_eq!((got.tasks, got.steals), (4, 3));
        // 600 + 100 late + 100.
        assert_eq!((got.work, got.critical_path, got.seconds), (2.5e-6, 7e-7, 8e-7));
        assert_eq!(got.efficiency, 2000.0 / 3200.0);
        assert_eq!(got.efficiency_free, 2000.0 / 2800.0);
        // Waiting 1000 for a thief: the owner does two meanwhile.
        assert!(got.efficiency_dear < got.efficiency);
        assert_eq!(got.bottleneck().unwrap().name, "commit");
        let stages: Vec<_> = got.stages.iter().map(|stage| (stage.name.as_str(), stage.seconds)).collect();
        assert_eq!(stages, [("between stages", 0.0), ("commit", 7e-7), ("open", 1e-7)]);
    }
}
