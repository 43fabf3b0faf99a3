//! Pages from the operating system: zero, and not in memory before they are touched.

use std::io;
use std::ptr::NonNull;

#[cfg(not(target_os = "linux"))]
use portable as system;

/// Whether buffers of 2 MiB and more are on huge pages. Other systems than Linux ignore it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HugePages {
    /// No: small pages, also where the system would use huge ones by itself.
    Never,
    /// The system is advised to use them (`madvise`), and does so where it has any.
    #[default]
    Advised,
    /// Those that the administrator has set aside (`vm.nr_hugepages`), in whole huge pages. Where
    /// none are left, as `Advised`; [`PoolStats::explicit_refused`](crate::PoolStats) counts that.
    Explicit,
}

/// A run of pages that is nobody else's. Unmapped on drop.
#[derive(Debug)]
pub(super) struct Pages {
    start: NonNull<u8>,
    bytes: usize,
    /// On huge pages that were set aside.
    pub(super) explicit: bool,
}

// SAFETY: `Pages` owns its memory, as `Vec<u8>` does, and gives no access without `unsafe`.
unsafe impl Send for Pages {}

impl Pages {
    /// Maps `bytes` of zeros, a multiple of the page size, aligned to it. From 2 MiB up, and not
    /// with `Never`, aligned to 2 MiB.
    pub(super) fn map(bytes: usize, huge: HugePages) -> io::Result<Self> {
        let (start, explicit) = system::map(bytes, huge)?;
        Ok(Self { start, bytes, explicit })
    }

    pub(super) fn start(&self) -> NonNull<u8> {
        self.start
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // SAFETY: `map` returned this start for this many bytes, and whoever used them is done: the
        // owner of `Pages` answers for that.
        unsafe { system::unmap(self.start, self.bytes) };
    }
}

/// The NUMA node this thread is running on, 0 where it cannot be told.
pub(super) fn node() -> u32 {
    system::node()
}

#[cfg(target_os = "linux")]
mod system {
    use std::ptr::null_mut;

    use super::super::class::HUGE_PAGE;
    use super::*;

    pub(super) fn map(bytes: usize, huge: HugePages) -> io::Result<(NonNull<u8>, bool)> {
        if bytes < HUGE_PAGE {
            return Ok((anonymous(bytes, 0)?, false));
        }
        if huge == HugePages::Explicit
            && bytes.is_multiple_of(HUGE_PAGE)
            && let Ok(start) = anonymous(bytes, libc::MAP_HUGETLB | libc::MAP_HUGE_2MB)
        {
            return Ok((start, true));
        }
        if huge == HugePages::Never {
            let start = anonymous(bytes, 0)?;
            advise(start, bytes, libc::MADV_NOHUGEPAGE);
            return Ok((start, false));
        }
        let start = aligned(bytes)?;
        advise(start, bytes, libc::MADV_HUGEPAGE);
        Ok((start, false))
    }

    /// Maps more than needed, and unmaps what is in front of and behind an aligned part.
    fn aligned(bytes: usize) -> io::Result<NonNull<u8>> {
        let whole = bytes.checked_add(HUGE_PAGE).ok_or(io::ErrorKind::OutOfMemory)?;
        let start = anonymous(whole, 0)?;
        let front = start.as_ptr().align_offset(HUGE_PAGE);
        // SAFETY: `front` is less than a huge page, so that `front + bytes` is within the mapping;
        // the two parts that are unmapped are multiples of pages, since `bytes` and the addresses
        // are, and nobody has seen them.
        unsafe {
            let aligned = start.add(front);
            if front > 0 {
                unmap(start, front);
            }
            unmap(aligned.add(bytes), whole - front - bytes);
            Ok(aligned)
        }
    }

