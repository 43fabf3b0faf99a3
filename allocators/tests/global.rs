//! The counting wrapper over system, as the global allocator.

mod checks;

parhelion_allocators::install!(static ALLOCATOR = system);

fn main() {
    checks::all(&ALLOCATOR, "system");
}
