//! Which backend runs: detected once, overridable, reported.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use parhelion_scheduler::{Executor, Sequential};

use crate::contract::Backend;
#[cfg(target_arch = "x86_64")]
use crate::ifma::Ifma;
use crate::scalar::Scalar;
use crate::{Error, Scratch};

/// The variable that overrides [`KernelChoice::Auto`].
const OVERRIDE: &str = "PARHELION_KERNELS";

/// Which backend to use. Text form: `auto`, `scalar`, `avx2`, `avx512ifma`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KernelChoice {
    /// The fastest that this CPU can run, unless the environment variable
    /// `PARHELION_KERNELS` names another.
    #[default]
    Auto,
    /// The portable one.
    Scalar,
    /// For CPUs with AVX2. Products of 32-bit limbs measure slower than the portable code at this field
    /// size, so its kernels are the portable ones.
    Avx2,
    /// AVX-512 with 52-bit integer multiply-add.
    Avx512Ifma,
}

impl fmt::Display for KernelChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Auto => "auto",
            Self::Scalar => "scalar",
            Self::Avx2 => "avx2",
            Self::Avx512Ifma => "avx512ifma",
        })
    }
}

impl FromStr for KernelChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "auto" => Ok(Self::Auto),
            "scalar" => Ok(Self::Scalar),
            "avx2" => Ok(Self::Avx2),
            "avx512ifma" => Ok(Self::Avx512Ifma),
            _ => Err(Error::UnknownChoice { got: text.to_owned() }),
        }
    }
}

/// The CPU features that decide between backends, as detected at run time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CpuFeatures {
    /// Multiplication that leaves the flags alone.
    pub bmi2: bool,
    /// Additions with two independent carry chains.
    pub adx: bool,
    /// 256-bit integer vectors.
    pub avx2: bool,
    /// 512-bit vectors.
    pub avx512f: bool,
    /// 52-bit integer multiply-add on 512-bit vectors.
    pub avx512ifma: bool,
}

impl CpuFeatures {
    /// What the running CPU has.
    #[must_use]
    pub fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            Self {
                bmi2: std::arch::is_x86_feature_detected!("bmi2"),
                adx: std::arch::is_x86_feature_detected!("adx"),
                avx2: std::arch::is_x86_feature_detected!("avx2"),
                avx512f: std::arch::is_x86_feature_detected!("avx512f"),
                avx512ifma: std::arch::is_x86_feature_detected!("avx512ifma"),
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        {
            Self::default()
        }
    }
}

impl fmt::Display for CpuFeatures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [
            ("bmi2", self.bmi2),
            ("adx", self.adx),
            ("avx2", self.avx2),
            ("avx512f", self.avx512f),
            ("avx512ifma", self.avx512ifma),
        ];
        let present: Vec<&str> = all.iter().filter(|(_, has)| *has).map(|(name, _)| *name).collect();
        f.write_str(if present.is_empty() { "none" } else { "" })?;
        f.write_str(&present.join(" "))
    }
}

/// What was detected and chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KernelReport {
    /// The backend in use.
    pub backend: &'static str,
    /// What was asked for.
    pub requested: KernelChoice,
    /// What the CPU has.
    pub features: CpuFeatures,
    /// Why this backend, in a sentence.
    pub reason: &'static str,
}

impl fmt::Display for KernelReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { backend, requested, features, reason } = self;
        write!(f, "{backend} kernels (asked for {requested}: {reason}); CPU features: {features}")
    }
}

/// The token of the backend in use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Selected {
    Scalar(Scalar),
    #[cfg(target_arch = "x86_64")]
    Ifma(Ifma),
}

impl Selected {
    fn name(self) -> &'static str {
        fn name_of<B: Backend>(_: B) -> &'static str {
            B::NAME
        }
        match self {
            Self::Scalar(backend) => name_of(backend),
            #[cfg(target_arch = "x86_64")]
            Self::Ifma(backend) => name_of(backend),
        }
    }
}

/// Evaluates an expression with `$backend` bound to the token of the backend in use.
macro_rules! with_backend {
    ($kernels:expr, $backend:ident => $body:expr) => {
        match $kernels.backend {
            $crate::dispatch::Selected::Scalar($backend) => $body,
            #[cfg(target_arch = "x86_64")]
            $crate::dispatch::Selected::Ifma($backend) => $body,
        }
    };
}
pub(crate) use with_backend;

