//! Leases: whose bytes they are, where they are, and what is counted.

use std::sync::{Mutex, mpsc};
use std::thread;

use parhelion_allocators::{Error, FailurePlan, HugePages, Lease, MemoryLimit, Pool, PoolStats};

const PAGE: usize = 4096;
const CANARY: u64 = 0x5ec2_e7ca_7a27_0000;

/// A small generator, so that failures can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % bound
    }
}

#[test]
fn leases_are_aligned_and_of_the_length_asked_for() {
    let workspace = Pool::default().workspace();
    for len in [1, 7, 64, 1000, 1 << 15, (1 << 18) + 3] {
        let lease = workspace.lease_zeroed::<[u64; 4]>(len).unwrap();
        assert_eq!(lease.len(), len);
        assert_eq!(lease.as_ptr().align_offset(64), 0);
        assert!(lease.iter().all(|element| *element == [0; 4]));
        assert!(lease.buffer_bytes() >= 32 * len && lease.buffer_bytes() <= 34 * len + PAGE);
    }
}

/// Threads lease, mark, check, hand over and return at random; everyone finds their own marks only.
#[test]
fn leases_never_overlap() {
    let pool = Pool::default();
    let workspace = pool.workspace();
    let (sender, receiver) = mpsc::channel::<(u64, Lease<u64>)>();
    let receiver = Mutex::new(receiver);
    let check = |(mark, lease): &(u64, Lease<u64>)| {
        assert!(lease.iter().all(|word| word == mark), "somebody else wrote to this lease");
    };
    thread::scope(|scope| {
        for thread in 0..8u64 {
            let (workspace, sender, receiver) = (workspace.clone(), sender.clone(), &receiver);
            scope.spawn(move || {
                let mut random = Random(thread);
                let mut held: Vec<(u64, Lease<u64>)> = Vec::new();
                for step in 0..600 {
                    let mark = CANARY | thread << 12 | step;
                    match random.below(8) {
                        0..4 => {
                            let mut lease = workspace.lease::<u64>(random.below(20_000)).unwrap();
                            lease.fill(mark);
                            held.push((mark, lease));
                        }
                        4 if !held.is_empty() => {
                            let index = random.below(held.len());
                            sender.send(held.swap_remove(index)).unwrap();
                        }
                        5 if !held.is_empty() => {
                            let index = random.below(held.len());
                            let (mark, lease) = &mut held[index];
                            let (mark, half) = (*mark, lease.len() / 2);
                            let rest = lease.split_off(half).unwrap();
                            held.push((mark, rest));
                        }
                        6 => held.extend(receiver.lock().unwrap().try_recv().ok()),
                        _ if !held.is_empty() => {
                            let index = random.below(held.len());
                            check(&held.swap_remove(index));
                        }
                        _ => {}
                    }
                    if held.len() > 30 {
                        held.drain(..15).for_each(|lease| check(&lease));
                    }
                }
                held.iter().for_each(check);
            });
        }
        drop(sender);
    });
    receiver.into_inner().unwrap().iter().for_each(|lease| check(&lease));
    let stats = pool.stats();
    assert_eq!(stats.live, 0);
    assert!(stats.hits > stats.misses);
    drop(workspace);
    assert_eq!(pool.trim(), stats.retained);
    assert_eq!((pool.stats().retained, pool.stats().mapped), (0, pool.stats().unmapped));
}

fn leave_canaries(pool: &Pool, sizes: &[usize]) {
    let workspace = pool.workspace();
    for _ in 0..2 {
        let _leases: Vec<_> =
            sizes.iter().map(|&len| workspace.lease_with(len, |_| CANARY).unwrap()).collect();
    }
    assert!(workspace.lease::<u64>(sizes[0]).unwrap().contains(&CANARY), "a workspace reuses as it is");
}

fn find_no_canary(pool: &Pool, sizes: &[usize]) {
    let workspace = pool.workspace();
    let hits = pool.stats().hits;
    let leases: Vec<Lease<u64>> =
        sizes.iter().map(|&len| workspace.lease(len.next_multiple_of(PAGE / 8)).unwrap()).collect();
    assert_eq!(pool.stats().hits - hits, sizes.len() as u64, "nothing was recycled, nothing was tested");
    assert!(leases.iter().all(|lease| lease.iter().all(|&word| word == 0)), "another workspace's bytes");
}

