//! The counting wrapper over mimalloc, as the global allocator.

mod checks;

parhelion_allocators::install!(static ALLOCATOR = mimalloc);

fn main() {
    checks::all(&ALLOCATOR, "mimalloc");
}
