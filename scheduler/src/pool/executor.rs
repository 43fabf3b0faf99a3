//! The pool as an [`Executor`].

use std::sync::Arc;

use super::worker::Sharing;
use super::{Grain, WorkStealing};
use crate::{Executor, Spawn, aside};

impl Executor for WorkStealing {
    fn threads(&self) -> usize {
        self.shared().threads()
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        match tasks {
            0 => {}
            1 => task(0),
            _ => self.for_each_batch(tasks, Grain::Items(1), |batch| batch.for_each(task)),
        }
    }

    fn run_pair(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        self.join_sharing(Sharing::Always, a, b);
    }

    /// Runs `work` in a rayon pool of the same size, which is started by the first call. The
    /// calling worker sleeps meanwhile. Calls to this executor from there use the rayon pool.
    ///
    /// If the system refuses those threads, `work` runs on the calling thread.
    fn within(&self, work: &mut (dyn FnMut() + Send)) {
        match self.handle.companion.start() {
            Some(pool) => pool.install(work),
            None => work(),
        }
    }

    fn enter(&self, work: &mut (dyn FnMut() + Send)) {
        self.enter(work);
    }

    fn enter_apart(&self, work: &mut (dyn FnMut() + Send)) {
        self.enter_apart(work);
    }

    fn alongside<'scope>(&self, body: &mut dyn FnMut(&dyn Spawn<'scope>)) {
        match self.handle.companion.is_here() {
            true => aside::run(&|task| rayon::spawn(task), body),
            false => aside::run(&|task| drop(self.submit(task)), body),
        }
    }

    fn in_line(&self) -> Option<Arc<dyn Executor>> {
        Some(Arc::new(self.in_line()))
    }
}
