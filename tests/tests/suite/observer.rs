//! Who watches a proof sees its stages, and changes nothing.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use parhelion::{MultiOpen, Observer, Prover, Stage};
use parhelion_tests::bench::Bench;
use parhelion_tests::circuits::{Fault, ZooCircuit};
use parhelion_tests::{Case, zoo};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    Started(Stage),
    Finished(Stage),
}

#[derive(Default)]
struct Log(Mutex<Vec<Seen>>);

impl Observer for Log {
    fn stage_started(&self, stage: Stage) {
        self.0.lock().expect("no panic").push(Seen::Started(stage));
    }

    fn stage_finished(&self, stage: Stage, _elapsed: Duration) {
        self.0.lock().expect("no panic").push(Seen::Finished(stage));
    }
}

fn watched() -> (Arc<Log>, Prover) {
    let log = Arc::new(Log::default());
    let observer = Arc::clone(&log) as Arc<dyn Observer>;
    (log, Prover::builder().multi_open(MultiOpen::Gwc).observer(observer).build().expect("prover"))
}

/// The stages in the order they were entered. Each must be left, those entered inside it first:
/// a circuit that ends a phase itself has its columns committed to in the middle of synthesis.
fn stages(log: &Log) -> Vec<Stage> {
    let (mut entered, mut open) = (Vec::new(), Vec::new());
    for seen in std::mem::take(&mut *log.0.lock().expect("no panic")) {
        match seen {
            Seen::Started(stage) => {
                entered.push(stage);
                open.push(stage);
            }
            Seen::Finished(stage) => assert_eq!(open.pop(), Some(stage)),
        }
    }
    assert!(open.is_empty(), "never left: {open:?}");
    entered
}

fn case(name: &str) -> Case {
    zoo().into_iter().find(|case| case.name == name).expect("in the zoo")
}

#[test]
fn every_stage_is_seen_and_nothing_changes() {
    let (log, prover) = watched();
    let bench = Bench::of(&case("everything"), false);
    let proof = bench.ours(&prover, 1).expect("proof");
    let seen = stages(&log);
    assert!(Stage::ALL.iter().all(|stage| seen.contains(stage)), "{seen:?}");
    assert_eq!((seen.first(), seen.last()), (Some(&Stage::Synthesis), Some(&Stage::Open)));

    let unwatched = Prover::builder().multi_open(MultiOpen::Gwc).build().expect("prover");
    assert!(bench.ours(&unwatched, 1).expect("proof") == proof);
}

#[test]
fn a_failed_stage_is_left_and_the_last() {
    let (log, prover) = watched();
    let mut bench = Bench::of(&case("two circuits"), false);
    // The copies come first: column 1 is the second of theirs.
    bench.circuits[1] =
        ZooCircuit::new(case("two circuits").recipe, 1).with_fault(Fault { column: 1, row: 3 });
    bench.ours(&prover, 1).expect_err("unsatisfied");
    let seen = stages(&log);
    assert_eq!(seen.last(), Some(&Stage::Permutation), "{seen:?}");
}
