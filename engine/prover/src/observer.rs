//! Watching a proof being made.

use std::fmt;
use std::time::{Duration, Instant};

/// The stages of a proof, in order. Their names are the names of the `tracing` spans and of
/// the files in `stages/`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Stage {
    /// Circuits to advice columns.
    Synthesis,
    /// Advice columns to commitments.
    Commit,
    /// Permuted lookup columns and their products.
    Lookup,
    /// Permutation products.
    Permutation,
    /// The random polynomial of the vanishing argument.
    Vanishing,
    /// The quotient polynomial and its pieces.
    Quotient,
    /// Evaluations at the challenge x.
    Evaluate,
    /// The opening argument.
    Open,
}

impl Stage {
    /// All stages in the order a proof walks through them.
    pub const ALL: [Self; 8] = [
        Self::Synthesis,
        Self::Commit,
        Self::Lookup,
        Self::Permutation,
        Self::Vanishing,
        Self::Quotient,
        Self::Evaluate,
        Self::Open,
    ];

    /// The stage's name, lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Synthesis => "synthesis",
            Self::Commit => "commit",
            Self::Lookup => "lookup",
            Self::Permutation => "permutation",
            Self::Vanishing => "vanishing",
            Self::Quotient => "quotient",
            Self::Evaluate => "evaluate",
            Self::Open => "open",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Told of a proof's progress, on the thread that called `prove`.
///
/// A stage may be entered more than once: circuits with several phases alternate between
/// synthesis and commit, and lookups come before and after the permutation. Fractions begin anew
/// each time. To end a proof from here, cancel its [token](crate::CancelToken).
pub trait Observer: Send + Sync {
    /// A stage begins.
    fn stage_started(&self, stage: Stage) {
        let _ = stage;
    }

    /// About `fraction` of a stage is done, between 0 and 1. Told now and then while a stage lasts, in
    /// ascending order; not every stage tells.
    fn stage_progressed(&self, stage: Stage, fraction: f64) {
        let _ = (stage, fraction);
    }

    /// A stage has ended after `elapsed`, in success or failure.
    fn stage_finished(&self, stage: Stage, elapsed: Duration) {
        let _ = (stage, elapsed);
    }
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {}

/// Runs one stage under its span, telling the observer. It is told of the end even if the stage is
/// left by unwinding.
pub(crate) fn watched<R>(observer: &dyn Observer, stage: Stage, work: impl FnOnce() -> R) -> R {
    struct Leave<'a>(&'a dyn Observer, Stage, Instant);
    impl Drop for Leave<'_> {
        fn drop(&mut self) {
            self.0.stage_finished(self.1, self.2.elapsed());
        }
    }
    let span = tracing::info_span!("stage", name = stage.name());
    let _entered = span.enter();
    observer.stage_started(stage);
    let _leave = Leave(observer, stage, Instant::now());
    work()
}
