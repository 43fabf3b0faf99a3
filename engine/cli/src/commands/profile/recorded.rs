//! One proof of the engine as its workers have written it down.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parhelion::Prover;
use parhelion_scheduler::{EventKind, Pin, Topology, WorkStealing};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::args::ChildArgs;
use super::child::build;
use super::subject::Subject;
use super::timeline::{StageTime, Timeline, Watch};
use crate::args::Common;
use crate::error::CommandError;

/// Events kept for each worker.
const EVENTS: usize = 1 << 18;

/// What the pool has recorded of one proof that was not sampled.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Recorded {
    pub(super) seconds: f64,
    pub(super) trace: Value,
    pub(super) stages: Vec<StageTime>,
    /// Events that did not fit.
    pub(super) overwritten: u64,
}

/// The engine on a pool that writes down what it does.
pub(super) struct Ours {
    pub(super) prover: Prover,
    pool: WorkStealing,
    watch: Arc<Watch>,
    /// When the pool's clock was at zero.
    epoch: Instant,
}

impl Ours {
    pub(super) fn start(common: &Common, args: &ChildArgs) -> Result<Self, CommandError> {
        let threads = common.threads();
        // As many threads as cores are bound to them, fewer are not: they have neighbours.
        let pin = if threads >= Topology::read().physical_cores() { Pin::PhysicalCores } else { Pin::None };
        let pool = WorkStealing::builder()
            .threads(threads)
            .pin(pin)
            .record(EVENTS)
            .build()
            .map_err(|error| CommandError::Threads { threads, reason: error.to_string() })?;
        // The clocks meet in a piece of work whose beginning is on both.
        let met = pool.enter(Instant::now);
        let begun =
            pool.take_record().events.into_iter().find(|event| matches!(event.kind, EventKind::Start { .. }));
        let since = begun.map_or(0, |event| event.nanoseconds);
        let epoch = met.checked_sub(Duration::from_nanos(since)).unwrap_or(met);
        let watch = Arc::new(Watch::default());
        let prover = build(common, args, Arc::new(pool.clone()), watch.clone())?;
        Ok(Self { prover, pool, watch, epoch })
    }

    /// Records one proof.
    pub(super) fn record<S: Subject>(&self, subject: &S, key: &S::Key) -> Result<Recorded, CommandError> {
        let (_, _) = (self.pool.take_record(), self.watch.take());
        let start = Instant::now();
        let proof = subject.prove(&self.prover, key, &mut |_| ())?;
        let end = Instant::now();
        let record = self.pool.take_record();
        subject.verify(&proof)?;
        let timeline =
            Timeline::new(self.pool.threads(), &record, self.epoch, &self.watch.take(), (start, end));
        Ok(Recorded {
            seconds: (end - start).as_secs_f64(),
            trace: timeline.trace(&format!("parhelion, {}", subject.title())),
            stages: timeline.stages(),
            overwritten: record.overwritten,
        })
    }
}