/// The handle every kernel is called through: a backend and the threads it may use. Cheap to clone.
///
/// Results are the same for any backend and any number of threads.
#[derive(Clone, Debug)]
pub struct Kernels {
    executor: Arc<dyn Executor>,
    pub(crate) backend: Selected,
    report: KernelReport,
    scratch: Arc<Scratch>,
}

impl Kernels {
    /// Kernels of the backend `choice`, running on `executor`.
    ///
    /// # Errors
    /// If this version or this CPU cannot run the backend asked for, or, with
    /// [`KernelChoice::Auto`], if `PARHELION_KERNELS` is set to something that is no choice or that
    /// cannot be run.
    pub fn new(choice: KernelChoice, executor: Arc<dyn Executor>) -> Result<Self, Error> {
        let (selected, overridden) = match choice {
            KernelChoice::Auto => match std::env::var_os(OVERRIDE) {
                Some(value) => (parse_override(&value.to_string_lossy())?, true),
                None => (KernelChoice::Auto, false),
            },
            explicit => (explicit, false),
        };
        let features = CpuFeatures::detect();
        let scalar = Selected::Scalar(Scalar::new());
        let (backend, name, best) = match selected {
            KernelChoice::Auto => {
                let (backend, why) = Self::best();
                (Some(backend), backend.name(), why)
            }
            KernelChoice::Scalar => (Some(scalar), Scalar::NAME, ""),
            KernelChoice::Avx2 => (features.avx2.then_some(scalar), "avx2", ""),
            KernelChoice::Avx512Ifma => (Self::ifma(), "avx512ifma", ""),
        };
        let backend = backend.ok_or(Error::Unavailable { choice: selected, features })?;
        let reason = match selected {
            KernelChoice::Auto => best,
            KernelChoice::Avx2 if overridden => {
                "PARHELION_KERNELS says so; its kernels are the scalar ones, which measure faster"
            }
            KernelChoice::Avx2 => "asked for by name; its kernels are the scalar ones, which measure faster",
            _ if overridden => "PARHELION_KERNELS says so",
            _ => "asked for by name",
        };
        let report = KernelReport { backend: name, requested: choice, features, reason };
        Ok(Self { executor, backend, report, scratch: Arc::default() })
    }

    /// The fastest backend of this CPU, and why it is that one.
    fn best() -> (Selected, &'static str) {
        match Self::ifma() {
            None => (Selected::Scalar(Scalar::new()), "this CPU has no AVX-512 IFMA"),
            Some(ifma) => (ifma, "the fastest that this CPU can run"),
        }
    }

    fn ifma() -> Option<Selected> {
        #[cfg(target_arch = "x86_64")]
        return Ifma::detect().map(Selected::Ifma);
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// The portable backend on the calling thread, for tests and examples.
    #[must_use]
    pub fn sequential() -> Self {
        let report = KernelReport {
            backend: Scalar::NAME,
            requested: KernelChoice::Scalar,
            features: CpuFeatures::detect(),
            reason: "asked for by name",
        };
        let (executor, backend) = (Arc::new(Sequential), Selected::Scalar(Scalar::new()));
        Self { executor, backend, report, scratch: Arc::default() }
    }

    /// The same kernels with working memory of their own. By default, all clones of a handle share theirs.
    #[must_use]
    pub fn with_scratch(self, scratch: impl Into<Arc<Scratch>>) -> Self {
        Self { scratch: scratch.into(), ..self }
    }

    /// The working memory that calls leave behind for later ones.
    #[must_use]
    pub fn scratch(&self) -> &Arc<Scratch> {
        &self.scratch
    }

    /// The same kernels on another executor.
    #[must_use]
    pub fn with_executor(&self, executor: Arc<dyn Executor>) -> Self {
        Self { executor, ..self.clone() }
    }

    /// What runs the tasks.
    #[must_use]
    pub fn executor(&self) -> &Arc<dyn Executor> {
        &self.executor
    }

    /// How many threads the kernels may use.
    #[must_use]
    pub fn threads(&self) -> usize {
        self.executor.threads()
    }

    /// What was detected and chosen.
    #[must_use]
    pub fn report(&self) -> KernelReport {
        self.report.clone()
    }

    /// The name of the backend in use.
    #[must_use]
    pub fn backend_name(&self) -> &'static str {
        self.report.backend
    }
}

/// The choice that the override variable's value stands for.
fn parse_override(value: &str) -> Result<KernelChoice, Error> {
    value.parse().map_err(|_| Error::BadOverride { variable: OVERRIDE, got: value.to_owned() })
}
