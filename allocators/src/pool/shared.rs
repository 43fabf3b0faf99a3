//! What the handles of a pool share: the idle buffers and the settings.

use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use bumpalo::Bump;

use super::block::Block;
use super::class;
use super::free::FreeLists;
use super::pages::{HugePages, Pages, node};
use super::stats::PoolStats;
use crate::limit::Reclaim;
use crate::lock::lock;
use crate::{Error, FailurePlan, MemoryLimit, Reservation};

/// Idle memory is clean: all zero, and nobody's. It is counted by the limit as idle from before it
/// is in the lists until after it has left them, under the lock of the lists, so that whoever holds
/// the lock sees the two agree.
///
/// Order of locks: a workspace's lists, `idle`, a reservation, then those that hold nothing else:
/// the limit's and `stats`.
pub(crate) struct Shared {
    pub(super) limit: MemoryLimit,
    pub(super) retain: usize,
    pub(super) huge_pages: HugePages,
    pub(crate) failures: FailurePlan,
    pub(super) stats: Mutex<PoolStats>,
    idle: Mutex<Idle>,
}

#[derive(Default)]
struct Idle {
    blocks: FreeLists,
    arenas: Vec<IdleArena>,
    arena_bytes: usize,
}

impl Idle {
    fn bytes(&self) -> usize {
        self.blocks.bytes() + self.arena_bytes
    }
}

/// The one chunk that an arena keeps, zero.
pub(crate) struct IdleArena {
    pub(crate) bump: Bump,
    pub(crate) bytes: usize,
}

impl Shared {
    pub(super) fn new(
        limit: MemoryLimit,
        retain: usize,
        huge_pages: HugePages,
        failures: FailurePlan,
    ) -> Arc<Self> {
        let (stats, idle) = (Mutex::default(), Mutex::default());
        let shared = Arc::new(Self { limit, retain, huge_pages, failures, stats, idle });
        let pool: Weak<dyn Reclaim> = Arc::downgrade(&shared) as Weak<dyn Reclaim>;
        shared.limit.register(pool);
        shared
    }

    pub(super) fn class(&self, bytes: usize) -> Result<usize, Error> {
        let whole = self.huge_pages == HugePages::Explicit;
        class::class(bytes, whole).ok_or(Error::TooLarge { len: bytes, element: 1 })
    }

    /// An idle block of this size, or one with fresh pages. The caller has charged it.
    pub(super) fn block(&self, class: usize, node: u32) -> Result<Box<Block>, Error> {
        if let Some(block) = self.take_idle(class, node) {
            lock(&self.stats).recycled(class);
            return Ok(block);
        }
        self.limit.make_room();
        let mapped = Pages::map(class, self.huge_pages).or_else(|reason| {
            // The system may be short of what lies idle here.
            if self.trim_to(0) > 0 { Pages::map(class, self.huge_pages) } else { Err(reason) }
        });
        let pages = mapped.map_err(|reason| Error::System { bytes: class, reason })?;
        let wanted = self.huge_pages == HugePages::Explicit && class >= class::HUGE_PAGE;
        lock(&self.stats).fresh(class, pages.explicit, wanted && !pages.explicit);
        Ok(Block::new(pages, node))
    }

    fn take_idle(&self, class: usize, node: u32) -> Option<Box<Block>> {
        let mut idle = lock(&self.idle);
        let block = idle.blocks.take(class, node)?;
        self.limit.end_idle(class);
        Some(block)
    }

    /// Wipes a block whose workspace has ended and keeps it, if the policy has room for it.
    pub(super) fn adopt(&self, mut block: Box<Block>, reservation: &Reservation) {
        let room = |idle: &Idle| block.bytes() <= self.retain.saturating_sub(idle.bytes());
        // Asked twice, so that what goes is not wiped first, and wiping needs no lock.
        if !room(&lock(&self.idle)) {
            return self.unmap(block, reservation);
        }
        let wiped = block.wipe();
        lock(&self.stats).wiped += wiped as u64;
        let mut idle = lock(&self.idle);
        if block.bytes() <= self.retain.saturating_sub(idle.bytes()) {
            reservation.put_idle(block.bytes());
            idle.blocks.push(block);
        } else {
            drop(idle);
            self.unmap(block, reservation);
        }
    }

