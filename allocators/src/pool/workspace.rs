//! The memory of one proof.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use bytemuck::{AnyBitPattern, NoUninit, Zeroable};

use super::block::Block;
use super::free::FreeLists;
use super::lease::Lease;
use super::part::Part;
use super::shared::Shared;
use super::{Pool, PoolStats};
use crate::lock::lock;
use crate::{Arena, Charge, Error, Reservation};

/// Where one piece of work, such as a proof, leases its buffers. Opened by
/// [`Pool::workspace`] or [`Pool::workspace_in`]; clones are handles of the same workspace, which may
/// be used from many threads.
///
/// A buffer that is returned stays with the workspace, as it is, for the next lease of its size. The
/// workspace ends when its last handle is dropped: what it has is then wiped and goes to the pool, or
/// to the operating system. Leases that are still out follow when they are dropped.
///
/// Elements are `NoUninit`, that is, without padding. So every byte of a buffer is always
/// initialised, whatever types it has been leased for. Fresh pages are touched first by whoever
/// writes to the lease, which places them on that thread's NUMA node; a buffer is leased again to
/// threads of the same node where there is one.
#[derive(Clone)]
pub struct Workspace(Arc<Handle>);

impl Workspace {
    pub(super) fn new(pool: Arc<Shared>, reservation: Reservation) -> Self {
        let state = Mutex::new(State { free: FreeLists::default(), ended: false });
        Self(Arc::new(Handle(Arc::new(Inner { pool, reservation, state }))))
    }

    /// `len` elements that are zero.
    ///
    /// # Errors
    /// [`Error::TooLarge`]; [`Error::ReservationExceeded`], or for a workspace on demand
    /// [`Error::NeverFits`] or [`Error::LimitReached`]; [`Error::System`]; [`Error::Injected`].
    pub fn lease_zeroed<T: NoUninit + Zeroable>(&self, len: usize) -> Result<Lease<T>, Error> {
        Lease::new(&self.0.0, len, true)
    }

    /// `len` elements of any value, to be overwritten: zeros, or bytes that this workspace leased
    /// before.
    ///
    /// # Errors
    /// As [`lease_zeroed`](Self::lease_zeroed).
    pub fn lease<T: NoUninit + AnyBitPattern>(&self, len: usize) -> Result<Lease<T>, Error> {
        Lease::new(&self.0.0, len, false)
    }

    /// The elements of `from`.
    ///
    /// # Errors
    /// As [`lease_zeroed`](Self::lease_zeroed).
    pub fn lease_copy<T: NoUninit>(&self, from: &[T]) -> Result<Lease<T>, Error> {
        Lease::copy(&self.0.0, from)
    }

    /// `len` elements, each computed from its index, in order.
    ///
    /// # Errors
    /// As [`lease_zeroed`](Self::lease_zeroed).
    pub fn lease_with<T: NoUninit>(
        &self,
        len: usize,
        element: impl FnMut(usize) -> T,
    ) -> Result<Lease<T>, Error> {
        Lease::with(&self.0.0, len, element)
    }

    /// An [`Arena`] for many small values.
    ///
    /// # Errors
    /// [`Error::Injected`]: it takes no memory before the first value.
    pub fn arena(&self) -> Result<Arena, Error> {
        Arena::new(&self.0.0)
    }

    /// Charges memory from elsewhere, such as the heap.
    ///
    /// # Errors
    /// As [`Reservation::charge`], and [`Error::Injected`].
    pub fn charge(&self, bytes: usize) -> Result<Charge, Error> {
        self.0.0.pool.failures.check()?;
        self.0.0.with_room(|reservation| reservation.charge(bytes))
    }

    /// Gives the buffers that are not leased back to the operating system, for a stage that needs
    /// other sizes. Returns how many bytes.
    pub fn trim(&self) -> usize {
        let mut released = 0;
        while let Some(bytes) = self.0.0.release(1) {
            released += bytes;
        }
        released
    }

    /// Gives the buffers that are not leased to the pool, wiped, for other workspaces. Returns how many bytes.
    /// What this one has reserved it may lease again.
    pub fn hand_over(&self) -> usize {
        let blocks = lock(&self.0.0.state).free.drain();
        let adopt = |block: Box<Block>| {
            let bytes = block.bytes();
            self.0.0.pool.adopt(block, self.reservation());
            bytes
        };
        blocks.map(adopt).sum()
    }

