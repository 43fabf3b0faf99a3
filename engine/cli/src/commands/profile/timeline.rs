//! What every worker did and which stage the proof was in, as Chrome's trace events: the format that
//! Perfetto and `chrome://tracing` open.

use std::cmp::Reverse;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use parhelion::{Observer, Stage};
use parhelion_scheduler::{EventKind, Record};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Notes when stages begin and end.
#[derive(Debug, Default)]
pub(super) struct Watch(Mutex<Seen>);

#[derive(Debug, Default)]
struct Seen {
    /// Stages that have begun, the outermost first.
    open: Vec<(Stage, Instant)>,
    ended: Vec<(Stage, Instant, Instant)>,
}

impl Observer for Watch {
    fn stage_started(&self, stage: Stage) {
        self.seen().open.push((stage, Instant::now()));
    }

    fn stage_finished(&self, stage: Stage, _: Duration) {
        let mut seen = self.seen();
        if let Some((_, start)) = seen.open.pop_if(|open| open.0 == stage) {
            seen.ended.push((stage, start, Instant::now()));
        }
    }
}

impl Watch {
    /// The stages that have ended so far, and forgets them.
    pub(super) fn take(&self) -> Vec<(Stage, Instant, Instant)> {
        std::mem::take(&mut self.seen().ended)
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thing that lasted, in nanoseconds since the proof began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span<N> {
    name: N,
    start: u64,
    end: u64,
}

/// A worker's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doing {
    Task { submission: u64, stolen_from: Option<usize> },
    Parked,
}

/// The timeline of one proof.
#[derive(Debug, Default)]
pub(super) struct Timeline {
    length: u64,
    stages: Vec<Span<Stage>>,
    workers: Vec<Vec<Span<Doing>>>,
}

/// What a stage cost the workers, by the pool's own record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct StageTime {
    pub(super) name: String,
    pub(super) seconds: f64,
    /// Seconds that workers slept, of all workers together.
    pub(super) parked: f64,
    pub(super) tasks: usize,
    pub(super) steals: usize,
}

impl Timeline {
    /// Puts together what was seen of a proof that lasted from `start` to `end`. The pool's clock was at
    /// zero at `epoch`.
    pub(super) fn new(
        workers: usize,
        record: &Record,
        epoch: Instant,
        stages: &[(Stage, Instant, Instant)],
        (start, end): (Instant, Instant),
    ) -> Self {
        let since =
            |at: Instant| u64::try_from(at.saturating_duration_since(start).as_nanos()).unwrap_or(u64::MAX);
        let length = since(end);
        let offset = u64::try_from(start.saturating_duration_since(epoch).as_nanos()).unwrap_or(u64::MAX);
        let mut stages: Vec<_> = stages
            .iter()
            .map(|&(name, start, end)| Span { name, start: since(start), end: since(end) })
            .collect();
        stages.sort_by_key(|span| (span.start, Reverse(span.end)));
        let workers = (0..workers).map(|worker| spans(record, worker, offset, length)).collect();
        Self { length, stages, workers }
    }

    /// The trace: one track for the stages and one for each worker.
    pub(super) fn trace(&self, title: &str) -> Value {
        let mut events =
            vec![name_of("process_name", 0, title), name_of("thread_name", 0, "stages of the proof")];
        events.extend(
            self.stages.iter().map(|span| complete(0, span.name.name(), span.start, span.end, json!({}))),
        );
        for (worker, spans) in self.workers.iter().enumerate() {
            let track = worker + 1;
            events.push(name_of("thread_name", track, &format!("worker {worker}")));
            for span in spans {
                let stage = self.stage_at(span.start).map_or("between stages", Stage::name);
                events.push(match span.name {
                    Doing::Parked => complete(track, "asleep", span.start, span.end, json!({})),
                    Doing::Task { submission, stolen_from } => {
                        let details =
                            json!({ "stage": stage, "submission": submission, "stolen_from": stolen_from });
                        complete(track, stage, span.start, span.end, details)
                    }
                });
            }
        }
        json!({ "displayTimeUnit": "ms", "traceEvents": events })
    }

    /// The innermost stage at that time.
    fn stage_at(&self, at: u64) -> Option<Stage> {
        self.stages.iter().rev().find(|span| (span.start..span.end).contains(&at)).map(|span| span.name)
    }

