//! The tasks of a proof and what they wait for, recorded on one thread.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use parhelion::{Observer, Stage};
use parhelion_scheduler::{Aside, Executor, Spawn};
use rustix::time::{ClockId, clock_gettime};

/// What one thread does from beginning to end, as a list of steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Task(pub(super) Vec<Step>);

/// A step of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Work of so many nanoseconds.
    Work(u64),
    /// Tasks that may run at once; the next step waits for all of them.
    Fork(Vec<Task>),
    /// A task that may run while this one goes on.
    Aside(Task),
    /// Waits for all tasks aside so far.
    Wait,
    /// From here on the proof is in this stage. Only in the outermost task.
    Stage(Option<Stage>),
}

impl Task {
    /// Nanoseconds of work in all.
    pub(super) fn work(&self) -> u64 {
        self.0.iter().map(Step::work).sum()
    }

    /// Nanoseconds of the longest chain of steps that wait for each other: no number of threads is faster.
    pub(super) fn span(&self) -> u64 {
        let mut clock = Clock::default();
        self.0.iter().for_each(|step| _ = clock.pass(step));
        clock.now.max(clock.aside)
    }

    /// How many tasks it forks, and they.
    pub(super) fn forked(&self) -> usize {
        let forks = self.0.iter().map(|step| match step {
            Step::Fork(tasks) => tasks.as_slice(),
            Step::Aside(task) => std::slice::from_ref(task),
            _ => &[],
        });
        forks.flatten().map(|task| 1 + task.forked()).sum()
    }
}

/// Goes through the steps of a task as if there were any number of threads.
#[derive(Default)]
pub(super) struct Clock {
    now: u64,
    /// When the last task aside ends.
    aside: u64,
}

impl Clock {
    /// The nanoseconds until the next step can begin.
    pub(super) fn pass(&mut self, step: &Step) -> u64 {
        let before = self.now;
        match step {
            Step::Work(nanoseconds) => self.now += nanoseconds,
            Step::Fork(tasks) => self.now += tasks.iter().map(Task::span).max().unwrap_or_default(),
            Step::Aside(task) => self.aside = self.aside.max(self.now + task.span()),
            Step::Wait => self.now = self.now.max(self.aside),
            Step::Stage(_) => {}
        }
        self.now - before
    }
}

impl Step {
    pub(super) fn work(&self) -> u64 {
        match self {
            Self::Work(nanoseconds) => *nanoseconds,
            Self::Fork(tasks) => tasks.iter().map(Task::work).sum(),
            Self::Aside(task) => task.work(),
            Self::Wait | Self::Stage(_) => 0,
        }
    }
}

/// An executor that runs everything on the calling thread but says it has `workers` threads, so that
/// work is cut as for so many, and writes down what it runs.
///
/// Durations are CPU time of a thread that has the machine to itself: what threads cost each other in caches and memory
/// bandwidth is not in them, nor is the time that other programs take.
pub(super) struct Recorder {
    workers: usize,
    state: Mutex<State>,
}

struct State {
    /// The tasks under way, outermost first. Never empty while recording.
    open: Vec<Task>,
    /// When the step under way began, by the thread's own clock.
    since: u64,
    stages: Vec<Stage>,
}

impl Recorder {
    /// A recorder that cuts work for `workers` threads (0 counts as 1).
    pub(super) fn new(workers: usize) -> Arc<Self> {
        let state = State { open: vec![Task::default()], since: thread_nanoseconds(), stages: Vec::new() };
        Arc::new(Self { workers: workers.max(1), state: Mutex::new(state) })
    }

    /// Forgets everything and begins here.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        state.open = vec![Task::default()];
        state.stages.clear();
        state.since = thread_nanoseconds();
    }

    /// What was recorded since, up to here.
    pub(super) fn take(&self) -> Task {
        let mut state = self.state();
        state.work_ends();
        let task = state.open.drain(..).next().unwrap_or_default();
        state.open.push(Task::default());
        task
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The task under way waits, for tasks that `fork` records one after the other.
    fn forks(&self, fork: impl FnOnce() -> Vec<Task>) {
        self.state().work_ends();
        let tasks = fork();
        let mut state = self.state();
        state.push(Step::Fork(tasks));
        state.since = thread_nanoseconds();
    }

    /// The task under way goes on beside this one, which is recorded first.
    fn aside(&self, work: impl FnOnce()) {
        self.state().work_ends();
        let task = self.task(work);
        let mut state = self.state();
        state.push(Step::Aside(task));
        state.since = thread_nanoseconds();
    }

    /// The task under way waits for those aside: commitments, which no stage is the proof in.
    fn waits(&self) {
        let mut state = self.state();
        state.work_ends();
        if state.open.len() == 1 && state.stages.is_empty() {
            state.push(Step::Stage(Some(Stage::Commit)));
        }
        state.push(Step::Wait);
        if state.open.len() == 1 && state.stages.is_empty() {
            state.push(Step::Stage(None));
        }
        state.since = thread_nanoseconds();
    }

    fn task(&self, work: impl FnOnce()) -> Task {
        let mut state = self.state();
        state.open.push(Task::default());
        state.since = thread_nanoseconds();
        drop(state);
        work();
        let mut state = self.state();
        state.work_ends();
        state.open.pop().unwrap_or_default()
    }
}

