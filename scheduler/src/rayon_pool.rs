//! A rayon pool behind the [`Executor`] trait.

use std::sync::Arc;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::{Error, Executor};

/// A rayon thread pool. Clones share the same threads; the last clone dropped
/// ends them.
#[derive(Clone, Debug)]
pub struct RayonExecutor {
    pool: Arc<ThreadPool>,
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
        Ok(Self { pool: Arc::new(pool) })
    }

    /// Uses a pool the embedding program already has.
    #[must_use]
    pub fn from_pool(pool: Arc<ThreadPool>) -> Self {
        Self { pool }
    }
}

impl Executor for RayonExecutor {
    fn threads(&self) -> usize {
        self.pool.current_num_threads()
    }

    fn run(&self, tasks: usize, task: &(dyn Fn(usize) + Sync)) {
        match tasks {
            0 => {}
            1 => task(0),
            _ => self.pool.install(|| (0..tasks).into_par_iter().with_max_len(1).for_each(task)),
        }
    }

    fn within(&self, work: &mut (dyn FnMut() + Send)) {
        self.pool.install(work);
    }
}