    /// How workers spent each stage; the last entry is what lies between stages.
    pub(super) fn stages(&self) -> Vec<StageTime> {
        let mut names: Vec<Option<Stage>> = Stage::ALL.into_iter().map(Some).collect();
        names.push(None);
        let mut times: Vec<_> = names
            .iter()
            .map(|stage| StageTime {
                name: stage.map_or("between stages", Stage::name).to_owned(),
                seconds: 0.0,
                parked: 0.0,
                tasks: 0,
                steals: 0,
            })
            .collect();
        let index =
            |stage: Option<Stage>| names.iter().position(|name| *name == stage).unwrap_or(names.len() - 1);
        for (stage, start, end) in self.pieces() {
            let time = &mut times[index(stage)];
            time.seconds += seconds(end - start);
            let asleep = self.workers.iter().flatten().filter(|span| span.name == Doing::Parked);
            time.parked +=
                seconds(asleep.map(|span| span.end.min(end).saturating_sub(span.start.max(start))).sum());
        }
        for span in self.workers.iter().flatten() {
            if let Doing::Task { stolen_from, .. } = span.name {
                let time = &mut times[index(self.stage_at(span.start))];
                time.tasks += 1;
                time.steals += usize::from(stolen_from.is_some());
            }
        }
        times.retain(|time| time.seconds > 0.0);
        times
    }

    /// The proof cut at every beginning and end of a stage.
    fn pieces(&self) -> Vec<(Option<Stage>, u64, u64)> {
        let mut cuts: Vec<u64> = self.stages.iter().flat_map(|span| [span.start, span.end]).collect();
        cuts.extend([0, self.length]);
        cuts.retain(|cut| *cut <= self.length);
        cuts.sort_unstable();
        cuts.dedup();
        cuts.windows(2).map(|pair| (self.stage_at(pair[0]), pair[0], pair[1])).collect()
    }
}

/// What `worker` did between `offset` and `offset + length` on the pool's clock.
fn spans(record: &Record, worker: usize, offset: u64, length: u64) -> Vec<Span<Doing>> {
    let mut spans = Vec::new();
    let mut open: Vec<(Doing, u64)> = Vec::new();
    let mut victim = None;
    let clip = |at: u64| at.saturating_sub(offset).min(length);
    let mut close = |(name, start): (Doing, u64), end: u64| {
        let (start, end) = (clip(start), clip(end));
        if start < end {
            spans.push(Span { name, start, end });
        }
    };
    for event in record.events.iter().filter(|event| event.worker == worker) {
        let at = event.nanoseconds;
        match event.kind {
            EventKind::Steal { victim: from } => victim = Some(from),
            EventKind::Start { submission } => {
                open.push((Doing::Task { submission, stolen_from: victim.take() }, at));
            }
            EventKind::Park => open.push((Doing::Parked, at)),
            // The beginning may have been overwritten.
            EventKind::End { .. } => {
                if let Some(index) = open.iter().rposition(|(doing, _)| *doing != Doing::Parked) {
                    open.drain(index..).for_each(|begun| close(begun, at));
                }
            }
            EventKind::Unpark => match open.pop_if(|(doing, _)| *doing == Doing::Parked) {
                Some(begun) => close(begun, at),
                None if open.is_empty() => close((Doing::Parked, 0), at),
                None => {}
            },
            _ => {}
        }
    }
    open.drain(..).for_each(|begun| close(begun, u64::MAX));
    // Outer ones first, as the format wants it.
    spans.sort_by_key(|span| (span.start, Reverse(span.end)));
    spans
}

fn seconds(nanoseconds: u64) -> f64 {
    nanoseconds as f64 / 1e9
}

/// An event that lasts. Times are in microseconds.
fn complete(track: usize, name: &str, start: u64, end: u64, args: Value) -> Value {
    let (at, lasts) = (start as f64 / 1e3, (end - start) as f64 / 1e3);
    json!({ "ph": "X", "pid": 1, "tid": track, "name": name, "ts": at, "dur": lasts, "args": args })
}

