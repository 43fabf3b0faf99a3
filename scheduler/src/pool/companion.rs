//! A rayon pool beside ours, for code that brings its own parallelism.

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;

use rayon::ThreadPool;

use crate::cpu::restrict_to;
use crate::rayon_pool::spawn_pool;

/// Starts when it is first needed, with as many threads as the pool beside it. They may run on any
/// of that pool's CPUs, rather than on one each: rayon hands work to any of its threads, and
/// that must not be the one whose CPU is busy.
pub(super) struct Companion {
    threads: usize,
    cpus: Vec<usize>,
    stack_size: Option<usize>,
    started: OnceLock<Option<Started>>,
}

struct Started {
    pool: ThreadPool,
    threads: Arc<Mutex<Vec<JoinHandle<()>>>>,
}

impl Companion {
    /// `allowed` are the CPUs that threads of the pool may run on if they are not pinned.
    pub(super) fn new(
        threads: usize,
        places: &[Option<usize>],
        allowed: Vec<usize>,
        stack_size: Option<usize>,
    ) -> Self {
        let cpus = places.iter().copied().collect::<Option<_>>().unwrap_or(allowed);
        Self { threads, cpus, stack_size, started: OnceLock::new() }
    }

    /// The rayon pool; `None` if the system refused its threads.
    pub(super) fn start(&self) -> Option<&ThreadPool> {
        let started = self.started.get_or_init(|| {
            // The thread that gets here may be pinned, and its threads would inherit that.
            let cpus = self.cpus.clone();
            let set_up = move |_| {
                restrict_to(&cpus);
            };
            let name = |index| format!("parhelion-rayon-{index}");
            let (pool, threads) = spawn_pool(self.threads, self.stack_size, name, set_up).ok()?;
            Some(Started { pool, threads })
        });
        started.as_ref().map(|started| &started.pool)
    }

    /// Whether the calling thread is one of the rayon pool's.
    pub(super) fn is_here(&self) -> bool {
        let started = self.started.get().and_then(Option::as_ref);
        started.is_some_and(|started| started.pool.current_thread_index().is_some())
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        if let Some(Some(Started { pool, threads })) = self.started.take() {
            drop(pool);
            let threads = std::mem::take(&mut *threads.lock().unwrap_or_else(PoisonError::into_inner));
            super::join_all(threads);
        }
    }
}

impl fmt::Debug for Companion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let started = matches!(self.started.get(), Some(Some(_)));
        f.debug_struct("Companion").field("threads", &self.threads).field("started", &started).finish()
    }
}
