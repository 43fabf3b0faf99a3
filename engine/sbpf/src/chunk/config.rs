//! What keys are made for, and what proving may use.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion::{KernelChoice, Pin};

use super::observer::{ChunkObserver, Silent};

/// Bits of a value that is looked up: bytes.
pub(crate) const LOOKUP_BITS: u32 = 8;

/// Where the SRS comes from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub enum Srs {
    /// UNSAFE: made from a public seed. Anyone can forge proofs under it. For tests and
    /// demonstrations, which it lets anyone repeat.
    #[default]
    Testing,
    /// From a ceremony. Circuits are of exactly its size, at most the `k` of the configuration.
    Given(Arc<ParamsKZG<Bn256>>),
    /// Asked for each size that is needed.
    Source(Arc<dyn SrsSource>),
}

impl Srs {
    /// The one size there is, if there is just one.
    pub(crate) fn fixed_k(&self) -> Option<u32> {
        match self {
            Self::Given(params) => Some(params.k()),
            Self::Testing | Self::Source(_) => None,
        }
    }
}

/// What runs the work of a chunk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChunkExecutor {
    /// The engine's own work-stealing pool, which the chunks in work share.
    #[default]
    Stealing,
    /// A rayon pool, which they share.
    Rayon,
    /// One thread for each chunk in work, however many there are.
    Sequential,
}

/// Knows SRSs by their size.
pub trait SrsSource: std::fmt::Debug + Send + Sync {
    /// The SRS for circuits of `2^k` rows.
    ///
    /// # Errors
    /// Whatever stands in the way.
    fn params(&self, k: u32) -> Result<Arc<ParamsKZG<Bn256>>, Box<dyn std::error::Error + Send + Sync>>;
}

/// What keys are made for, and what proving and verifying may use.
///
/// ```
/// use parhelion_sbpf::KeygenConfig;
///
/// let config = KeygenConfig::new(12, std::env::temp_dir(), 8).with_chunk_size(1000).with_threads(2);
/// assert_eq!(config.chunk_size(), Some(1000));
/// ```
#[derive(Clone, Debug)]
pub struct KeygenConfig {
    pub(crate) k: u32,
    pub(crate) cache: PathBuf,
    pub(crate) lookup_bits: u32,
    pub(crate) chunk_size: Option<u64>,
    pub(crate) threads: Option<usize>,
    pub(crate) at_once: Option<usize>,
    pub(crate) executor: ChunkExecutor,
    pub(crate) pin: Option<Pin>,
    pub(crate) kernels: KernelChoice,
    pub(crate) memory_limit: Option<usize>,
    pub(crate) folder: Option<PathBuf>,
    pub(crate) srs: Srs,
    pub(crate) observer: Arc<dyn ChunkObserver>,
}

impl KeygenConfig {
    /// Circuits of at most `2^k` rows, 9 to 16; the smallest that do are taken. What takes long to
    /// make is kept in `cache_dir`. `lookup_bits` are those of a value that is looked up, which has to
    /// be 8 with this circuit.
    #[must_use]
    pub fn new(k: u32, cache_dir: impl Into<PathBuf>, lookup_bits: u32) -> Self {
        Self {
            k,
            cache: cache_dir.into(),
            lookup_bits,
            chunk_size: None,
            threads: None,
            at_once: None,
            executor: ChunkExecutor::default(),
            pin: None,
            kernels: KernelChoice::Auto,
            memory_limit: None,
            folder: None,
            srs: Srs::Testing,
            observer: Arc::new(Silent),
        }
    }

    /// Instructions in a chunk; as many as fit unless told. The code of a syscall counts.
    #[must_use]
    pub fn with_chunk_size(self, steps: u64) -> Self {
        Self { chunk_size: Some(steps), ..self }
    }

    /// Threads to prove with, at least 1; all that the system grants unless told.
    #[must_use]
    pub fn with_threads(self, threads: usize) -> Self {
        Self { threads: Some(threads.max(1)), ..self }
    }

    /// How many chunks [`prove_execution_chunked_auto`](super::prove_execution_chunked_auto) proves at
    /// the same time, at least 1; what is best unless told. They share the threads.
    #[must_use]
    pub fn with_chunks_at_once(self, chunks: usize) -> Self {
        Self { at_once: Some(chunks.max(1)), ..self }
    }

    /// What runs the work of a chunk; a work-stealing pool unless told.
    #[must_use]
    pub fn with_executor(self, executor: ChunkExecutor) -> Self {
        Self { executor, ..self }
    }

    /// Which CPUs the threads are bound to. Unless told, as many threads as there are cores have one each, and
    /// fewer are moved by the system.
    #[must_use]
    pub fn with_pin(self, pin: Pin) -> Self {
        Self { pin: Some(pin), ..self }
    }

    /// Which field kernels to use; the best that the CPU runs unless told.
    #[must_use]
    pub fn with_kernels(self, kernels: KernelChoice) -> Self {
        Self { kernels, ..self }
    }

    /// The most bytes of memory that the process may have resident while it proves: program, trace, keys,
    /// SRS, witnesses, proofs in work and those that are made. An execution that cannot be proven
    /// within it is an error before the work begins.
    #[must_use]
    pub fn with_memory_limit(self, bytes: usize) -> Self {
        Self { memory_limit: Some(bytes), ..self }
    }

    /// Where chunk proofs are kept as they finish, so that an interrupted run goes on where it was.
    #[must_use]
    pub fn with_folder(self, folder: impl Into<PathBuf>) -> Self {
        Self { folder: Some(folder.into()), ..self }
    }

    /// Another SRS than the unsafe one for testing.
    #[must_use]
    pub fn with_srs(self, srs: Srs) -> Self {
        Self { srs, ..self }
    }

    /// Who is told of progress.
    #[must_use]
    pub fn with_observer(self, observer: Arc<dyn ChunkObserver>) -> Self {
        Self { observer, ..self }
    }

    /// log2 of the most rows of a circuit.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.k
    }

    /// Instructions in a chunk, if that was told.
    #[must_use]
    pub fn chunk_size(&self) -> Option<u64> {
        self.chunk_size
    }

    /// Where keys and SRS are kept.
    #[must_use]
    pub fn cache_dir(&self) -> &Path {
        &self.cache
    }

    /// Threads to prove with.
    pub(crate) fn thread_count(&self) -> usize {
        match self.executor {
            ChunkExecutor::Sequential => 1,
            _ => self.threads.unwrap_or_else(parhelion_scheduler::available_threads),
        }
    }
}
