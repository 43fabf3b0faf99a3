//! One budget of bytes for everything.

mod ledger;
mod queue;
mod reservation;

/// What [`queue`] is built on.
mod sync {
    pub(super) use std::sync::{Condvar, Mutex, MutexGuard};
}

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crate::Error;
use ledger::Ledger;
use queue::{Queue, Refusal};

pub(crate) use ledger::Reclaim;
pub use reservation::{Charge, Reservation};

/// A budget of bytes, shared by any number of proofs, pools and threads. Clones are handles of the
/// same budget.
///
/// Memory is granted in two steps. A piece of work, such as a proof, first makes a [`Reservation`]
/// of all it will need at its peak, and waits for it holding nothing. What it then allocates is
/// charged against the reservation and never waits. So no two proofs can each hold a part and wait
/// for the rest, and a proof that was admitted is not stopped by others. Reservations are granted in
/// the order in which they were asked for; one that is larger than the whole budget is refused.
///
/// What a [`Pool`](crate::Pool) retains between proofs is part of the budget but not in the way of
/// anybody: it goes back to the operating system when charges need the room.
///
/// ```
/// use parhelion_allocators::{Error, MemoryLimit};
///
/// let limit = MemoryLimit::new(1 << 20);
/// let first = limit.try_reserve(700_000)?;
/// assert!(matches!(limit.try_reserve(700_000), Err(Error::LimitReached { .. })));
/// drop(first);
/// let second = limit.reserve(700_000)?;
/// assert!(matches!(limit.try_reserve(2 << 20), Err(Error::NeverFits { .. })));
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone)]
pub struct MemoryLimit(Arc<Shared>);

struct Shared {
    queue: Queue,
    ledger: Ledger,
}

impl Default for MemoryLimit {
    fn default() -> Self {
        Self::unlimited()
    }
}

impl MemoryLimit {
    /// A budget of `bytes`.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Shared { queue: Queue::new(bytes), ledger: Ledger::default() }))
    }

    /// A budget of more bytes than there are: all is counted, nothing is refused.
    #[must_use]
    pub fn unlimited() -> Self {
        Self::new(usize::MAX)
    }

    /// The whole budget, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.0.queue.limit()
    }

    /// Bytes in reservations.
    #[must_use]
    pub fn reserved(&self) -> usize {
        self.0.queue.granted()
    }

    /// Bytes that are allocated: charged to reservations, or retained by pools. At most
    /// [`bytes`](Self::bytes), except in passing while retained memory is being given back.
    #[must_use]
    pub fn used(&self) -> usize {
        self.0.ledger.used()
    }

    /// Requests in the queue.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.0.queue.waiting()
    }

    /// Reserves `bytes` if they are free now and nobody waits.
    ///
    /// # Errors
    /// [`Error::NeverFits`] or [`Error::LimitReached`].
    pub fn try_reserve(&self, bytes: usize) -> Result<Reservation, Error> {
        self.0.queue.try_take(bytes).map_err(|refusal| self.error(refusal, bytes))?;
        Ok(Reservation::new(self.clone(), bytes, false))
    }

    /// Reserves `bytes`, waiting in turn until they are free.
    ///
    /// Who holds a reservation must not wait for another: see [`Reservation::try_grow`].
    ///
    /// # Errors
    /// [`Error::NeverFits`], at once.
    pub fn reserve(&self, bytes: usize) -> Result<Reservation, Error> {
        self.0.queue.take(bytes, None).map_err(|refusal| self.error(refusal, bytes))?;
        Ok(Reservation::new(self.clone(), bytes, false))
    }

    /// [`reserve`](Self::reserve) that gives up after `timeout`.
    ///
    /// # Errors
    /// [`Error::NeverFits`] at once, [`Error::TimedOut`] later.
    pub fn reserve_timeout(&self, bytes: usize, timeout: Duration) -> Result<Reservation, Error> {
        let start = Instant::now();
        // A time too far to be told is no deadline.
        let refused = self.0.queue.take(bytes, start.checked_add(timeout));
        refused.map_err(|refusal| self.given_up(refusal, bytes, start))?;
        Ok(Reservation::new(self.clone(), bytes, false))
    }

    /// [`reserve`](Self::reserve) that gives up when `go_on`, asked every 10 ms, says no. It keeps its
    /// place in the queue meanwhile, and must not call this limit.
    ///
    /// # Errors
    /// [`Error::NeverFits`] at once, [`Error::TimedOut`] if it gave up.
    pub fn reserve_while(&self, bytes: usize, go_on: impl Fn() -> bool) -> Result<Reservation, Error> {
        let start = Instant::now();
        let patience = || go_on().then_some(Some(Duration::from_millis(10)));
        self.0.queue.take_while(bytes, patience).map_err(|refusal| self.given_up(refusal, bytes, start))?;
        Ok(Reservation::new(self.clone(), bytes, false))
    }

    /// A reservation that begins with no bytes and takes and returns them as it is charged. Its
    /// charges never wait, and fail with [`Error::LimitReached`] where the limit has nothing left.
    ///
    /// For work whose peak is not known beforehand. Two such pieces of work that each hold half the
    /// budget both fail, where two that reserve their peaks finish in turn.
    #[must_use]
    pub fn on_demand(&self) -> Reservation {
        Reservation::new(self.clone(), 0, true)
    }

    /// Whether both are handles of one budget.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// From now on `pool` is asked for its idle memory when the budget is short.
    pub(crate) fn register(&self, pool: Weak<dyn Reclaim>) {
        self.0.ledger.register(pool);
    }

    /// Lets pools give idle memory back until all that is used fits. Call without locks.
    pub(crate) fn make_room(&self) {
        self.0.ledger.make_room(self.bytes());
    }

    /// Idle memory was given back to the system, or is charged now.
    pub(crate) fn end_idle(&self, bytes: usize) {
        self.0.ledger.end_idle(bytes);
    }

    fn take_more(&self, bytes: usize) -> Result<(), Error> {
        self.0.queue.try_take_more(bytes).map_err(|refusal| self.error(refusal, bytes))
    }

    /// Why a request that has been in the queue since `start` was not granted.
    fn given_up(&self, refusal: Refusal, requested: usize, start: Instant) -> Error {
        match refusal {
            Refusal::Busy { available, .. } => {
                Error::TimedOut { requested, available, limit: self.bytes(), waited: start.elapsed() }
            }
            refusal => self.error(refusal, requested),
        }
    }

    fn error(&self, refusal: Refusal, requested: usize) -> Error {
        let limit = self.bytes();
        match refusal {
            Refusal::NeverFits => Error::NeverFits { requested, limit },
            Refusal::Busy { available, waiting } => {
                Error::LimitReached { requested, available, limit, waiting }
            }
        }
    }
}

impl fmt::Debug for MemoryLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimit")
            .field("bytes", &self.bytes())
            .field("reserved", &self.reserved())
            .field("used", &self.used())
            .field("waiting", &self.waiting())
            .finish()
    }
}
