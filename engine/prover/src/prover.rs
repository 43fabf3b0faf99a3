//! The prover object: its settings, its threads, and what it does with keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Instant;

use parhelion_allocators::{MemoryLimit, Pool};
use parhelion_field_kernels::{KernelChoice, KernelReport, Kernels, Scratch};
use parhelion_scheduler::{
    CancelToken, Control, Executor, ExecutorExt, Interruptible, Pin, Sequential, Topology, WorkStealing,
    available_threads,
};

use crate::Error;
use crate::memory::KernelMemory;
use crate::observer::{Observer, Silent};

/// How commitments are opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum MultiOpen {
    /// SHPLONK: two commitments whatever the number of points. The library's `ProverSHPLONK`.
    #[default]
    Shplonk,
    /// One commitment per point, as in PLONK. The library's `ProverGWC`.
    Gwc,
}

impl fmt::Display for MultiOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Shplonk => "shplonk",
            Self::Gwc => "gwc",
        })
    }
}

/// A name that is no [`MultiOpen`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown opening scheme {0:?}: expected shplonk or gwc")]
pub struct UnknownMultiOpen(String);

impl FromStr for MultiOpen {
    type Err = UnknownMultiOpen;

    fn from_str(name: &str) -> Result<Self, UnknownMultiOpen> {
        match name {
            "shplonk" => Ok(Self::Shplonk),
            "gwc" => Ok(Self::Gwc),
            _ => Err(UnknownMultiOpen(name.to_owned())),
        }
    }
}

/// Makes proofs and keys. Cheap to clone; usable from many threads at once.
///
/// ```
/// use parhelion::{KernelChoice, MultiOpen, Prover};
///
/// let prover = Prover::builder()
///     .kernels(KernelChoice::Scalar)
///     .threads(2)
///     .multi_open(MultiOpen::Gwc)
///     .build()?;
/// assert_eq!(prover.threads(), 2);
/// # Ok::<(), parhelion::Error>(())
/// ```
#[derive(Clone)]
pub struct Prover {
    pub(crate) kernels: Kernels,
    pub(crate) pool: Pool,
    /// Where the kernels get their working memory from, which proofs are charged for.
    pub(crate) kernel_pool: Pool,
    pub(crate) multi_open: MultiOpen,
    pub(crate) observer: Arc<dyn Observer>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) control: Control,
}

impl fmt::Debug for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prover")
            .field("kernels", &self.kernels)
            .field("pool", &self.pool)
            .field("multi_open", &self.multi_open)
            .field("control", &self.control)
            .finish_non_exhaustive()
    }
}

impl Prover {
    /// Starts from the defaults: the best kernels this CPU runs, all the threads the operating
    /// system grants, SHPLONK.
    pub fn builder() -> ProverBuilder {
        ProverBuilder::default()
    }

    /// Threads that a proof uses.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.kernels.threads()
    }

    /// Which field kernels were detected and chosen.
    #[must_use]
    pub fn kernel_report(&self) -> KernelReport {
        self.kernels.report()
    }

    /// Where proofs get their buffers from. Clones of the prover share it; so do provers that were
    /// built with it.
    #[must_use]
    pub fn pool(&self) -> &Pool {
        &self.pool
    }

    /// Gives memory that no proof uses at the moment back to the system: that of the pool, and the
    /// kernels' own. Returns how many bytes.
    pub fn trim(&self) -> usize {
        self.pool.trim() + self.kernel_pool.trim()
    }

    /// How this prover opens commitments.
    #[must_use]
    pub fn multi_open(&self) -> MultiOpen {
        self.multi_open
    }

    /// A handle of this prover whose proofs end with [`Error::Cancelled`] some milliseconds after `token`
    /// has been cancelled. They give their buffers back; this prover, its other handles and its
    /// keys stay usable.
    ///
    /// A circuit whose synthesis is cut short is left as by a panic. Code of the circuit itself that takes long
    /// between two assignments is not interrupted, nor is one that runs where panics abort the process.
    ///
    /// ```
    /// use parhelion::{CancelToken, Prover};
    ///
    /// let prover = Prover::builder().threads(1).build()?;
    /// let token = CancelToken::new();
    /// let cancellable = prover.with_token(&token);
    /// // cancellable.prove(...) on one thread, and on another:
    /// token.cancel();
    /// # Ok::<(), parhelion::Error>(())
    /// ```
    #[must_use]
    pub fn with_token(&self, token: &CancelToken) -> Self {
        Self { control: self.control.clone().with_token(token.clone()), ..self.clone() }
    }

    /// A handle of this prover whose proofs end with [`Error::Deadline`] if they are not complete by then.
    /// Otherwise as [`Prover::with_token`].
    #[must_use]
    pub fn with_deadline(&self, deadline: Instant) -> Self {
        Self { control: self.control.clone().with_deadline(deadline), ..self.clone() }
    }

    /// A handle of this prover whose proofs are watched by `observer`.
    #[must_use]
    pub fn with_observer(&self, observer: Arc<dyn Observer>) -> Self {
        Self { observer, ..self.clone() }
    }

    /// Runs `work` where code that brings its own rayon parallelism (building a witness, the library's key
    /// generation) uses as many threads as this prover, on the same CPUs, rather than those of
    /// rayon's global pool.
    ///
    /// ```
    /// let prover = parhelion::Prover::builder().threads(2).build()?;
    /// assert_eq!(prover.within(rayon::current_num_threads), 2);
    /// # Ok::<(), parhelion::Error>(())
    /// ```
    pub fn within<R: Send>(&self, work: impl FnOnce() -> R + Send) -> R {
        self.executor.within_pool(work)
    }

    /// The kernels for one proof, with up to `scratch` bytes of working memory: what they do is done
    /// before what later proofs ask for, and ends early when the proof does.
    pub(crate) fn kernels_for_a_proof(&self, scratch: usize) -> Kernels {
        let executor = self.executor.in_line().unwrap_or_else(|| Arc::clone(&self.executor));
        let executor = Arc::new(Interruptible::new(executor, Some(self.control.clone())));
        self.kernels
            .with_executor(executor)
            .with_scratch(Scratch::from_lender(KernelMemory::new(&self.kernel_pool, scratch)))
    }

    /// The kernels for work on a key. Their working memory goes when they do.
    pub(crate) fn kernels_for_a_key(&self) -> Kernels {
        self.kernels.clone().with_scratch(Scratch::new())
    }
}

