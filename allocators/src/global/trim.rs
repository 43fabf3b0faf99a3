//! Giving freed memory back to the operating system.

use std::alloc::System;

/// An allocator that can give back what the program has freed but it has kept.
pub trait Trim {
    /// Gives back what can be given back now. False if this allocator has no way to be asked on
    /// this system, or had nothing to give.
    ///
    /// Expensive: for the boundary between two stages of a program, or before a measurement.
    fn trim(&self) -> bool;
}

impl Trim for System {
    fn trim(&self) -> bool {
        #[cfg(all(target_os = "linux", target_env = "gnu"))]
        {
            // SAFETY: takes the allocator's own locks and touches free memory only; any thread
            // may call it at any time.
            unsafe { libc::malloc_trim(0) == 1 }
        }
        #[cfg(not(all(target_os = "linux", target_env = "gnu")))]
        {
            false
        }
    }
}

#[cfg(feature = "mimalloc")]
impl Trim for mimalloc::MiMalloc {
    fn trim(&self) -> bool {
        // SAFETY: works on the calling thread's heap and on memory that ended threads have left;
        // any thread may call it at any time.
        unsafe { libmimalloc_sys::mi_collect(true) };
        true
    }
}

#[cfg(feature = "jemalloc")]
impl Trim for tikv_jemallocator::Jemalloc {
    fn trim(&self) -> bool {
        use std::ptr::null_mut;
        use tikv_jemalloc_sys::mallctl;

        // 4096 stands for all arenas (`MALLCTL_ARENAS_ALL`).
        let ask = |what: &std::ffi::CStr| {
            // SAFETY: the name ends in zero; both commands read and write no value. They work on the
            // calling thread's cache and on free pages, under jemalloc's own locks.
            unsafe { mallctl(what.as_ptr(), null_mut(), null_mut(), null_mut(), 0) == 0 }
        };
        // A thread without a cache has nothing to flush, which is no failure.
        ask(c"thread.tcache.flush");
        ask(c"arena.4096.purge")
    }
}

#[cfg(feature = "snmalloc")]
impl Trim for snmalloc_rs::SnMalloc {
    /// False: snmalloc gives back what it wants, when it wants, and cannot be asked.
    fn trim(&self) -> bool {
        false
    }
}
