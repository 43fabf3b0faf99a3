//! Many small values that are dropped together.

use std::alloc::Layout;
use std::cell::Cell;
use std::fmt;
use std::mem::take;
use std::ptr::NonNull;
use std::sync::Arc;

use bumpalo::Bump;

use crate::Error;
use crate::pool::{IdleArena, PoolShared, WorkspaceInner};
use crate::wipe::wipe;

/// The first chunk; later ones double the arena.
const FIRST_CHUNK: usize = 64 << 10;
/// At least what `bumpalo` and the heap use of a chunk for themselves.
const CHUNK_OVERHEAD: usize = 128;
const PAGE: usize = 4096;

/// Hands out places for small values one after the other, and takes all back at once. Made by
/// [`Workspace::arena`](crate::Workspace::arena).
///
/// Chunks are from the heap and charged to the workspace's reservation. Values are `Copy`, so that
/// none has anything to drop. When the arena is reset or dropped, the bytes handed out are set to
/// zero. One chunk is kept, large enough for as many values again: by a dropped arena in the pool, for
/// the arenas of workspaces to come. An arena belongs to one thread at a time.
///
/// ```
/// use parhelion_allocators::Pool;
///
/// let workspace = Pool::default().workspace();
/// let mut arena = workspace.arena()?;
/// let cell = arena.try_alloc((1u64, true))?;
/// cell.0 += 1;
/// assert_eq!(*cell, (2, true));
/// let digits = arena.try_alloc_slice_with(10, |index| index as u8)?;
/// assert_eq!(digits[9], 9);
/// arena.reset();
/// # Ok::<(), parhelion_allocators::Error>(())
/// ```
pub struct Arena {
    bump: Bump,
    /// Bytes that are charged: those of the chunks, or more.
    charged: Cell<usize>,
    /// Bytes that chunks may have, without what they use for themselves.
    allowed: Cell<usize>,
    home: Arc<WorkspaceInner>,
}

#[allow(clippy::mut_from_ref)] // Each call hands out a place of its own.
impl Arena {
    pub(crate) fn new(home: &Arc<WorkspaceInner>) -> Result<Self, Error> {
        home.pool.failures.check()?;
        let idle = home.pool.take_arena(&home.reservation);
        let IdleArena { bump, bytes } = idle.unwrap_or_else(|| IdleArena { bump: Bump::new(), bytes: 0 });
        let arena = Self { bump, charged: Cell::new(bytes), allowed: Cell::new(0), home: Arc::clone(home) };
        arena.allow(0);
        Ok(arena)
    }

    /// A place with `value` in it.
    ///
    /// # Errors
    /// Those of [`Workspace::lease_zeroed`](crate::Workspace::lease_zeroed), if another chunk is
    /// needed.
    pub fn try_alloc<T: Copy>(&self, value: T) -> Result<&mut T, Error> {
        let place = self.place(Layout::new::<T>())?.cast::<T>();
        // SAFETY: the place is of the layout of `T`, and nobody else's until the arena is reset or
        // dropped, which needs that the borrow has ended.
        unsafe {
            place.write(value);
            Ok(&mut *place.as_ptr())
        }
    }

