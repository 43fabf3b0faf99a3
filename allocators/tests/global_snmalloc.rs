//! The counting wrapper over snmalloc, as the global allocator.

mod checks;

parhelion_allocators::install!(static ALLOCATOR = snmalloc);

fn main() {
    checks::all(&ALLOCATOR, "snmalloc");
}
