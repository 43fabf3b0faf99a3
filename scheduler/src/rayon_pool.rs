//! A rayon pool behind the [`Executor`] trait.

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Executor};

/// A rayon thread pool. Clones share the same threads; the last clone dropped
/// ends them.
#[derive(Clone, Debug)]
pub struct RayonExecutor {
    /// `None` stands for whichever pool the caller is in.
    pool: Option<Arc<ThreadPool>>,
}

impl RayonExecutor {
    /// Starts a pool of `threads` threads named `parhelion-N`. The global rayon
    /// pool is left alone.
    pub fn new(threads: usize) -> Result<Self, Error> {
        if threads == 0 {
            return Err(Error::NoThreads);
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(threads)
            .thread_name(|index| format!("parhelion-{index}"))
            .build()
            .map_err(|error| Error::Spawn { threads, reason: error.to_string() })?;
        Ok(Self { pool: Some(Arc::new(pool)) })
    }

    /// Uses a pool the embedding program already has.
    #[must_use]
    pub fn from_pool(pool: Arc<ThreadPool>) -> Self {
        Self { pool: Some(pool) }
    }

    /// Uses the pool that the calling thread belongs to at each call; outside of any, rayon's
    /// global one. This is what rayon's own parallel iterators do.
    #[must_use]
    pub fn ambient() -> Self {
        Self { pool: None }
    }
}

impl Executor for RayonExecutor {
    fn threads(&self) -> usize {
        self.pool.as_ref().map_or_else(rayon::current_num_threads, |pool| pool.current_num_threads())
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        let all = || (0..tasks).into_par_iter().with_max_len(1).for_each(task);
        match (tasks, &self.pool) {
            (0, _) => {}
            (1, _) => task(0),
            (_, None) => all(),
            (_, Some(pool)) => pool.install(all),
        }
    }

    fn within(&self, work: &mut (dyn FnMut() + Send)) {
        match &self.pool {
            None => work(),
            Some(pool) => pool.install(work),
        }
    }
}
