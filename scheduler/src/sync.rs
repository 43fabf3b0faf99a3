//! The primitives under the protocols of this crate: the standard library's, or loom's when
//! `ci/loom.sh` checks the models.

#[cfg(not(any(loom, parhelion_tsan)))]
pub(crate) use std::sync::Mutex;
#[cfg(not(loom))]
pub(crate) use std::{
    sync::atomic::{AtomicBool, AtomicUsize, Ordering, fence},
    thread::{Thread, current, park, park_timeout},
};

#[cfg(loom)]
pub(crate) use loom::{
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering, fence},
    },
    thread::{Thread, current, park},
};

/// Under loom time does not pass: what holds without timeouts holds with them.
#[cfg(loom)]
pub(crate) fn park_timeout(_: std::time::Duration) {
    park();
}

/// The standard library's mutex waits in code that is not instrumented unless the library is built for the
/// thread sanitizer. This one is all in sight of it.
#[cfg(parhelion_tsan)]
#[derive(Debug, Default)]
pub(crate) struct Mutex<T>(parking_lot::Mutex<T>);

#[cfg(parhelion_tsan)]
impl<T> Mutex<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(parking_lot::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> std::sync::LockResult<parking_lot::MutexGuard<'_, T>> {
        Ok(self.0.lock())
    }
}