/// Settings of a [`Prover`].
#[derive(Clone, Default)]
#[must_use]
pub struct ProverBuilder {
    kernels: Option<KernelChoice>,
    threads: Option<usize>,
    pin: Option<Pin>,
    executor: Option<Arc<dyn Executor>>,
    pool: Option<Pool>,
    memory_limit: Option<usize>,
    multi_open: MultiOpen,
    observer: Option<Arc<dyn Observer>>,
}

impl fmt::Debug for ProverBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProverBuilder")
            .field("kernels", &self.kernels)
            .field("threads", &self.threads)
            .field("pin", &self.pin)
            .field("executor", &self.executor)
            .field("pool", &self.pool)
            .field("memory_limit", &self.memory_limit)
            .field("multi_open", &self.multi_open)
            .finish_non_exhaustive()
    }
}

impl ProverBuilder {
    /// Which field kernels to use; [`KernelChoice::Auto`] unless told.
    pub fn kernels(mut self, kernels: KernelChoice) -> Self {
        self.kernels = Some(kernels);
        self
    }

    /// How many threads proofs use together, at least 1; as many as the operating system grants this
    /// process unless told. The prover starts them itself: a
    /// [`WorkStealing`] pool. With 1, each proof
    /// runs on the thread that asks for it.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Which CPUs the threads are bound to.
    ///
    /// Unless told, physical cores first if there is a thread for each of them, and none otherwise:
    /// a prover of fewer threads has neighbours, and would be bound to the same cores as they.
    pub fn pin(mut self, pin: Pin) -> Self {
        self.pin = Some(pin);
        self
    }

    /// Runs on an executor the embedding program already has, instead of threads of its own: for
    /// instance on its rayon pool, as a [`RayonExecutor`](parhelion_scheduler::RayonExecutor).
    /// [`ProverBuilder::threads`] and [`ProverBuilder::pin`] are then ignored.
    pub fn executor(mut self, executor: Arc<dyn Executor>) -> Self {
        self.executor = Some(executor);
        self
    }

    /// Where proofs get their buffers from; a pool of its own, without a limit, unless told.
    pub fn pool(mut self, pool: Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// The most bytes that proofs of this prover and its clones may take at once, besides keys, SRS
    /// and circuits. A proof that cannot do with it is an error before it begins; proofs for which
    /// it does not suffice together wait for each other. For a limit shared with other provers see
    /// [`ProverBuilder::pool`].
    pub fn memory_limit(mut self, bytes: usize) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// How commitments are opened; SHPLONK unless told.
    pub fn multi_open(mut self, multi_open: MultiOpen) -> Self {
        self.multi_open = multi_open;
        self
    }

    /// Who is told of a proof's progress.
    pub fn observer(mut self, observer: Arc<dyn Observer>) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Detects the kernels and starts the threads.
    ///
    /// # Errors
    /// If the kernels asked for cannot run on this CPU, the threads cannot be started, or there is
    /// both a pool and a limit.
    pub fn build(self) -> Result<Prover, Error> {
        let executor = match self.executor {
            Some(executor) => executor,
            None => own_threads(self.threads.unwrap_or_else(available_threads), self.pin)?,
        };
        let pool = match (self.pool, self.memory_limit) {
            (Some(_), Some(_)) => {
                return Err(Error::Settings(
                    "a pool comes with its own limit: expected one of pool and memory_limit",
                ));
            }
            (Some(pool), None) => pool,
            (None, Some(bytes)) => Pool::builder().limit(MemoryLimit::new(bytes)).build(),
            (None, None) => Pool::default(),
        };
        let kernels = self.kernels.unwrap_or(KernelChoice::Auto);
        Ok(Prover {
            kernels: Kernels::new(kernels, Arc::new(Interruptible::new(Arc::clone(&executor), None)))?,
            pool,
            kernel_pool: Pool::default(),
            multi_open: self.multi_open,
            observer: self.observer.unwrap_or_else(|| Arc::new(Silent)),
            executor,
            control: Control::default(),
        })
    }
}

/// The executor of a prover that is not given one.
fn own_threads(threads: usize, pin: Option<Pin>) -> Result<Arc<dyn Executor>, Error> {
    if threads == 1 && pin.is_none() {
        return Ok(Arc::new(Sequential));
    }
    let pin = pin.unwrap_or_else(|| match threads >= Topology::read().physical_cores() {
        true => Pin::PhysicalCores,
        false => Pin::None,
    });
    Ok(Arc::new(WorkStealing::builder().threads(threads).pin(pin).build()?))
}
