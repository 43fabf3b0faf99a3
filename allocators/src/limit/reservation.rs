//! A part of a limit, and what is charged to it.

use std::fmt;
use std::sync::{Arc, Mutex};

use super::MemoryLimit;
use crate::Error;
use crate::lock::lock;

/// Bytes of a [`MemoryLimit`] that are set aside for one piece of work, such as a proof.
///
/// Clones are handles of the same bytes. They go back when the last handle and everything charged
/// to them is gone.
#[derive(Clone)]
pub struct Reservation(Arc<Account>);

struct Account {
    limit: MemoryLimit,
    /// Takes and returns bytes as it is charged.
    on_demand: bool,
    state: Mutex<State>,
}

struct State {
    bytes: usize,
    charged: usize,
    peak: usize,
}

impl Reservation {
    pub(super) fn new(limit: MemoryLimit, bytes: usize, on_demand: bool) -> Self {
        let state = Mutex::new(State { bytes, charged: 0, peak: 0 });
        Self(Arc::new(Account { limit, on_demand, state }))
    }

    /// The limit that this is a part of.
    #[must_use]
    pub fn limit(&self) -> &MemoryLimit {
        &self.0.limit
    }

    /// Bytes set aside.
    #[must_use]
    pub fn bytes(&self) -> usize {
        lock(&self.0.state).bytes
    }

    /// Bytes in use, rounded up as they were allocated.
    #[must_use]
    pub fn charged(&self) -> usize {
        lock(&self.0.state).charged
    }

    /// Bytes that may still be charged; for one on demand, what the limit has left.
    #[must_use]
    pub fn available(&self) -> usize {
        let (limit, state) = (&self.0.limit, lock(&self.0.state));
        let more = if self.0.on_demand { limit.bytes() - limit.reserved() } else { 0 };
        state.bytes - state.charged + more
    }

    /// The most bytes that were in use at once: what an estimate is compared with.
    #[must_use]
    pub fn peak(&self) -> usize {
        lock(&self.0.state).peak
    }

    /// Charges memory that comes from elsewhere, such as the heap, for as long as the [`Charge`]
    /// lives.
    ///
    /// # Errors
    /// [`Error::ReservationExceeded`], or [`Error::LimitReached`] for one made
    /// [on demand](MemoryLimit::on_demand).
    pub fn charge(&self, bytes: usize) -> Result<Charge, Error> {
        self.take(bytes)?;
        self.0.limit.make_room();
        Ok(Charge { reservation: self.clone(), bytes })
    }

    /// Adds bytes if the limit has them now. Never waits: who holds bytes and waits for more could
    /// wait for someone who does the same. Goes ahead of those in the queue, who hold nothing.
    ///
    /// # Errors
    /// [`Error::NeverFits`] or [`Error::LimitReached`].
    pub fn try_grow(&self, bytes: usize) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        self.0.limit.take_more(bytes)?;
        state.bytes += bytes;
        Ok(())
    }

    /// Returns what exceeds `bytes`, as far as it is not in use. Returns how much it was.
    pub fn shrink_to(&self, bytes: usize) -> usize {
        let mut state = lock(&self.0.state);
        let surplus = state.bytes.saturating_sub(bytes.max(state.charged));
        state.bytes -= surplus;
        self.0.limit.0.queue.give(surplus);
        surplus
    }

    /// Charges bytes. The caller makes room before it allocates.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), Error> {
        let mut state = lock(&self.0.state);
        let available = state.bytes - state.charged;
        if bytes > available {
            if !self.0.on_demand {
                let reserved = state.bytes;
                return Err(Error::ReservationExceeded { requested: bytes, available, reserved });
            }
            self.0.limit.take_more(bytes - available)?;
            state.bytes += bytes - available;
        }
        state.charged += bytes;
        state.peak = state.peak.max(state.charged);
        self.0.limit.0.ledger.charge(bytes);
        Ok(())
    }

    /// Ends the charge of memory that the system has back.
    pub(crate) fn put(&self, bytes: usize) {
        self.0.limit.0.ledger.uncharge(bytes);
        self.uncharge(bytes);
    }

    /// Ends the charge of memory that a pool keeps.
    pub(crate) fn put_idle(&self, bytes: usize) {
        self.0.limit.0.ledger.charged_to_idle(bytes);
        self.uncharge(bytes);
    }

    fn uncharge(&self, bytes: usize) {
        let mut state = lock(&self.0.state);
        state.charged -= bytes;
        if self.0.on_demand {
            state.bytes -= bytes;
            self.0.limit.0.queue.give(bytes);
        }
    }
}

impl Drop for Account {
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner);
        self.limit.0.queue.give(state.bytes);
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = lock(&self.0.state);
        f.debug_struct("Reservation")
            .field("bytes", &state.bytes)
            .field("charged", &state.charged)
            .field("peak", &state.peak)
            .field("on_demand", &self.0.on_demand)
            .finish()
    }
}

/// Bytes in use, charged to a [`Reservation`] until this is dropped.
#[derive(Debug)]
#[must_use = "the charge ends when this is dropped"]
pub struct Charge {
    reservation: Reservation,
    bytes: usize,
}

impl Charge {
    /// How many they are.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.reservation.put(self.bytes);
    }
}
