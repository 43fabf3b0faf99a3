//! An executor whose work can be ended early.

use std::sync::Arc;

use crate::interrupt::Entered;
use crate::{Aside, Control, Executor, Spawn};

/// Runs tasks on another executor, each under the same [`Control`], with a [`checkpoint`](crate::checkpoint) before each.
///
/// When one task is left, the call unwinds to [`Control::run`], as it would with a panic, when all
/// tasks that had begun have been left or have ended. Without a control nothing ends early; the tasks are
/// then kept apart from what else their threads are in the middle of.
#[derive(Clone, Debug)]
pub struct Interruptible {
    executor: Arc<dyn Executor>,
    control: Option<Arc<Control>>,
}

impl Interruptible {
    /// Runs on `executor`, under `control`.
    #[must_use]
    pub fn new(executor: Arc<dyn Executor>, control: Option<Control>) -> Self {
        Self { executor, control: control.map(Arc::new) }
    }

    fn guarded<R>(&self, work: impl FnOnce() -> R) -> R {
        let _entered = Entered::task(self.control.clone());
        work()
    }
}

/// Hands in tasks under a control.
struct Guarded<'a, 'scope> {
    aside: &'a dyn Spawn<'scope>,
    control: &'a Option<Arc<Control>>,
}

impl<'scope> Spawn<'scope> for Guarded<'_, 'scope> {
    fn spawn(&self, task: Aside<'scope>) {
        let control = self.control.clone();
        self.aside.spawn(Box::new(move || {
            let _entered = Entered::task(control);
            task();
        }));
    }

    fn help(&self) -> bool {
        self.aside.help()
    }
}

impl Executor for Interruptible {
    fn threads(&self) -> usize {
        self.executor.threads()
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        self.executor.run(tasks, &|index| self.guarded(|| task(index)));
    }

    fn run_pair(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        self.executor.run_pair(&mut || self.guarded(&mut *a), &mut || self.guarded(&mut *b));
    }

    fn enter(&self, work: &mut (dyn FnMut() + Send)) {
        self.executor.enter(&mut || self.guarded(&mut *work));
    }

    fn enter_apart(&self, work: &mut (dyn FnMut() + Send)) {
        self.executor.enter_apart(&mut || self.guarded(&mut *work));
    }

    fn within(&self, work: &mut (dyn FnMut() + Send)) {
        self.executor.within(&mut || self.guarded(&mut *work));
    }

    fn alongside<'scope>(&self, body: &mut dyn FnMut(&dyn Spawn<'scope>)) {
        let control = &self.control;
        self.executor.alongside(&mut |aside| self.guarded(|| body(&Guarded { aside, control })));
    }

    fn in_line(&self) -> Option<Arc<dyn Executor>> {
        let executor = self.executor.in_line()?;
        Some(Arc::new(Self { executor, control: self.control.clone() }))
    }
}
