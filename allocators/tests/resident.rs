//! What the operating system says about the memory of a pool.
//!
//! Runs without the test harness, whose threads have memory of their own.

use parhelion_allocators::{HugePages, MemoryLimit, Pool};

const MIB: usize = 1 << 20;

fn main() {
    let Some(before) = resident() else {
        println!("resident memory is not told here, nothing is tested");
        return;
    };
    untouched_pages_cost_nothing(before);
    resident_memory_stays_within_the_limit(before);
    pages_are_reused(before);
    println!("resident memory is what the pool says");
}

fn grown(before: usize) -> usize {
    resident().unwrap_or(0).saturating_sub(before)
}

fn untouched_pages_cost_nothing(before: usize) {
    let pool = Pool::builder().huge_pages(HugePages::Never).build();
    let workspace = pool.workspace();
    let mut lease = workspace.lease_zeroed::<u8>(256 * MIB).unwrap();
    assert!(grown(before) < 2 * MIB, "{} bytes for an untouched lease", grown(before));
    lease[..64 * MIB].fill(1);
    assert!(grown(before) >= 64 * MIB && grown(before) < 66 * MIB);
    drop((lease, workspace));
    // Wiping writes no more than was leased; trimming gives all back.
    pool.trim();
    assert!(grown(before) < 2 * MIB, "{} bytes after trimming", grown(before));
}

fn resident_memory_stays_within_the_limit(before: usize) {
    let limit = MemoryLimit::new(100 * MIB);
    let pools: Vec<Pool> = (0..2).map(|_| Pool::builder().limit(limit.clone()).build()).collect();
    for round in 0..12 {
        let workspace = pools[round % 2].workspace_in(limit.reserve(80 * MIB).unwrap()).unwrap();
        for mebibytes in [70, 3, 7 + round, 11, 40] {
            let mut lease = workspace.lease::<u8>(mebibytes * MIB).unwrap();
            lease.fill(1);
            assert!(grown(before) < 102 * MIB, "{} bytes under a limit of 100 MiB", grown(before));
        }
    }
    assert!(limit.used() > 50 * MIB, "the pools retain as much as the limit allows");
}

fn pages_are_reused(before: usize) {
    let pool = Pool::default();
    for _ in 0..50 {
        let workspace = pool.workspace();
        let mut leases: Vec<_> = (0..8).map(|_| workspace.lease_zeroed::<u64>(MIB).unwrap()).collect();
        leases.iter_mut().for_each(|lease| lease.fill(1));
    }
    assert_eq!(pool.stats().mapped, 64 * MIB as u64);
    assert!(grown(before) < 66 * MIB);
}

/// Resident memory of this process, where the system tells.
fn resident() -> Option<usize> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse::<usize>().ok().map(|kibibytes| kibibytes * 1024)
}