    fn anonymous(bytes: usize, flags: libc::c_int) -> io::Result<NonNull<u8>> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | flags;
        // SAFETY: a new mapping at an address of the system's choice touches no memory in use.
        let start = unsafe { libc::mmap(null_mut(), bytes, protection, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        NonNull::new(start.cast()).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Advice only: a system that does not take it works as well.
    fn advise(start: NonNull<u8>, bytes: usize, advice: libc::c_int) {
        // SAFETY: the range is a mapping of ours, and neither advice changes what is in it.
        unsafe { libc::madvise(start.as_ptr().cast(), bytes, advice) };
    }

    /// # Safety
    /// The range must be mapped by `map` and not be used any more.
    pub(super) unsafe fn unmap(start: NonNull<u8>, bytes: usize) {
        // SAFETY: as the caller says. It can only fail for ranges that are no mappings, or if the
        // range were in the middle of a mapping and the system could not split it; then the pages
        // stay, which is a leak and no more.
        unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
    }

    pub(super) fn node() -> u32 {
        let (mut cpu, mut node) = (0u32, 0u32);
        // SAFETY: writes one word to each of the first two addresses; the third argument is unused.
        let result = unsafe {
            libc::syscall(libc::SYS_getcpu, &raw mut cpu, &raw mut node, null_mut::<libc::c_void>())
        };
        if result == 0 { node } else { 0 }
    }
}

/// By the global allocator. Compiled for the tests everywhere.
#[cfg(any(not(target_os = "linux"), test))]
#[cfg_attr(target_os = "linux", allow(dead_code))]
mod portable {
    use std::alloc::{Layout, alloc_zeroed, dealloc};

    use super::super::class::PAGE;
    use super::*;
    use crate::wipe::wipe;

    fn layout(bytes: usize) -> io::Result<Layout> {
        Layout::from_size_align(bytes, PAGE).map_err(|_| io::ErrorKind::OutOfMemory.into())
    }

    pub(super) fn map(bytes: usize, _: HugePages) -> io::Result<(NonNull<u8>, bool)> {
        let layout = layout(bytes)?;
        if layout.size() == 0 {
            return Err(io::ErrorKind::InvalidInput.into());
        }
        // SAFETY: the layout has a size.
        let start = NonNull::new(unsafe { alloc_zeroed(layout) });
        start.map(|start| (start, false)).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// # Safety
    /// The range must be one that `map` returned, and not be used any more.
    pub(super) unsafe fn unmap(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the range is ours until it is deallocated, with the layout it was allocated with.
        // The next owner of the heap's memory is not to see what is in it.
        unsafe {
            wipe(start, bytes);
            if let Ok(layout) = layout(bytes) {
                dealloc(start.as_ptr(), layout);
            }
        }
    }

    pub(super) fn node() -> u32 {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::super::class::{HUGE_PAGE, PAGE};
    use super::*;

    fn check(start: NonNull<u8>, bytes: usize) {
        // SAFETY: the caller has just mapped these bytes, and has no other reference to them.
        let memory = unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), bytes) };
        assert!(memory.iter().all(|&byte| byte == 0));
        memory.fill(0xa5);
        assert!(memory.iter().all(|&byte| byte == 0xa5));
    }

    #[test]
    fn pages_are_zero_writable_and_aligned() {
        for bytes in [PAGE, 3 * PAGE, HUGE_PAGE, HUGE_PAGE + PAGE, 3 * HUGE_PAGE] {
            for huge in [HugePages::Never, HugePages::Advised, HugePages::Explicit] {
                let pages = Pages::map(bytes, huge).unwrap();
                check(pages.start(), bytes);
                let huge = cfg!(target_os = "linux") && bytes >= HUGE_PAGE && huge != HugePages::Never;
                let alignment = if huge { HUGE_PAGE } else { PAGE };
                assert_eq!(pages.start().as_ptr().align_offset(alignment), 0, "{bytes} bytes, huge: {huge}");
            }
        }
    }

    #[test]
    fn the_portable_twin_does_the_same() {
        for bytes in [PAGE, HUGE_PAGE + PAGE] {
            let (start, explicit) = portable::map(bytes, HugePages::Explicit).unwrap();
            assert!(!explicit);
            check(start, bytes);
            // SAFETY: mapped above, and not used after this.
            unsafe { portable::unmap(start, bytes) };
        }
        assert!(portable::map(0, HugePages::Never).is_err());
    }

    #[test]
    fn what_the_system_has_not_is_an_error() {
        let bytes = (isize::MAX as usize) & !(HUGE_PAGE - 1);
        for huge in [HugePages::Never, HugePages::Advised, HugePages::Explicit] {
            assert!(Pages::map(bytes, huge).is_err());
        }
    }
}
