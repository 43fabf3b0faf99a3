//! The wrapper that counts.

use std::alloc::{GlobalAlloc, Layout};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::shards::{Shards, Stats};
use super::trim::Trim;

/// The name that the global allocator has announced.
static INSTALLED: Mutex<Option<&'static str>> = Mutex::new(None);

/// The name of the global allocator, if it was chosen by [`install!`](crate::install). `None` means
/// that it is another: Rust's default, or one that the binary has set by itself.
#[must_use]
pub fn installed() -> Option<&'static str> {
    // It announces itself with its first allocation, and here is one at the latest.
    drop(std::hint::black_box(Box::new(0u8)));
    *INSTALLED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An allocator that passes every call to `A` and counts it.
///
/// Const-constructible, so that it can be a `static`; [`install!`](crate::install)
/// writes that static. What the counters mean is said at [`Stats`].
///
/// ```
/// use std::alloc::{GlobalAlloc, Layout, System};
/// use parhelion_allocators::Counting;
///
/// static HEAP: Counting<System> = Counting::new("system", System);
/// assert_eq!(HEAP.stats().allocations, 0);
/// assert_eq!(HEAP.name(), "system");
/// ```
pub struct Counting<A> {
    name: &'static str,
    inner: A,
    shards: Shards,
    /// The global allocator, which has yet to say so.
    unannounced: AtomicBool,
}

impl<A> Counting<A> {
    /// Wraps `inner`, to be called `name` in reports.
    pub const fn new(name: &'static str, inner: A) -> Self {
        Self { name, inner, shards: Shards::new(), unannounced: AtomicBool::new(false) }
    }

    /// As [`new`](Self::new), for the binary's global allocator: [`installed`] gives its name.
    pub const fn new_global(name: &'static str, inner: A) -> Self {
        Self { name, inner, shards: Shards::new(), unannounced: AtomicBool::new(true) }
    }

    /// The name of the wrapped allocator.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// What has been counted so far.
    ///
    /// Exact for what happened before in this thread or was synchronised with it;
    /// calls that other threads make meanwhile may be missed or half counted.
    pub fn stats(&self) -> Stats {
        self.shards.stats()
    }

    /// Lets [`Stats::peak`] start again from the bytes that are live now.
    pub fn reset_peak(&self) {
        self.shards.reset_peak();
    }

    fn count_new(&self, size: usize) {
        if self.unannounced.load(Ordering::Relaxed) {
            self.announce();
        }
        self.shards.count_new(size);
    }

    /// Only tries the lock: an allocator must not wait for a thread that allocates. If it is taken,
    /// the next allocation tries again.
    #[cold]
    fn announce(&self) {
        if let Ok(mut installed) = INSTALLED.try_lock() {
            *installed = Some(self.name);
            self.unannounced.store(false, Ordering::Relaxed);
        }
    }
}

impl<A: Trim> Counting<A> {
    /// Gives memory that the program has freed back to the operating system, see [`Trim`].
    pub fn trim(&self) -> bool {
        self.inner.trim()
    }
}

impl<A> fmt::Debug for Counting<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Counting")
            .field("name", &self.name)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

// SAFETY: every method hands its arguments on to `A`, which is a `GlobalAlloc`, and returns
// what `A` returned. Counting is done on atomics in `self` and on a constant-initialised
// thread-local without a destructor, and the announcement only tries a lock that needs no
// allocation: nothing here allocates, waits or unwinds, so it can run inside the allocator at any
// time in a thread's life.
unsafe impl<A: GlobalAlloc> GlobalAlloc for Counting<A> {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `alloc`'s contract, which is `A`'s as well.
        let block = unsafe { self.inner.alloc(layout) };
        if !block.is_null() {
            self.count_new(layout.size());
        }
        block
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller keeps `alloc_zeroed`'s contract, which is `A`'s as well.
        // Calling `A`'s own method keeps its shortcut for pages that are zero already.
        let block = unsafe { self.inner.alloc_zeroed(layout) };
        if !block.is_null() {
            self.count_new(layout.size());
        }
        block
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: `block` came from a method above with `layout`, hence from `A`.
        unsafe { self.inner.dealloc(block, layout) };
        self.shards.count_freed(layout.size());
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: `block` came from a method above with `layout`, hence from `A`, and the
        // caller vouches for `new_size`.
        let moved = unsafe { self.inner.realloc(block, layout, new_size) };
        if !moved.is_null() {
            self.shards.count_resized(layout.size(), new_size);
        }
        moved
    }
}
