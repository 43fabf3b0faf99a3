//! One file per command.

pub(crate) mod bench;
pub(crate) mod doctor;
pub(crate) mod execution;
pub(crate) mod pasta;
pub(crate) mod profile;
pub(crate) mod prove;
pub(crate) mod verify;

/// How the names of proof files end.
pub(crate) const PROOF_SUFFIX: &str = ".proof.json";