#[test]
fn no_workspace_sees_the_bytes_of_another() {
    let pool = Pool::default();
    let sizes = [100, 5_000, 5_100, 300_000, 300_000];
    for _ in 0..3 {
        leave_canaries(&pool, &sizes);
        find_no_canary(&pool, &sizes);
    }
}

#[test]
fn nor_of_leases_that_came_back_late() {
    let pool = Pool::default();
    let workspace = pool.workspace();
    let late = workspace.lease_with(10_000, |_| CANARY).unwrap();
    drop(workspace);
    assert_eq!(late[9_999], CANARY, "a lease outlives its workspace");
    drop(late);
    find_no_canary(&pool, &[10_000]);
}

#[test]
fn zeroed_leases_are_zero_within_a_workspace() {
    let workspace = Pool::default().workspace();
    for len in [10, 1000, 512, 1024, 700] {
        drop(workspace.lease_with(1024, |_| CANARY).unwrap());
        assert!(workspace.lease_zeroed::<u64>(len).unwrap().iter().all(|&word| word == 0));
    }
    assert_eq!(workspace.pool_stats().misses, 2, "8 KiB, and a page for the 10 and 512");
}

#[test]
fn statistics_are_exact() {
    let pool = Pool::builder().retain(4 * PAGE).build();
    let workspace = pool.workspace();
    let a = workspace.lease_zeroed::<u8>(PAGE).unwrap();
    let b = workspace.lease_zeroed::<u8>(2 * PAGE - 1).unwrap();
    let c = workspace.lease_zeroed::<u8>(4 * PAGE).unwrap();
    drop((a, b));
    let d = workspace.lease_zeroed::<u8>(PAGE + 1).unwrap();
    assert!(workspace.lease_zeroed::<u8>(usize::MAX).is_err());
    let mut expected = PoolStats {
        live: 6 * PAGE,
        peak: 7 * PAGE,
        retained: PAGE,
        peak_mapped: 7 * PAGE,
        hits: 1,
        misses: 3,
        mapped: 7 * PAGE as u64,
        failed: 1,
        ..PoolStats::default()
    };
    assert_eq!(pool.stats(), expected);
    drop(c);
    drop(workspace);
    // Pages of 1 and 4 were to be kept; together they are more than the policy retains.
    expected = PoolStats { live: 2 * PAGE, retained: PAGE, wiped: PAGE as u64, ..expected };
    expected.unmapped = 4 * PAGE as u64;
    assert_eq!(pool.stats(), expected);
    drop(d);
    expected = PoolStats { live: 0, retained: 3 * PAGE, ..expected };
    expected.wiped += 2 * PAGE as u64 - (PAGE as u64 - 1) + PAGE as u64 - 2;
    assert_eq!(pool.stats(), expected);
}

#[test]
fn the_policy_says_how_much_stays() {
    for (retain, stays) in [(0, 0), (3 * PAGE, 3 * PAGE), (usize::MAX, 8 * PAGE)] {
        let pool = Pool::builder().retain(retain).build();
        let workspace = pool.workspace();
        let leases: Vec<_> = (0..8).map(|_| workspace.lease_zeroed::<u8>(PAGE).unwrap()).collect();
        drop(leases);
        assert_eq!(pool.stats().retained, 8 * PAGE, "the policy is about ended workspaces");
        drop(workspace);
        assert_eq!(pool.stats().retained, stays);
    }
}

#[test]
fn trimming_gives_back_what_is_idle_and_nothing_else() {
    let pool = Pool::default();
    let workspace = pool.workspace();
    let lease = workspace.lease_with(512, |index| index as u64).unwrap();
    drop(workspace.lease_zeroed::<u8>(5 * PAGE).unwrap());
    assert_eq!(pool.trim(), 0, "an open workspace keeps its own");
    assert_eq!(workspace.trim(), 5 * PAGE);
    drop(workspace.lease_zeroed::<u8>(2 * PAGE).unwrap());
    drop(workspace.lease_zeroed::<u8>(3 * PAGE).unwrap());
    drop(workspace);
    assert_eq!(pool.trim_to(4 * PAGE), 2 * PAGE);
    assert_eq!(pool.trim_to(3 * PAGE), 0);
    assert_eq!(pool.trim(), 3 * PAGE);
    assert!(lease.iter().enumerate().all(|(index, &word)| word == index as u64));
    assert_eq!((pool.stats().live, pool.stats().retained), (PAGE, 0));
}

