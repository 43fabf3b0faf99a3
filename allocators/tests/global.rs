//! The wrapper as the global allocator of a whole binary, which is what it is for.
//!
//! Runs without the test harness, whose own allocations would be counted too.

#[cfg(feature = "mimalloc")]
parhelion_allocators::install!(static ALLOCATOR = mimalloc);
#[cfg(not(feature = "mimalloc"))]
parhelion_allocators::install!(static ALLOCATOR = system);

const BYTES: usize = 8 << 20;

fn main() {
    one_thread();
    blocks_may_cross_threads();
    println!("counts of the {} allocator agree", ALLOCATOR.name());
}

fn one_thread() {
    ALLOCATOR.reset_peak();
    let before = ALLOCATOR.stats();
    let mut block = Vec::<u8>::with_capacity(BYTES);
    let held = ALLOCATOR.stats();
    assert_eq!(held.allocations - before.allocations, 1);
    assert_eq!(held.bytes - before.bytes, BYTES as u64);
    assert_eq!(held.live - before.live, BYTES);

    block.resize(BYTES, 7);
    block.reserve_exact(2 * BYTES);
    assert!(block.iter().all(|&byte| byte == 7), "growing must keep the contents");
    let grown = ALLOCATOR.stats();
    assert_eq!(grown.allocations - held.allocations, 1);
    assert_eq!(grown.live - before.live, 3 * BYTES);

    drop(block);
    let zeroed = vec![0u64; 1000];
    assert!(zeroed.iter().all(|&word| word == 0));
    drop(zeroed);
    let after = ALLOCATOR.stats();
    assert_eq!(after.live, before.live);
    assert!(after.peak - before.live >= 3 * BYTES - (64 << 10), "peak {} is too low", after.peak);
    assert!(after.peak - before.live <= 3 * BYTES + 8000 + (64 << 10), "peak {} is too high", after.peak);
}

fn blocks_may_cross_threads() {
    let before = ALLOCATOR.stats();
    let blocks: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| vec![1u8; BYTES])).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let crossed = ALLOCATOR.stats();
    assert!(crossed.live - before.live >= 4 * BYTES);
    drop(blocks);
    assert!(ALLOCATOR.stats().live - before.live < BYTES);
}
