//! A recorded proof replayed by any number of workers: a simulation.
//!
//! Workers do as those of the pool: each has a deque, takes its own youngest task first and
//! steals the oldest ones of others; a task that waits for others stays where it is, and the worker goes on
//! with what it finds, on top of it. A stolen task begins `steal` nanoseconds late. Everything
//! else takes as long as it was recorded to take: workers do not slow each other down.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, VecDeque};

use parhelion::Stage;

use super::graph::{Clock, Step, Task};

/// What a replay came to. Times are in nanoseconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Replay {
    pub(super) makespan: u64,
    pub(super) steals: u64,
    /// Time in each stage, in the order of first appearance. `None` is outside of stages.
    pub(super) stages: Vec<(Option<Stage>, u64)>,
}

/// Replays `root` on `workers` workers (0 counts as 1).
pub(super) fn replay(root: &Task, workers: usize, steal: u64) -> Replay {
    let mut simulation = Simulation::new(root, workers.max(1), steal);
    simulation.schedule(0, 0);
    while let Some(Reverse((time, worker))) = simulation.events.pop() {
        simulation.now = time;
        simulation.advance(worker);
    }
    simulation.stage_ends();
    Replay { makespan: simulation.now, steals: simulation.steals, stages: simulation.stages }
}

struct Simulation<'a> {
    now: u64,
    steal: u64,
    steals: u64,
    /// When which worker has something to do next.
    events: BinaryHeap<Reverse<(u64, usize)>>,
    workers: Vec<Worker>,
    idle: BTreeSet<usize>,
    frames: Vec<Frame<'a>>,
    stage: (Option<Stage>, u64),
    stages: Vec<(Option<Stage>, u64)>,
}

#[derive(Default)]
struct Worker {
    /// Tasks that it has begun, each within the one below.
    stack: Vec<usize>,
    /// Tasks that wait to be begun, the oldest first.
    deque: VecDeque<usize>,
}

/// A task that has been forked.
struct Frame<'a> {
    steps: &'a [Step],
    parent: Option<usize>,
    /// The worker that has begun it.
    worker: usize,
    /// How many tasks it waits for.
    pending: usize,
    /// How many of those aside have not ended, and whether it waits for them.
    aside: usize,
    waits: bool,
    /// Whether its parent goes on beside it.
    is_aside: bool,
}

impl<'a> Frame<'a> {
    fn new(task: &'a Task, parent: Option<usize>, worker: usize) -> Self {
        Self { steps: &task.0, parent, worker, pending: 0, aside: 0, waits: false, is_aside: false }
    }

    fn is_blocked(&self) -> bool {
        self.pending > 0 || (self.waits && self.aside > 0)
    }
}

impl<'a> Simulation<'a> {
    fn new(root: &'a Task, workers: usize, steal: u64) -> Self {
        let mut all: Vec<Worker> = (0..workers).map(|_| Worker::default()).collect();
        all[0].stack.push(0);
        Self {
            now: 0,
            steal,
            steals: 0,
            events: BinaryHeap::new(),
            workers: all,
            idle: (1..workers).collect(),
            frames: vec![Frame::new(root, None, 0)],
            stage: (None, 0),
            stages: Vec::new(),
        }
    }

    fn schedule(&mut self, worker: usize, time: u64) {
        self.events.push(Reverse((time, worker)));
    }

    /// Lets a worker go on until it works or finds nothing to do.
    fn advance(&mut self, worker: usize) {
        loop {
            let top = self.workers[worker].stack.last().copied();
            let Some(frame) = top.filter(|&frame| !self.frames[frame].is_blocked()) else {
                match self.take(worker) {
                    Some(true) => return self.schedule(worker, self.now + self.steal),
                    Some(false) => continue,
                    None => {
                        self.idle.insert(worker);
                        return;
                    }
                }
            };
            match self.frames[frame].steps.split_first() {
                None if self.frames[frame].aside > 0 => self.frames[frame].waits = true,
                None => self.end(worker, frame),
                Some((step, rest)) => {
                    self.frames[frame].steps = rest;
                    self.frames[frame].waits = *step == Step::Wait;
                    match step {
                        Step::Work(0) => {}
                        Step::Work(nanoseconds) => return self.schedule(worker, self.now + nanoseconds),
                        Step::Stage(stage) => {
                            self.stage_ends();
                            self.stage = (*stage, self.now);
                        }
                        Step::Fork(tasks) => self.fork(worker, frame, tasks),
                        Step::Aside(task) => self.hand_in(worker, frame, task),
                        Step::Wait => {}
                    }
                }
            }
        }
    }

