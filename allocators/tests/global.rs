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
    trimming_gives_back_what_was_freed();
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

/// Small blocks, which an allocator keeps when they are freed, with every hundredth held so that
/// they are not at the heap's end.
fn trimming_gives_back_what_was_freed() {
    const BLOCK: usize = 4000;
    let mut blocks: Vec<Vec<u8>> = (0..40_000).map(|_| vec![1u8; BLOCK]).collect();
    let full = resident();
    let mut index = 0;
    blocks.retain(|_| {
        index += 1;
        index % 100 == 0
    });
    let trimmed = ALLOCATOR.trim();
    if let (true, Some(full), Some(after)) = (trimmed, full, resident()) {
        let freed = BLOCK * (40_000 - blocks.len());
        assert!(after + freed / 2 < full, "{freed} bytes were freed, resident went from {full} to {after}");
    }
    assert!(blocks.iter().flatten().all(|&byte| byte == 1), "trimming must leave what is in use");
}

/// Resident memory of this process, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<usize>().ok().map(|kibibytes| kibibytes * 1024)
}
