//! The counting wrapper over jemalloc, as the global allocator.

mod checks;

parhelion_allocators::install!(static ALLOCATOR = jemalloc);

fn main() {
    checks::all(&ALLOCATOR, "jemalloc");
}
