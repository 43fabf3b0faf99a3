//! The macro with which a binary chooses its allocator.

/// Defines a [`Counting`](crate::Counting) static and makes it the global
/// allocator of the binary that calls this.
///
/// The name after `=` is `system`; `mimalloc`, `jemalloc` or `snmalloc` (with the feature of that
/// name); or `custom(name, Type, value)` for any other `GlobalAlloc`.
///
/// ```
/// use std::alloc::System;
///
/// parhelion_allocators::install!(
///     /// Counts this binary's heap.
///     pub static HEAP = custom("plain", System, System)
/// );
/// # fn main() {
/// assert_eq!(HEAP.name(), "plain");
/// assert_eq!(parhelion_allocators::installed(), Some("plain"));
/// # }
/// ```
#[macro_export]
macro_rules! install {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident = system $(;)?) => {
        $crate::install!(
            $(#[$attribute])* $visibility static $name =
                custom("system", ::std::alloc::System, ::std::alloc::System)
        );
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident = mimalloc $(;)?) => {
        $crate::install!(
            $(#[$attribute])* $visibility static $name =
                custom("mimalloc", $crate::MiMalloc, $crate::MiMalloc)
        );
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident = jemalloc $(;)?) => {
        $crate::install!(
            $(#[$attribute])* $visibility static $name =
                custom("jemalloc", $crate::Jemalloc, $crate::Jemalloc)
        );
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident = snmalloc $(;)?) => {
        $crate::install!(
            $(#[$attribute])* $visibility static $name =
                custom("snmalloc", $crate::SnMalloc, $crate::SnMalloc)
        );
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident =
        custom($label:expr, $allocator:ty, $value:expr) $(;)?) => {
        $(#[$attribute])*
        #[global_allocator]
        $visibility static $name: $crate::Counting<$allocator> =
            $crate::Counting::new_global($label, $value);
    };
}