    /// What this workspace charges its buffers to.
    #[must_use]
    pub fn reservation(&self) -> &Reservation {
        &self.0.0.reservation
    }

    /// What the pool has done so far, for all its workspaces.
    #[must_use]
    pub fn pool_stats(&self) -> PoolStats {
        *lock(&self.0.0.pool.stats)
    }

    /// A handle of the pool.
    #[must_use]
    pub fn pool(&self) -> Pool {
        Pool(Arc::clone(&self.0.0.pool))
    }
}

impl fmt::Debug for Workspace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let free = lock(&self.0.0.state).free.bytes();
        f.debug_struct("Workspace").field("reservation", self.reservation()).field("free", &free).finish()
    }
}

/// What clones of a workspace share; ends it when the last is gone.
struct Handle(Arc<Inner>);

impl Drop for Handle {
    fn drop(&mut self) {
        let mut state = lock(&self.0.state);
        state.ended = true;
        let blocks = state.free.drain();
        drop(state);
        blocks.for_each(|block| self.0.pool.adopt(block, &self.0.reservation));
    }
}

/// A workspace as its leases see it.
pub(crate) struct Inner {
    pub(crate) pool: Arc<Shared>,
    pub(crate) reservation: Reservation,
    state: Mutex<State>,
}

struct State {
    /// Buffers with bytes of this workspace in them, charged to its reservation.
    free: FreeLists,
    /// The last handle is gone: what is returned now belongs to the pool.
    ended: bool,
}

impl Inner {
    /// A block for a lease of `bytes`, at least 1.
    pub(super) fn block(self: &Arc<Self>, bytes: usize, zeroed: bool) -> Result<Part, Error> {
        let mut block = self.find(bytes)?;
        block.prepare(bytes, zeroed);
        Ok(Part::new(block, Arc::clone(self)))
    }

    /// Counts a lease that was refused.
    pub(super) fn refused(&self) {
        lock(&self.pool.stats).failed += 1;
    }

    fn find(&self, bytes: usize) -> Result<Box<Block>, Error> {
        self.pool.failures.check()?;
        let (class, node) = (self.pool.class(bytes)?, Shared::node());
        let own = lock(&self.state).free.take(class, node);
        if let Some(block) = own {
            lock(&self.pool.stats).recycled(class);
            return Ok(block);
        }
        self.with_room(|reservation| reservation.take(class))?;
        self.pool.block(class, node).inspect_err(|_| self.reservation.put(class))
    }

    /// Charges the reservation; where that is refused, buffers of other sizes make room.
    pub(crate) fn with_room<R>(&self, charge: impl Fn(&Reservation) -> Result<R, Error>) -> Result<R, Error> {
        loop {
            let short = match charge(&self.reservation) {
                Err(
                    Error::ReservationExceeded { requested, available, .. }
                    | Error::LimitReached { requested, available, .. },
                ) => requested.saturating_sub(available),
                result => return result,
            };
            if self.release(short).is_none() {
                return charge(&self.reservation);
            }
        }
    }

    /// Gives one free block back to the system, of `bytes` or more if there is one.
    fn release(&self, bytes: usize) -> Option<usize> {
        let block = lock(&self.state).free.take_to_release(bytes)?;
        let bytes = block.bytes();
        self.pool.unmap(block, &self.reservation);
        Some(bytes)
    }

    /// The last lease of a block is gone.
    pub(super) fn give_back(&self, block: Box<Block>) {
        lock(&self.pool.stats).returned(block.bytes());
        let mut state = lock(&self.state);
        if state.ended {
            drop(state);
            self.pool.adopt(block, &self.reservation);
        } else {
            state.free.push(block);
        }
    }
}

impl Drop for Inner {
    /// Nothing is left here: the handle has emptied the lists, and later blocks go to the pool.
    fn drop(&mut self) {
        let state = self.state.get_mut().unwrap_or_else(PoisonError::into_inner);
        debug_assert_eq!(state.free.bytes(), 0);
    }
}

impl fmt::Debug for Inner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workspace").field("reservation", &self.reservation).finish_non_exhaustive()
    }
}