#[test]
fn what_is_handed_over_is_clean_and_goes_to_the_next() {
    let limit = MemoryLimit::new(16 * PAGE);
    let pool = Pool::builder().limit(limit.clone()).build();
    let [first, second] = [0, 1].map(|_| pool.workspace_in(limit.reserve(8 * PAGE).unwrap()).unwrap());
    let kept = first.lease_with(512, |index| index as u64).unwrap();
    for pages in [2, 3] {
        drop(first.lease_with(pages * PAGE, |_| 7u8).unwrap());
    }
    assert_eq!(first.hand_over(), 5 * PAGE);
    assert_eq!(first.hand_over(), 0);
    assert_eq!(first.reservation().available(), 7 * PAGE, "what it had reserved it may lease again");
    let fresh = pool.stats().mapped;
    let leased = second.lease::<u8>(3 * PAGE).unwrap();
    assert!(leased.iter().all(|&byte| byte == 0), "of another workspace");
    assert_eq!(pool.stats().mapped, fresh, "no new pages");
    assert!(first.lease_zeroed::<u8>(7 * PAGE).is_ok());
    assert!(kept.iter().enumerate().all(|(index, &word)| word == index as u64));
    drop((first, second, leased, kept));
    assert_eq!((limit.reserved(), pool.stats().live), (0, 0));
}

#[test]
fn leases_of_nothing_take_nothing() {
    let plan = FailurePlan::default();
    let pool = Pool::builder().failures(plan.clone()).build();
    plan.fail_at(0);
    let workspace = pool.workspace();
    let mut empty = workspace.lease_zeroed::<u64>(0).unwrap();
    assert!(empty.is_empty() && empty.iter_mut().next().is_none());
    assert_eq!(empty.as_ptr().align_offset(64), 0);
    assert_eq!(workspace.lease_copy::<u32>(&[]).unwrap().len(), 0);
    assert_eq!(workspace.lease_zeroed::<[u64; 0]>(usize::MAX).unwrap().len(), usize::MAX);
    assert_eq!(empty.try_clone().unwrap().len(), 0);
    assert!(Lease::<u64>::default().split_off(0).unwrap().is_empty());
    assert_eq!((pool.stats(), plan.seen()), (PoolStats::default(), 0));
}

#[test]
fn absurd_sizes_are_errors() {
    for huge_pages in [HugePages::Never, HugePages::Advised, HugePages::Explicit] {
        let pool = Pool::builder().huge_pages(huge_pages).build();
        let workspace = pool.workspace();
        for len in [usize::MAX, usize::MAX / 8, isize::MAX as usize, isize::MAX as usize / 8 + 1] {
            let refused = workspace.lease_zeroed::<u64>(len).unwrap_err();
            assert!(matches!(refused, Error::TooLarge { len: l, element: 8 } if l == len), "{refused}");
        }
        // Rounded up these are too large, or larger than any address space.
        assert!(matches!(workspace.lease_zeroed::<u8>(isize::MAX as usize), Err(Error::TooLarge { .. })));
        let refused = workspace.lease_zeroed::<u8>(1 << 60).unwrap_err();
        assert!(matches!(refused, Error::System { bytes, .. } if bytes == 1 << 60), "{refused}");
        assert_eq!((pool.stats().failed, pool.stats().live, pool.limit().used()), (6, 0, 0));
        assert!(workspace.lease_zeroed::<u64>(10).is_ok());
    }
}

#[test]
fn leases_outlive_the_handles_of_the_pool() {
    let pool = Pool::default();
    let limit = pool.limit().clone();
    let workspace = pool.workspace();
    drop(pool);
    let lease = workspace.lease_with(1000, |index| index as u32).unwrap();
    drop(workspace);
    let copy = lease.try_clone().unwrap();
    drop(lease);
    assert!(copy.iter().enumerate().all(|(index, &word)| word == index as u32));
    assert_eq!(limit.used(), 2 * PAGE);
    drop(copy);
    assert_eq!((limit.used(), limit.reserved()), (0, 0));
}