    /// Finds a task to begin: true if it was another worker's.
    fn take(&mut self, worker: usize) -> Option<bool> {
        let own = self.workers[worker].deque.pop_back();
        let count = self.workers.len();
        let stolen = own.is_none();
        let frame = own.or_else(|| {
            (1..count).find_map(|distance| self.workers[(worker + distance) % count].deque.pop_front())
        })?;
        self.steals += u64::from(stolen);
        self.frames[frame].worker = worker;
        self.workers[worker].stack.push(frame);
        Some(stolen)
    }

    fn fork(&mut self, worker: usize, frame: usize, tasks: &'a [Task]) {
        self.frames[frame].pending = tasks.len();
        // The first is begun first by its owner, the last is the first to be stolen.
        for task in tasks.iter().rev() {
            self.workers[worker].deque.push_back(self.frames.len());
            self.frames.push(Frame::new(task, Some(frame), worker));
        }
        self.wake();
    }

    fn hand_in(&mut self, worker: usize, frame: usize, task: &'a Task) {
        self.frames[frame].aside += 1;
        self.workers[worker].deque.push_back(self.frames.len());
        self.frames.push(Frame { is_aside: true, ..Frame::new(task, Some(frame), worker) });
        self.wake();
    }

    fn wake(&mut self) {
        for idle in std::mem::take(&mut self.idle) {
            self.schedule(idle, self.now);
        }
    }

    fn end(&mut self, worker: usize, frame: usize) {
        self.workers[worker].stack.pop();
        let Some(parent) = self.frames[frame].parent else { return };
        match self.frames[frame].is_aside {
            true => self.frames[parent].aside -= 1,
            false => self.frames[parent].pending -= 1,
        }
        let waiting = self.frames[parent].worker;
        if !self.frames[parent].is_blocked() && self.idle.remove(&waiting) {
            self.schedule(waiting, self.now);
        }
    }

    fn stage_ends(&mut self) {
        let (stage, since) = self.stage;
        add(&mut self.stages, stage, self.now - since);
        self.stage.1 = self.now;
    }
}

/// Adds to the entry of `stage`, which is made if there is none.
fn add(stages: &mut Vec<(Option<Stage>, u64)>, stage: Option<Stage>, nanoseconds: u64) {
    match stages.iter_mut().find(|known| known.0 == stage) {
        Some(known) => known.1 += nanoseconds,
        None => stages.push((stage, nanoseconds)),
    }
}

/// The longest chain of `root`, by stage.
pub(super) fn critical_path(root: &Task) -> Vec<(Option<Stage>, u64)> {
    let mut clock = Clock::default();
    by_stage(root, |step| clock.pass(step))
}

/// The work of `root`, by stage.
pub(super) fn work_by_stage(root: &Task) -> Vec<(Option<Stage>, u64)> {
    by_stage(root, Step::work)
}

fn by_stage(root: &Task, mut measure: impl FnMut(&Step) -> u64) -> Vec<(Option<Stage>, u64)> {
    let (mut current, mut stages) = (None, Vec::new());
    for step in &root.0 {
        match step {
            Step::Stage(stage) => current = *stage,
            step => add(&mut stages, current, measure(step)),
        }
    }
    stages
}

#[cfg(test)]
mod tests {
    use super::*;
    use Step::{Fork, Work};

    fn leaf(nanoseconds: u64) -> Task {
        Task(vec![Work(nanoseconds)])
    }

    fn equal(count: usize, nanoseconds: u64) -> Step {
        Fork(vec![leaf(nanoseconds); count])
    }

    #[test]
    fn known_graphs_have_known_makespans() {
        // 1 + 8 * 10 + 2, no cost of stealing.
        let task = Task(vec![Work(1), equal(8, 10), Work(2)]);
        for (workers, makespan) in [(1, 83), (2, 43), (3, 33), (4, 23), (8, 13), (64, 13)] {
            assert_eq!(replay(&task, workers, 0).makespan, makespan, "{workers} workers");
        }
        assert_eq!((task.work(), task.span()), (83, 13));
        // One task longer than all others together.
        let task = Task(vec![Fork(vec![leaf(5), leaf(100), leaf(5)])]);
        for (workers, makespan) in [(1, 110), (2, 105), (3, 100)] {
            assert_eq!(replay(&task, workers, 0).makespan, makespan, "{workers} workers");
        }
        assert_eq!(replay(&Task::default(), 4, 9).makespan, 0);
    }

