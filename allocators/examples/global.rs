//! A binary that chooses its global allocator by a feature.
//!
//!     cargo run --release -p parhelion-allocators --example global --features jemalloc

#[cfg(feature = "mimalloc")]
parhelion_allocators::install!(static HEAP = mimalloc);
#[cfg(all(feature = "jemalloc", not(feature = "mimalloc")))]
parhelion_allocators::install!(static HEAP = jemalloc);
#[cfg(all(feature = "snmalloc", not(any(feature = "mimalloc", feature = "jemalloc"))))]
parhelion_allocators::install!(static HEAP = snmalloc);
#[cfg(not(any(feature = "mimalloc", feature = "jemalloc", feature = "snmalloc")))]
parhelion_allocators::install!(static HEAP = system);

fn main() {
    println!("allocator: {}", parhelion_allocators::installed().unwrap_or("not one of ours"));
    let blocks: Vec<Vec<u8>> = (0..10_000).map(|size| vec![1; size]).collect();
    println!("{:?}", HEAP.stats());
    drop(blocks);
    println!("{:?}, given back: {}", HEAP.stats(), HEAP.trim());
}