impl State {
    fn push(&mut self, step: Step) {
        if let Some(task) = self.open.last_mut() {
            task.0.push(step);
        }
    }

    fn work_ends(&mut self) {
        let nanoseconds = thread_nanoseconds().saturating_sub(self.since);
        self.push(Step::Work(nanoseconds));
    }

    /// Marks the stage that the proof is in now.
    fn mark(&mut self) {
        // Inside of a fork a stage would be one of several at once; no prover does that.
        if self.open.len() == 1 {
            self.work_ends();
            let stage = self.stages.last().copied();
            self.push(Step::Stage(stage));
            self.since = thread_nanoseconds();
        }
    }
}

/// Nanoseconds that the calling thread has worked.
fn thread_nanoseconds() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("workers", &self.workers).finish_non_exhaustive()
    }
}

impl Executor for Recorder {
    fn threads(&self) -> usize {
        self.workers
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        if tasks < 2 {
            (0..tasks).for_each(task);
            return;
        }
        self.forks(|| (0..tasks).map(|index| self.task(|| task(index))).collect());
    }

    fn run_pair(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        self.forks(|| vec![self.task(a), self.task(b)]);
    }

    fn within(&self, work: &mut (dyn FnMut() + Send)) {
        work();
    }

    fn alongside<'scope>(&self, body: &mut dyn FnMut(&dyn Spawn<'scope>)) {
        body(&Beside(self));
        self.waits();
    }
}

/// Records tasks aside, each when it is handed in.
struct Beside<'a>(&'a Recorder);

impl<'scope> Spawn<'scope> for Beside<'_> {
    fn spawn(&self, task: Aside<'scope>) {
        self.0.aside(task);
    }

    fn help(&self) -> bool {
        false
    }
}

impl Observer for Recorder {
    fn stage_started(&self, stage: Stage) {
        let mut state = self.state();
        state.stages.push(stage);
        state.mark();
    }

    fn stage_finished(&self, _: Stage, _: Duration) {
        let mut state = self.state();
        state.stages.pop();
        state.mark();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_scheduler::ExecutorExt;

    /// The task without durations, which differ from run to run.
    fn shape(task: &Task) -> String {
        let step = |step: &Step| match step {
            Step::Work(_) => "w".to_owned(),
            Step::Fork(tasks) => format!("({})", tasks.iter().map(shape).collect::<Vec<_>>().join(",")),
            Step::Aside(task) => format!("[{}]", shape(task)),
            Step::Wait => "!".to_owned(),
            Step::Stage(stage) => stage.map_or("-", Stage::name).to_owned(),
        };
        task.0.iter().map(step).collect()
    }

    #[test]
    fn forks_nest_and_joins_wait() {
        let recorder = Recorder::new(4);
        recorder.restart();
        assert_eq!(recorder.threads(), 4);
        let sum = recorder.map_reduce(4, 2, |range| range.sum::<usize>(), |a, b| a + b);
        assert_eq!(sum, Some(6));
        recorder.join(|| (), || recorder.run(2, &|_| ()));
        recorder.run(1, &|_| ());
        let task = recorder.take();
        assert_eq!(shape(&task), "w(w,w)w(w,w(w,w)w)w");
        assert_eq!(task.forked(), 6);
        assert!(task.span() <= task.work());
    }

    #[test]
    fn stages_are_marked_also_within_each_other() {
        let recorder = Recorder::new(2);
        recorder.restart();
        recorder.stage_started(Stage::Synthesis);
        recorder.stage_started(Stage::Commit);
        recorder.run(2, &|_| ());
        recorder.stage_finished(Stage::Commit, Duration::ZERO);
        recorder.stage_finished(Stage::Synthesis, Duration::ZERO);
        assert_eq!(shape(&recorder.take()), "wsynthesiswcommitw(w,w)wsynthesisw-w");
    }

    #[test]
    fn tasks_aside_are_recorded_where_they_are_handed_in() {
        let recorder = Recorder::new(2);
        recorder.restart();
        recorder.alongside_of(|aside| {
            aside.spawn(Box::new(|| recorder.run(2, &|_| ())));
            recorder.run(2, &|_| ());
        });
        assert_eq!(shape(&recorder.take()), "w[w(w,w)w]w(w,w)wcommit!-w");
    }

    #[test]
    fn durations_are_measured_once() {
        let recorder = Recorder::new(2);
        recorder.restart();
        let start = thread_nanoseconds();
        let busy = || {
            let until = thread_nanoseconds() + 5_000_000;
            while thread_nanoseconds() < until {}
        };
        recorder.run(2, &|_| busy());
        // Not work.
        std::thread::sleep(Duration::from_millis(20));
        busy();
        let (task, elapsed) = (recorder.take(), thread_nanoseconds() - start);
        assert!(task.work() >= 15_000_000 && task.work() <= elapsed, "{} of {elapsed}", task.work());
        assert!(task.span() >= 10_000_000 && task.span() < task.work() && task.work() < 20_000_000);
    }
}
