//! A rayon pool behind the [`Executor`] trait.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use rayon::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::cpu::{Pin, Topology};
use crate::{Error, Executor, Spawn, aside};

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
    ///
    /// # Errors
    /// [`Error::NoThreads`], and [`Error::Spawn`] if the system refuses a thread.
    pub fn new(threads: usize) -> Result<Self, Error> {
        Self::pinned(threads, &Pin::None)
    }

    /// The same with each thread pinned to a CPU.
    ///
    /// # Errors
    /// Also [`Error::NoCpus`] and [`Error::CpuNotAllowed`] for CPUs that cannot be had.
    pub fn pinned(threads: usize, pin: &Pin) -> Result<Self, Error> {
        if threads == 0 {
            return Err(Error::NoThreads);
        }
        let places = pin.place(threads, &Topology::read())?;
        let set_up = move |index: usize| {
            if let Some(&Some(id)) = places.get(index) {
                core_affinity::set_for_current(core_affinity::CoreId { id });
            }
        };
        let (pool, _) = spawn_pool(threads, None, |index| format!("parhelion-{index}"), set_up)?;
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

    fn run_pair(&self, a: &mut (dyn FnMut() + Send), b: &mut (dyn FnMut() + Send)) {
        match &self.pool {
            None => rayon::join(a, b),
            Some(pool) => pool.join(a, b),
        };
    }

    fn within(&self, work: &mut (dyn FnMut() + Send)) {
        match &self.pool {
            None => work(),
            Some(pool) => pool.install(work),
        }
    }

    fn enter(&self, work: &mut (dyn FnMut() + Send)) {
        self.within(work);
    }

    fn alongside<'scope>(&self, body: &mut dyn FnMut(&dyn Spawn<'scope>)) {
        match &self.pool {
            None => aside::run(&|task| rayon::spawn(task), body),
            Some(pool) => aside::run(&|task| pool.spawn(task), body),
        }
    }
}

/// The handles of a pool's threads, filled while it starts.
type Threads = Arc<Mutex<Vec<JoinHandle<()>>>>;

/// Starts a rayon pool through its spawn handler. Each thread runs `set_up` first.
pub(crate) fn spawn_pool(
    threads: usize,
    stack_size: Option<usize>,
    name: impl Fn(usize) -> String,
    set_up: impl Fn(usize) + Clone + Send + 'static,
) -> Result<(ThreadPool, Threads), Error> {
    let handles = Threads::default();
    let pool = ThreadPoolBuilder::new()
        .num_threads(threads)
        .spawn_handler(|thread| {
            let mut builder = std::thread::Builder::new().name(name(thread.index()));
            if let Some(bytes) = stack_size {
                builder = builder.stack_size(bytes);
            }
            let set_up = set_up.clone();
            let handle = builder.spawn(move || {
                set_up(thread.index());
                thread.run();
            })?;
            handles.lock().unwrap_or_else(PoisonError::into_inner).push(handle);
            Ok(())
        })
        .build()
        .map_err(|error| Error::Spawn { threads, reason: error.to_string() })?;
    Ok((pool, handles))
}