#[test]
fn leases_are_split_cut_and_cast() {
    let pool = Pool::default();
    let workspace = pool.workspace();
    let mut lease = workspace.lease_with(1024, |index| [index as u64; 4]).unwrap();
    assert!(lease.split_off(1025).is_none());
    let mut second = lease.split_off(1000).unwrap();
    assert_eq!((lease.len(), second.len(), second[0]), (1000, 24, [1000; 4]));
    second.truncate(99);
    assert_eq!(second.len(), 24);
    second.truncate(2);
    thread::scope(|scope| {
        scope.spawn(|| lease.fill([1; 4]));
        second.fill([2; 4]);
    });
    let first: Lease<[u32; 8]> = lease.cast();
    assert!(first.iter().all(|words| words[..2] == [1, 0]));
    assert_eq!(bytemuck::cast_slice::<[u32; 8], u64>(&first).len(), 4000);
    drop(first);
    assert_eq!(pool.stats().live, 8 * PAGE, "half of the buffer is leased");
    assert_eq!(second[..], [[2; 4]; 2]);
    drop(second);
    assert_eq!((pool.stats().live, pool.stats().retained), (0, 8 * PAGE));
}

#[test]
fn a_panic_while_filling_returns_the_buffer() {
    let pool = Pool::default();
    let workspace = pool.workspace();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        workspace.lease_with(1000, |index| if index < 500 { CANARY } else { panic!("on purpose") })
    }));
    assert!(panicked.is_err());
    assert_eq!(pool.stats().live, 0);
    drop(workspace);
    find_no_canary(&pool, &[1000]);
}

#[test]
fn each_request_can_be_made_to_fail() {
    let plan = FailurePlan::default();
    let pool = Pool::builder().failures(plan.clone()).build();
    let work = || -> Result<usize, Error> {
        let workspace = pool.workspace();
        let a = workspace.lease_zeroed::<u64>(100)?;
        let b = workspace.lease_copy(&a)?;
        let arena = workspace.arena()?;
        let c = arena.try_alloc_slice_with(b.len(), |index| b[index] + 1)?;
        let _charge = workspace.charge(10)?;
        Ok(workspace.lease_with(c.len(), |index| c[index])?.len() + a.try_clone()?.len())
    };
    assert_eq!(work().unwrap(), 200);
    let requests = plan.seen();
    assert_eq!(requests, 7);
    for number in 0..requests {
        pool.trim(); // Else the arena has its chunk already and asks for none.
        plan.fail_at(number);
        let failed = work().unwrap_err();
        assert!(matches!(failed, Error::Injected { number: n } if n == number));
        assert_eq!(plan.seen(), number + 1, "an error ends the work");
        assert_eq!((pool.stats().live, pool.limit().reserved()), (0, 0));
        plan.disarm();
        assert_eq!(work().unwrap(), 200);
    }
}

#[test]
fn explicit_huge_pages_are_used_or_their_want_is_counted() {
    let pool = Pool::builder().huge_pages(HugePages::Explicit).build();
    let workspace = pool.workspace();
    let mut lease = workspace.lease::<u8>((2 << 20) + 1).unwrap();
    lease.fill(7);
    let stats = pool.stats();
    assert_eq!(lease.buffer_bytes(), 4 << 20, "whole huge pages");
    assert!(workspace.lease::<u8>(1000).is_ok());
    let granted = if stats.explicit > 0 { (4 << 20, 0) } else { (0, 1) };
    assert_eq!((stats.explicit, stats.explicit_refused), granted);
    if cfg!(not(target_os = "linux")) {
        assert_eq!(stats.explicit, 0);
    }
    drop((lease, workspace));
    pool.trim();
    assert_eq!((pool.stats().explicit, pool.stats().retained), (0, 0));
}

#[test]
fn nothing_secret_is_printed() {
    let pool = Pool::default();
    let workspace = pool.workspace();
    let lease = workspace.lease_copy(&[CANARY, CANARY]).unwrap();
    let arena = workspace.arena().unwrap();
    arena.try_alloc(CANARY).unwrap();
    let printed = format!("{pool:?} {workspace:?} {lease:?} {arena:?}");
    assert!(printed.contains("len: 2") && !printed.contains(&CANARY.to_string()));
}