    /// Gives a block back to the system, which lets nobody see what is in it, and ends its charge.
    pub(super) fn unmap(&self, block: Box<Block>, reservation: &Reservation) {
        let (bytes, explicit) = (block.bytes(), block.explicit());
        drop(block);
        lock(&self.stats).released(bytes, explicit);
        reservation.put(bytes);
    }

    pub(crate) fn limit(&self) -> &MemoryLimit {
        &self.limit
    }

    /// The largest idle arena that the reservation has room for, charged.
    pub(crate) fn take_arena(&self, reservation: &Reservation) -> Option<IdleArena> {
        let mut idle = lock(&self.idle);
        let fits = |arena: &&IdleArena| arena.bytes <= reservation.available();
        let largest = idle.arenas.iter().filter(fits).map(|arena| arena.bytes).max()?;
        let index = idle.arenas.iter().position(|arena| arena.bytes == largest)?;
        reservation.take(largest).ok()?;
        self.limit.end_idle(largest);
        idle.arena_bytes -= largest;
        Some(idle.arenas.swap_remove(index))
    }

    /// Keeps an arena's chunk, which is zero, if the policy has room for it.
    pub(crate) fn adopt_arena(&self, arena: IdleArena, reservation: &Reservation) {
        let mut idle = lock(&self.idle);
        let bytes = arena.bytes;
        if bytes > 0 && bytes <= self.retain.saturating_sub(idle.bytes()) {
            reservation.put_idle(bytes);
            idle.arena_bytes += bytes;
            idle.arenas.push(arena);
        } else {
            drop(idle);
            drop(arena);
            lock(&self.stats).arenas -= bytes;
            reservation.put(bytes);
        }
    }

    /// Arenas have so many bytes more.
    pub(crate) fn arenas_grew(&self, bytes: usize) {
        lock(&self.stats).arenas += bytes;
    }

    /// Arenas have so many bytes less.
    pub(crate) fn arenas_shrank(&self, bytes: usize) {
        lock(&self.stats).arenas -= bytes;
    }

    pub(super) fn trim_to(&self, bytes: usize) -> usize {
        let mut idle = lock(&self.idle);
        let surplus = idle.bytes().saturating_sub(bytes);
        self.release(&mut idle, surplus)
    }

    /// Gives `bytes` or more of idle memory back, or all there is.
    fn release(&self, idle: &mut Idle, bytes: usize) -> usize {
        let mut released = 0;
        while released < bytes {
            let count = if let Some(block) = idle.blocks.take_to_release(bytes - released) {
                let (count, explicit) = (block.bytes(), block.explicit());
                drop(block);
                lock(&self.stats).released(count, explicit);
                count
            } else if let Some(arena) = idle.arenas.pop() {
                let count = arena.bytes;
                drop(arena);
                idle.arena_bytes -= count;
                lock(&self.stats).arenas -= count;
                count
            } else {
                break;
            };
            self.limit.end_idle(count);
            released += count;
        }
        released
    }

    /// The node of the calling thread.
    pub(super) fn node() -> u32 {
        node()
    }

    /// What the global allocator says when it has nothing.
    pub(crate) fn out_of_memory(bytes: usize) -> Error {
        Error::System { bytes, reason: io::ErrorKind::OutOfMemory.into() }
    }
}

impl Reclaim for Shared {
    fn release_idle(&self, bytes: usize) -> usize {
        let mut idle = lock(&self.idle);
        self.release(&mut idle, bytes)
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let idle = std::mem::take(self.idle.get_mut().unwrap_or_else(PoisonError::into_inner));
        let bytes = idle.bytes();
        drop(idle);
        self.limit.end_idle(bytes);
    }
}
