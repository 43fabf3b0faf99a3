//! The wrapper as the global allocator of a whole binary, which is what it is for.
//!
//! Runs without the test harness, whose own allocations would be counted too.

use parhelion_allocators::{Counting, Trim, installed};

const BYTES: usize = 8 << 20;

/// Checks the counts of the global allocator, which is to be called `name`.
pub(crate) fn all<A: Trim>(allocator: &Counting<A>, name: &str) {
    assert_eq!(installed(), Some(name));
    assert_eq!(allocator.name(), name);
    one_thread(allocator);
    blocks_may_cross_threads(allocator);
    trimming_gives_back_what_was_freed(allocator);
    println!("counts of the {name} allocator agree");
}

fn one_thread<A>(allocator: &Counting<A>) {
    allocator.reset_peak();
    let before = allocator.stats();
    let mut block = Vec::<u8>::with_capacity(BYTES);
    let held = allocator.stats();
    assert_eq!(held.allocations - before.allocations, 1);
    assert_eq!(held.bytes - before.bytes, BYTES as u64);
    assert_eq!(held.live - before.live, BYTES);

    block.resize(BYTES, 7);
    block.reserve_exact(2 * BYTES);
    assert!(block.iter().all(|&byte| byte == 7), "growing must keep the contents");
    let grown = allocator.stats();
    assert_eq!(grown.allocations - held.allocations, 1);
    assert_eq!(grown.live - before.live, 3 * BYTES);

    drop(block);
    let zeroed = vec![0u64; 1000];
    assert!(zeroed.iter().all(|&word| word == 0));
    drop(zeroed);
    let after = allocator.stats();
    assert_eq!(after.live, before.live);
    assert!(after.peak - before.live >= 3 * BYTES - (64 << 10), "peak {} is too low", after.peak);
    assert!(after.peak - before.live <= 3 * BYTES + 8000 + (64 << 10), "peak {} is too high", after.peak);
}

fn blocks_may_cross_threads<A>(allocator: &Counting<A>) {
    let before = allocator.stats();
    let blocks: Vec<Vec<u8>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| vec![1u8; BYTES])).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    let crossed = allocator.stats();
    assert!(crossed.live - before.live >= 4 * BYTES);
    drop(blocks);
    assert!(allocator.stats().live - before.live < BYTES);
}

/// Small blocks, which an allocator keeps when they are freed, with every hundredth held so that
/// they are not at the heap's end.
fn trimming_gives_back_what_was_freed<A: Trim>(allocator: &Counting<A>) {
    const BLOCK: usize = 4000;
    let mut blocks: Vec<Vec<u8>> = (0..40_000).map(|_| vec![1u8; BLOCK]).collect();
    let full = resident();
    let mut index = 0;
    blocks.retain(|_| {
        index += 1;
        index % 100 == 0
    });
    let trimmed = allocator.trim();
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
