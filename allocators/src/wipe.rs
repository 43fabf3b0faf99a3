//! Overwriting what was secret.

use std::hint::black_box;
use std::ptr::NonNull;

/// Sets `bytes` bytes from `start` to zero, also if nothing seems to read them afterwards.
///
/// # Safety
/// The range must be valid for writes, and no reference to it may be alive.
pub(crate) unsafe fn wipe(start: NonNull<u8>, bytes: usize) {
    // SAFETY: as the caller says.
    unsafe { start.write_bytes(0, bytes) };
    // For all the compiler knows, the zeros are read here.
    black_box(start);
}
