//! How a pool is asked for.

use std::fmt;
use std::sync::{Arc, Mutex};
use std::thread::{Builder as ThreadBuilder, JoinHandle};
use std::time::Duration;

use crossbeam_deque::Worker as Deque;

use super::companion::Companion;
use super::record::Recorder;
use super::shared::{Shared, Spin};
use super::sleep::MAX_WORKERS;
use super::worker::Worker;
use super::{Handle, WorkStealing};
use crate::Error;
use crate::cpu::{Pin, Topology, available_threads, neighbours};

/// Looks with a pause before a searching worker begins to yield: some ten microseconds.
const HOT_LOOKS: u32 = 200;

/// Settings of a [`WorkStealing`] pool, begun with [`WorkStealing::builder`].
#[derive(Clone)]
#[must_use = "a builder does nothing before `build`"]
pub struct Builder {
    threads: Option<usize>,
    pin: Pin,
    name: Arc<dyn Fn(usize) -> String + Send + Sync>,
    stack_size: Option<usize>,
    spin: Option<Duration>,
    record: Option<usize>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            threads: None,
            pin: Pin::default(),
            name: Arc::new(|index| format!("parhelion-{index}")),
            stack_size: None,
            spin: None,
            record: None,
        }
    }
}

impl Builder {
    /// The number of workers. Default: [`available_threads`](crate::available_threads).
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Which CPUs they are pinned to. Default: physical cores first.
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pin = pin;
        self
    }

    /// The name of each worker's thread. Default: `parhelion-N`.
    pub fn thread_name(mut self, name: impl Fn(usize) -> String + Send + Sync + 'static) -> Self {
        self.name = Arc::new(name);
        self
    }

    /// The size of each worker's stack in bytes. Default: the standard library's.
    pub fn stack_size(mut self, bytes: usize) -> Self {
        self.stack_size = Some(bytes);
        self
    }

    /// How long a worker without work keeps looking for some, yielding its core to other threads in
    /// between, before it sleeps. Default: about as long as it takes to wake a worker, which the pool measures,
    /// within 50 µs and 1 ms. Zero goes to sleep at once.
    pub fn spin(mut self, spin: Duration) -> Self {
        self.spin = Some(spin);
        self
    }

    /// Records up to `capacity` events for each worker, for [`WorkStealing::take_record`]. Default: none.
    pub fn record(mut self, capacity: usize) -> Self {
        self.record = Some(capacity);
        self
    }

    /// Starts the pool.
    ///
    /// # Errors
    /// [`Error::NoThreads`], [`Error::TooManyThreads`], [`Error::NoCpus`] and [`Error::CpuNotAllowed`] for
    /// settings that cannot be met, [`Error::Spawn`] if the system refuses a thread.
    pub fn build(self) -> Result<WorkStealing, Error> {
        let threads = self.threads.unwrap_or_else(available_threads);
        match threads {
            0 => return Err(Error::NoThreads),
            threads if threads > MAX_WORKERS => {
                return Err(Error::TooManyThreads { threads, most: MAX_WORKERS });
            }
            _ => {}
        }
        let topology = Topology::read();
        let places = self.pin.place(threads, &topology)?;
        // Where threads outnumber CPUs, one that spins takes the core from one that works.
        let crowded = threads > topology.cpus().len();
        let hot = if crowded || self.spin == Some(Duration::ZERO) { 0 } else { HOT_LOOKS };
        let deques: Vec<Deque<_>> = (0..threads).map(|_| Deque::new_lifo()).collect();
        let shared = Arc::new(Shared::new(
            deques.iter().map(Deque::stealer).collect(),
            neighbours(&places, &topology),
            self.record.map(|capacity| Recorder::new(threads, capacity)),
            Spin { hot, yielding: self.spin },
        ));
        let allowed = topology.cpus().iter().map(|cpu| cpu.id).collect();
        // Dropping the handle ends and joins whatever has been started.
        let handle = Handle {
            shared: Arc::clone(&shared),
            threads: Mutex::default(),
            companion: Companion::new(threads, &places, allowed, self.stack_size),
            places,
        };
        for (index, deque) in deques.into_iter().enumerate() {
            let started = self.start(index, handle.places[index], Arc::clone(&shared), deque);
            match started {
                Ok(thread) => handle.threads().push(thread),
                Err(error) => return Err(Error::Spawn { threads, reason: error.to_string() }),
            }
        }
        Ok(WorkStealing { handle: Arc::new(handle), sequence: None })
    }

    fn start(
        &self,
        index: usize,
        place: Option<usize>,
        shared: Arc<Shared>,
        deque: Deque<super::job::JobRef>,
    ) -> std::io::Result<JoinHandle<()>> {
        let mut builder = ThreadBuilder::new().name((self.name)(index));
        if let Some(bytes) = self.stack_size {
            builder = builder.stack_size(bytes);
        }
        builder.spawn(move || {
            if let Some(id) = place {
                core_affinity::set_for_current(core_affinity::CoreId { id });
            }
            Worker::main(index, shared, deque);
        })
    }
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("threads", &self.threads)
            .field("pin", &self.pin)
            .field("stack_size", &self.stack_size)
            .field("spin", &self.spin)
            .field("record", &self.record)
            .finish_non_exhaustive()
    }
}