    #[test]
    fn a_stolen_task_begins_late() {
        let task = Task(vec![equal(2, 100)]);
        let two = replay(&task, 2, 30);
        assert_eq!((two.makespan, two.steals), (130, 1));
        let one = replay(&task, 1, 30);
        assert_eq!((one.makespan, one.steals), (200, 0));
        // Two halves, four quarters: the thief steals a half, and does its quarters itself.
        let half = Task(vec![Work(10), equal(2, 20)]);
        let tree = Task(vec![Fork(vec![half.clone(), half])]);
        let two = replay(&tree, 2, 5);
        assert_eq!((two.makespan, two.steals), (55, 1));
    }

    #[test]
    fn tasks_aside_run_beside_their_parent() {
        let task = Task(vec![
            Work(10),
            Step::Aside(leaf(50)),
            Work(20),
            Step::Aside(leaf(5)),
            Work(5),
            Step::Wait,
            Work(1),
        ]);
        assert_eq!((task.work(), task.span(), task.forked()), (91, 61, 2));
        for (workers, makespan) in [(1, 91), (2, 61), (3, 61)] {
            assert_eq!(replay(&task, workers, 0).makespan, makespan, "{workers} workers");
        }
        // The one that goes on is the bottleneck; and a task that ends waits for those beside it.
        let task = Task(vec![Step::Aside(leaf(5)), Work(20), Step::Wait, Step::Aside(leaf(30))]);
        assert_eq!((task.span(), replay(&task, 2, 0).makespan), (50, 50));
        assert_eq!(replay(&task, 2, 3).makespan, 50);
    }

    #[test]
    fn nested_forks_use_all_workers() {
        let inner = Task(vec![equal(4, 10)]);
        let task = Task(vec![Fork(vec![inner; 4])]);
        assert_eq!(replay(&task, 4, 0).makespan, 40);
        assert_eq!(replay(&task, 16, 0).makespan, 10);
    }

    #[test]
    fn stages_are_timed() {
        let stage = |stage| Step::Stage(Some(stage));
        let task = Task(vec![
            Work(3),
            stage(Stage::Commit),
            equal(4, 10),
            stage(Stage::Quotient),
            Work(7),
            stage(Stage::Commit),
            Work(5),
            Step::Stage(None),
        ]);
        let expected = |commit| vec![(None, 3), (Some(Stage::Commit), commit), (Some(Stage::Quotient), 7)];
        assert_eq!(replay(&task, 2, 0).stages, expected(25));
        assert_eq!(critical_path(&task), expected(15));
        assert_eq!(work_by_stage(&task), expected(45));
    }

    /// Graphs of pseudo-random shape.
    fn random(seed: &mut u64, depth: u32) -> Task {
        let mut next = |bound: u64| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (*seed >> 33) % bound
        };
        let steps = (0..1 + next(3)).map(|_| (next(100), next(5), next(4))).collect::<Vec<_>>();
        let mut task = Task::default();
        for (nanoseconds, children, aside) in steps {
            task.0.push(Work(nanoseconds));
            match aside {
                0 if depth > 0 => task.0.push(Step::Aside(random(seed, depth - 1))),
                1 => task.0.push(Step::Wait),
                _ => {}
            }
            if depth > 0 {
                task.0.push(Fork((0..children).map(|_| random(seed, depth - 1)).collect()));
            }
        }
        task
    }

    #[test]
    fn no_replay_beats_the_bounds_and_one_worker_does_all_the_work() {
        let mut seed = 1;
        for _ in 0..200 {
            let task = random(&mut seed, 4);
            let (work, span) = (task.work(), task.span());
            assert_eq!(replay(&task, 1, 50).makespan, work);
            for workers in [2, 3, 7, 64] {
                let Replay { makespan, stages, .. } = replay(&task, workers, 0);
                let least = span.max(work.div_ceil(workers as u64));
                assert!(
                    (least..=work).contains(&makespan),
                    "{workers} workers: {least} <= {makespan} <= {work}"
                );
                assert_eq!(stages.iter().map(|stage| stage.1).sum::<u64>(), makespan);
                assert!(replay(&task, workers, 10).makespan >= least);
            }
        }
    }
}
