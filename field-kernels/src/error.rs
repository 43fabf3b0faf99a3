//! What can go wrong.

use crate::{CpuFeatures, KernelChoice};

/// Why kernels or a domain could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Text that names no backend.
    #[error("expected one of auto, scalar, avx2, avx512ifma for the kernels, got {got:?}")]
    UnknownChoice {
        /// The text.
        got: String,
    },
    /// The variable that overrides `auto` holds something else than a backend's name.
    #[error("expected one of auto, scalar, avx2, avx512ifma in the variable {variable}, got {got:?}")]
    BadOverride {
        /// The variable's name.
        variable: &'static str,
        /// Its value.
        got: String,
    },
    /// A backend that this CPU cannot run.
    #[error("this CPU cannot run the {choice} kernels (it has: {features}); choose auto or scalar")]
    Unavailable {
        /// What was asked for.
        choice: KernelChoice,
        /// What the CPU has.
        features: CpuFeatures,
    },
    /// A domain larger than the field's two-power roots of unity allow.
    #[error("{field} has domains of size up to 2^{max}, got 2^{k}")]
    DomainTooLarge {
        /// The field's name.
        field: &'static str,
        /// The binary logarithm of the size asked for.
        k: u32,
        /// The largest possible one.
        max: u32,
    },
}
