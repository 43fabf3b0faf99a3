//! Work that is handed in while the caller goes on with something else.

use std::any::Any;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::mem::take;
use std::ops::DerefMut;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, PoisonError};

use crate::sync::{Mutex, Thread, current, park};

/// A task that may borrow what outlives the call of [`Executor::alongside`](crate::Executor::alongside) it is
/// handed in under.
pub type Aside<'scope> = Box<dyn FnOnce() + Send + 'scope>;

/// Where the body of [`Executor::alongside`](crate::Executor::alongside) hands tasks in.
pub trait Spawn<'scope>: Sync {
    /// Hands `task` in. It may begin at once, on any thread.
    fn spawn(&self, task: Aside<'scope>);

    /// Runs a task that nobody has begun, on the calling thread: for a body that waits for one. False if there is
    /// none.
    fn help(&self) -> bool;
}

/// Runs tasks where they are handed in.
pub(crate) struct OnTheSpot;

impl<'scope> Spawn<'scope> for OnTheSpot {
    fn spawn(&self, task: Aside<'scope>) {
        task();
    }

    fn help(&self) -> bool {
        false
    }
}

/// Hands tasks to whoever runs what `submit` is given.
struct Handing<'a, 'scope> {
    tasks: Arc<Tasks>,
    submit: &'a (dyn Fn(Aside<'static>) + Sync),
    /// Invariant: what tasks borrow must live exactly as long as the caller says.
    marker: PhantomData<fn(&'scope ()) -> &'scope ()>,
}

impl<'scope> Spawn<'scope> for Handing<'_, 'scope> {
    fn spawn(&self, task: Aside<'scope>) {
        // SAFETY: the types differ in a lifetime only. What the task borrows outlives the call of `run`, which does
        // not return, nor unwind, before the task is gone: it has been run, or dropped, by then.
        let task = unsafe { std::mem::transmute::<Aside<'scope>, Aside<'static>>(task) };
        self.tasks.state().waiting.push_back(task);
        let tasks = Arc::clone(&self.tasks);
        (self.submit)(Box::new(move || _ = tasks.run_next()));
    }

    fn help(&self) -> bool {
        self.tasks.run_next()
    }
}

/// Tasks of one call. Whoever is to run one takes the oldest that waits; there may be none left.
struct Tasks {
    state: Mutex<State>,
    /// Whose call this is.
    owner: Thread,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Aside<'static>>,
    running: usize,
    panic: Option<Box<dyn Any + Send>>,
}

impl Tasks {
    fn state(&self) -> impl DerefMut<Target = State> + '_ {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run_next(&self) -> bool {
        let mut state = self.state();
        let Some(task) = state.waiting.pop_front() else { return false };
        state.running += 1;
        drop(state);
        let outcome = catch_unwind(AssertUnwindSafe(task));
        let mut state = self.state();
        if let Err(panic) = outcome {
            state.panic.get_or_insert(panic);
        }
        state.running -= 1;
        let last = state.running == 0;
        drop(state);
        if last {
            self.owner.unpark();
        }
        true
    }
}

/// Calls `body` here, and `submit` for each task that it hands in, with what runs one of them some time, if any is
/// left then. Returns when all tasks have ended; those that nobody has begun when the body ends are run here, or
/// dropped if it panics. The first panic goes on from here.
pub(crate) fn run<'scope>(
    submit: &(dyn Fn(Aside<'static>) + Sync),
    body: &mut dyn FnMut(&dyn Spawn<'scope>),
) {
    let tasks = Arc::new(Tasks { state: Mutex::new(State::default()), owner: current() });
    let handing = Handing { tasks: Arc::clone(&tasks), submit, marker: PhantomData };
    let outcome = catch_unwind(AssertUnwindSafe(|| body(&handing)));
    if outcome.is_err() {
        let dropped = take(&mut tasks.state().waiting);
        // One that panics while it is dropped says no more than the body did.
        let _ = catch_unwind(AssertUnwindSafe(|| drop(dropped)));
    }
    while tasks.run_next() {}
    while tasks.state().running > 0 {
        park();
    }
    let panic = tasks.state().panic.take();
    if let Some(panic) = outcome.err().or(panic) {
        resume_unwind(panic);
    }
}