/// Names a track, or all of them.
fn name_of(what: &str, track: usize, name: &str) -> Value {
    json!({ "ph": "M", "pid": 1, "tid": track, "name": what, "args": { "name": name } })
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_scheduler::{Event, WorkStealing};

    #[test]
    fn a_real_pool_gives_a_well_formed_trace() {
        let pool = WorkStealing::builder().threads(2).record(1 << 12).build().unwrap();
        let (epoch, watch) = (Instant::now(), Watch::default());
        let start = Instant::now();
        for stage in [Stage::Commit, Stage::Quotient] {
            watch.stage_started(stage);
            pool.enter(|| {
                pool.join(
                    || std::thread::sleep(Duration::from_millis(4)),
                    || std::thread::sleep(Duration::from_millis(2)),
                )
            });
            watch.stage_finished(stage, Duration::ZERO);
        }
        std::thread::sleep(Duration::from_millis(5));
        let end = Instant::now();
        let timeline = Timeline::new(2, &pool.take_record(), epoch, &watch.take(), (start, end));

        let stages = timeline.stages();
        let names: Vec<_> = stages.iter().map(|stage| stage.name.as_str()).collect();
        assert_eq!(names, ["commit", "quotient", "between stages"]);
        let total: f64 = stages.iter().map(|stage| stage.seconds).sum();
        assert!((total - (end - start).as_secs_f64()).abs() < 1e-6);
        assert!(stages.iter().all(|stage| stage.parked <= 2.0 * stage.seconds + 1e-9), "{stages:?}");
        assert!(stages[2].parked > 0.0, "{stages:?}");
        assert!(stages[0].tasks >= 1);

        let trace = timeline.trace("test");
        let events = trace["traceEvents"].as_array().unwrap();
        let tracks = events.iter().filter(|event| event["name"] == "thread_name");
        let tracks: Vec<_> = tracks.map(|event| event["args"]["name"].as_str().unwrap()).collect();
        assert_eq!(tracks, ["stages of the proof", "worker 0", "worker 1"]);
        let lasting: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
        assert!(lasting.iter().any(|event| event["tid"] == 0 && event["name"] == "commit"));
        assert!(lasting.iter().any(|event| event["tid"] != 0 && event["name"] == "commit"));
        assert!(lasting.iter().all(|event| event["dur"].as_f64().unwrap() >= 0.0));
    }

    fn record(events: &[(u64, EventKind)]) -> Record {
        let event = |&(nanoseconds, kind)| Event { nanoseconds, worker: 0, kind };
        Record { events: events.iter().map(event).collect(), overwritten: 0 }
    }

    #[test]
    fn unpaired_events_are_clipped_and_nothing_is_lost() {
        let task = |submission| Doing::Task { submission, stolen_from: None };
        let events = [
            (10, EventKind::End { submission: 1 }),
            (20, EventKind::Unpark),
            (30, EventKind::Start { submission: 2 }),
            (40, EventKind::Park),
            (50, EventKind::Unpark),
            (55, EventKind::Steal { victim: 3 }),
            (60, EventKind::Start { submission: 2 }),
            (70, EventKind::End { submission: 2 }),
            (80, EventKind::End { submission: 2 }),
            (90, EventKind::Park),
        ];
        let got = spans(&record(&events), 0, 10, 85);
        let stolen = Doing::Task { submission: 2, stolen_from: Some(3) };
        let expected = [
            (Doing::Parked, 0, 10),
            (task(2), 20, 70),
            (Doing::Parked, 30, 40),
            (stolen, 50, 60),
            (Doing::Parked, 80, 85),
        ];
        assert_eq!(got, expected.map(|(name, start, end)| Span { name, start, end }));
    }

    #[test]
    fn stages_within_stages_are_told_apart() {
        let span = |name, start, end| Span { name, start, end };
        let timeline = Timeline {
            length: 100,
            stages: vec![span(Stage::Synthesis, 10, 90), span(Stage::Commit, 20, 50)],
            workers: Vec::new(),
        };
        let stages: Vec<_> = timeline.stages().into_iter().map(|time| (time.name, time.seconds)).collect();
        let expected = [("synthesis", 50e-9), ("commit", 30e-9), ("between stages", 20e-9)];
        assert_eq!(stages, expected.map(|(name, seconds)| (name.to_owned(), seconds)));
    }
}
