//! Sizes of buffers.

/// The smallest buffer, and the unit of all sizes: a page of most systems.
pub(super) const PAGE: usize = 4096;
/// A huge page of x86-64 and of AArch64 with pages of 4 KiB.
pub(super) const HUGE_PAGE: usize = 2 << 20;
/// Sizes between one power of two and the next: at most 1/16 of a buffer is in excess.
const STEPS: usize = 16;

/// The size of buffer, in bytes, for a lease of `bytes`, at least 1. Buffers as large as a huge page
/// are whole huge pages if `whole`. `None` if it exceeds what an allocation may have.
///
/// Pages up to 64 KiB, then sixteen sizes between a power of two and the next. The excess is at the
/// end, where it is never touched: it is counted, but takes up no memory.
pub(super) fn class(bytes: usize, whole: bool) -> Option<usize> {
    let power = 1 << bytes.max(1).ilog2();
    let step = if whole && bytes >= HUGE_PAGE { HUGE_PAGE } else { PAGE };
    let class = bytes.checked_next_multiple_of(step.max(power / STEPS))?;
    (class <= isize::MAX as usize).then_some(class)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_fit_exactly() {
        for k in 12..40 {
            assert_eq!(class(1 << k, false), Some(1 << k));
        }
        assert_eq!(class(1, false), Some(PAGE));
        assert_eq!(class(PAGE + 1, false), Some(2 * PAGE));
        assert_eq!(class((1 << 20) + 1, false), Some((1 << 20) + (1 << 16)));
    }

    #[test]
    fn little_is_in_excess() {
        let mut bytes = 16 * PAGE;
        while bytes < 1 << 40 {
            let class = class(bytes, false).unwrap();
            assert!(class >= bytes && class - bytes <= bytes / STEPS, "{bytes} -> {class}");
            assert!(class.is_multiple_of(PAGE));
            bytes += bytes / 37 + 1;
        }
    }

    #[test]
    fn classes_are_their_own_classes() {
        for bytes in [1, 4097, 70_000, 123_456, 9_999_999, 123_456_789] {
            for whole in [false, true] {
                let size = class(bytes, whole).unwrap();
                assert_eq!(class(size, whole), Some(size));
                assert!(!whole || size < HUGE_PAGE || size.is_multiple_of(HUGE_PAGE));
            }
        }
    }

    #[test]
    fn absurd_sizes_have_none() {
        assert_eq!(class(isize::MAX as usize, false), None);
        assert_eq!(class(usize::MAX, false), None);
        assert_eq!(class(usize::MAX, true), None);
    }
}