    /// Places for `len` values, each computed from its index, in order.
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc), and [`Error::TooLarge`].
    pub fn try_alloc_slice_with<T: Copy>(
        &self,
        len: usize,
        mut value: impl FnMut(usize) -> T,
    ) -> Result<&mut [T], Error> {
        let layout = Layout::array::<T>(len).map_err(|_| Error::TooLarge { len, element: size_of::<T>() })?;
        let start = self.place(layout)?.cast::<T>();
        for index in 0..len {
            // SAFETY: the place has room for `len` values and is nobody else's. Should `value` panic,
            // or use this arena as well, the place is just not used.
            unsafe { start.add(index).write(value(index)) };
        }
        // SAFETY: all `len` values are written; for the rest see `try_alloc`.
        Ok(unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), len) })
    }

    /// Places with the values of `from` in them.
    ///
    /// # Errors
    /// As [`try_alloc`](Self::try_alloc).
    pub fn try_alloc_slice_copy<T: Copy>(&self, from: &[T]) -> Result<&mut [T], Error> {
        let start = self.place(Layout::for_value(from))?.cast::<T>();
        // SAFETY: the place has room for as many values and is nobody else's, so that it does not
        // overlap `from`; for the rest see `try_alloc`.
        unsafe {
            start.copy_from_nonoverlapping(NonNull::from(from).cast(), from.len());
            Ok(std::slice::from_raw_parts_mut(start.as_ptr(), from.len()))
        }
    }

    /// Bytes that are charged: of all chunks, rounded up.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.charged.get()
    }

    /// Takes all places back, sets what was in them to zero, and keeps one chunk with room for it all.
    pub fn reset(&mut self) {
        let (chunks, used) = self.wipe();
        if chunks > 1 && used + 2 * PAGE <= self.charged.get() {
            // In this order: the chunks go before another comes.
            self.bump = Bump::new();
            self.bump = Bump::try_with_capacity(used).unwrap_or_default();
        } else {
            self.bump.reset();
        }
        let kept = self.bump.allocated_bytes_including_metadata();
        let kept = if kept == 0 { 0 } else { kept + CHUNK_OVERHEAD };
        let surplus = self.charged.get().saturating_sub(kept);
        self.charged.set(self.charged.get() - surplus);
        self.allow(0);
        self.home.pool.arenas_shrank(surplus);
        self.home.reservation.put(surplus);
    }

    /// Sets what was handed out to zero. Returns the number of chunks and the bytes that were.
    fn wipe(&mut self) -> (usize, usize) {
        let (mut chunks, mut used) = (0, 0);
        // SAFETY: the chunks are not used while they are iterated over, and the mutable borrow says
        // that nobody has a reference to any place in them.
        for (start, len) in unsafe { self.bump.iter_allocated_chunks_raw() } {
            (chunks, used) = (chunks + 1, used + len);
            if let Some(start) = NonNull::new(start) {
                // SAFETY: `len` bytes from `start` are the part of a chunk that was handed out.
                unsafe { wipe(start, len) };
            }
        }
        (chunks, used)
    }

    fn place(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        match self.bump.try_alloc_layout(layout) {
            Ok(place) => Ok(place),
            Err(_) => self.place_in_new_chunk(layout),
        }
    }

    /// Charges another chunk first. Of twice the arena's size if the reservation has room for it.
    #[cold]
    fn place_in_new_chunk(&self, layout: Layout) -> Result<NonNull<u8>, Error> {
        let home = &self.home;
        home.pool.failures.check()?;
        let too_large = Error::TooLarge { len: layout.size(), element: 1 };
        let least = layout.size().checked_add(layout.align() + CHUNK_OVERHEAD + PAGE).ok_or(too_large)?;
        let least = least.checked_next_multiple_of(PAGE).unwrap_or(least);
        let roomy = least.max(self.charged.get()).max(FIRST_CHUNK);
        let charged = match home.reservation.take(roomy) {
            Ok(()) => roomy,
            Err(_) => home.with_room(|reservation| reservation.take(least)).map(|()| least)?,
        };
        home.pool.limit().make_room();
        let allowed = self.allowed.get();
        self.allow(charged);
        self.bump.try_alloc_layout(layout).map_err(|_| {
            self.charged.set(self.charged.get() - charged);
            self.allowed.set(allowed);
            self.bump.set_allocation_limit(Some(allowed));
            home.pool.arenas_shrank(charged);
            home.reservation.put(charged);
            PoolShared::out_of_memory(charged)
        })
    }

    /// Lets chunks have what they have now and `more` bytes, which are charged.
    fn allow(&self, more: usize) {
        let have = self.bump.allocated_bytes();
        self.charged.set(self.charged.get() + more);
        self.allowed.set(have + more.saturating_sub(CHUNK_OVERHEAD));
        self.bump.set_allocation_limit(Some(self.allowed.get()));
        self.home.pool.arenas_grew(more);
    }
}

impl Drop for Arena {
    fn drop(&mut self) {
        self.reset();
        let arena = IdleArena { bump: take(&mut self.bump), bytes: self.charged.get() };
        self.home.pool.adopt_arena(arena, &self.home.reservation);
    }
}

impl fmt::Debug for Arena {
    /// Without the values, which may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arena").field("bytes", &self.bytes()).finish_non_exhaustive()
    }
}
