//! The prover object: its settings, its threads, and what it does with keys.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use parhelion_allocators::{MemoryLimit, Pool};
use parhelion_field_kernels::{KernelChoice, KernelReport, Kernels};
use parhelion_scheduler::{Executor, RayonExecutor, Sequential, available_threads};

use crate::Error;
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
    pub(crate) multi_open: MultiOpen,
    pub(crate) observer: Arc<dyn Observer>,
}

impl fmt::Debug for Prover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Prover")
            .field("kernels", &self.kernels)
            .field("pool", &self.pool)
            .field("multi_open", &self.multi_open)
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

    /// How this prover opens commitments.
    #[must_use]
    pub fn multi_open(&self) -> MultiOpen {
        self.multi_open
    }
}

/// Settings of a [`Prover`].
#[derive(Clone, Default)]
#[must_use]
pub struct ProverBuilder {
    kernels: Option<KernelChoice>,
    threads: Option<usize>,
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

    /// How many threads a proof uses, at least 1.
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads);
        self
    }

    /// Runs on an executor the embedding program already has, instead of threads of its own.
    /// [`ProverBuilder::threads`] is then ignored.
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
            None => match self.threads.unwrap_or_else(available_threads) {
                1 => Arc::new(Sequential),
                threads => Arc::new(RayonExecutor::new(threads)?) as Arc<dyn Executor>,
            },
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
        Ok(Prover {
            kernels: Kernels::new(self.kernels.unwrap_or(KernelChoice::Auto), executor)?,
            pool,
            multi_open: self.multi_open,
            observer: self.observer.unwrap_or_else(|| Arc::new(Silent)),
        })
    }
}
