//! What can go wrong, each case with what was asked for and what there was.

use std::io;
use std::time::Duration;

/// Why memory was not granted.
///
/// Whatever was asked for has not happened, and everything granted before stays as it was: pools,
/// workspaces and limits are usable after any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than any buffer can have.
    #[error("{len} elements of {element} bytes are more than a buffer of at most {} bytes holds", isize::MAX)]
    TooLarge {
        /// Elements asked for.
        len: usize,
        /// Bytes of each.
        element: usize,
    },
    /// The limit is too small, however long one waits.
    #[error("{requested} bytes can never be granted: the limit is {limit} bytes")]
    NeverFits {
        /// Bytes asked for.
        requested: usize,
        /// Bytes of the whole limit.
        limit: usize,
    },
    /// The limit is large enough, but others hold or wait for too much of it now.
    #[error(
        "{requested} bytes were asked for, {available} of the limit of {limit} bytes are free, {waiting} \
         others wait"
    )]
    LimitReached {
        /// Bytes asked for.
        requested: usize,
        /// Bytes nobody holds.
        available: usize,
        /// Bytes of the whole limit.
        limit: usize,
        /// Requests that are in the queue.
        waiting: usize,
    },
    /// The time to wait in the queue is over.
    #[error("{requested} bytes were not granted within {waited:?}: {available} of {limit} bytes are free")]
    TimedOut {
        /// Bytes asked for.
        requested: usize,
        /// Bytes nobody holds.
        available: usize,
        /// Bytes of the whole limit.
        limit: usize,
        /// How long the request was in the queue.
        waited: Duration,
    },
    /// The reservation has not enough left.
    #[error("{requested} bytes were asked for, {available} of the {reserved} bytes reserved are left")]
    ReservationExceeded {
        /// Bytes asked for, rounded up to a size class.
        requested: usize,
        /// Bytes of the reservation that are not in use.
        available: usize,
        /// Bytes of the reservation.
        reserved: usize,
    },
    /// A reservation was brought to a pool that is under another limit.
    #[error("the reservation is part of another limit ({reservation} bytes) than the pool's ({pool} bytes)")]
    OtherLimit {
        /// Bytes of the limit that the reservation is part of.
        reservation: usize,
        /// Bytes of the pool's limit.
        pool: usize,
    },
    /// The operating system, or the global allocator, has no memory to give.
    #[error("the system refused {bytes} bytes: {reason}")]
    System {
        /// Bytes asked for, rounded up to a size class.
        bytes: usize,
        /// What it said.
        #[source]
        reason: io::Error,
    },
    /// A failure that a [`FailurePlan`](crate::FailurePlan) asked for.
    #[error("request {number} failed because the failure plan says so")]
    Injected {
        /// Which request, counted from 0.
        number: u64,
    },
}
