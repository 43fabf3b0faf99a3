//! Lines from the heap, on large pages where there are some, overwritten before they are freed.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::hint::black_box;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;

use super::Line;

/// A page of the larger kind, and so the alignment and unit of blocks of that size.
const LARGE_PAGE: usize = 2 << 20;

/// A number of lines.
pub(super) struct Heap {
    start: NonNull<Line>,
    len: usize,
}

// SAFETY: the lines are owned, and plain integers.
unsafe impl Send for Heap {}

impl Heap {
    /// `len` lines of zeros or a few more.
    pub(super) fn new(len: usize) -> Self {
        let bytes = len * size_of::<Line>();
        let unit = if bytes < LARGE_PAGE / 2 { size_of::<Line>() } else { LARGE_PAGE };
        let len = bytes.max(1).next_multiple_of(unit) / size_of::<Line>();
        let layout = Self::layout(len);
        // SAFETY: the layout is not empty.
        let Some(start) = NonNull::new(unsafe { alloc(layout) }.cast::<Line>()) else {
            handle_alloc_error(layout)
        };
        if unit == LARGE_PAGE {
            advise(start.cast(), layout.size());
        }
        // SAFETY: these lines have just been allocated.
        unsafe { start.write_bytes(0, len) };
        Self { start, len }
    }

    fn layout(len: usize) -> Layout {
        let bytes = len * size_of::<Line>();
        let align = if bytes.is_multiple_of(LARGE_PAGE) { LARGE_PAGE } else { align_of::<Line>() };
        Layout::from_size_align(bytes, align).unwrap_or_else(|_| panic!("{bytes} bytes are too many"))
    }
}

/// Asks for large pages. Many kernels read memory in no order, and entries for small pages run out.
fn advise(start: NonNull<u8>, bytes: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: the range is one allocation of ours, and the advice changes no contents. A refusal is fine.
    unsafe {
        libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_HUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, bytes);
}

impl Deref for Heap {
    type Target = [Line];

    fn deref(&self) -> &[Line] {
        // SAFETY: there are as many lines, all initialised.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl DerefMut for Heap {
    fn deref_mut(&mut self) -> &mut [Line] {
        // SAFETY: as above, and nobody else has them.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.len) }
    }
}

impl Drop for Heap {
    fn drop(&mut self) {
        self.fill(Line::default());
        // For all the compiler knows, the zeros are read here.
        black_box(self.start);
        // SAFETY: allocated with this layout.
        unsafe { dealloc(self.start.as_ptr().cast(), Self::layout(self.len)) };
    }
}
