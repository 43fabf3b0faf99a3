//! The limit: who gets what, in which order, and what is said when not.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use parhelion_allocators::{Error, MemoryLimit, Pool};

const PAGE: usize = 4096;

fn wait_for(condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(20), "waited in vain");
        thread::yield_now();
    }
}

#[test]
fn reservations_are_granted_refused_and_given_back() {
    let limit = MemoryLimit::new(100);
    let first = limit.try_reserve(60).unwrap();
    assert_eq!((limit.reserved(), limit.used(), first.bytes()), (60, 0, 60));
    let refused = limit.try_reserve(41).unwrap_err();
    assert!(matches!(refused, Error::LimitReached { requested: 41, available: 40, limit: 100, waiting: 0 }));
    let second = limit.try_reserve(40).unwrap();
    drop(first);
    assert_eq!(second.shrink_to(10), 30);
    assert_eq!(limit.reserved(), 10);
    let clone = second.clone();
    drop(second);
    assert_eq!(limit.reserved(), 10, "a handle is left");
    drop(clone);
    assert_eq!(limit.reserved(), 0);
}

#[test]
fn what_never_fits_is_refused_at_once_by_all() {
    let limit = MemoryLimit::new(100);
    let (held, never) = (limit.try_reserve(1).unwrap(), 101);
    for refused in [
        limit.try_reserve(never).map(drop),
        limit.reserve(never).map(drop),
        limit.reserve_timeout(never, Duration::from_secs(3600)).map(drop),
        held.try_grow(never),
        limit.on_demand().charge(never).map(drop),
    ] {
        assert!(matches!(refused, Err(Error::NeverFits { requested: 101, limit: 100 })), "{refused:?}");
    }
    assert_eq!(limit.waiting(), 0);
}

#[test]
fn waiting_ends_when_the_time_is_over_and_blocks_nobody_after() {
    let limit = MemoryLimit::new(100);
    let held = limit.try_reserve(50).unwrap();
    thread::scope(|scope| {
        let large = scope.spawn(|| limit.reserve_timeout(80, Duration::from_millis(200)).map(drop));
        wait_for(|| limit.waiting() == 1);
        // In the queue behind the large one, though it would fit.
        let small = scope.spawn(|| limit.reserve(50).map(drop));
        wait_for(|| limit.waiting() == 2);
        assert!(matches!(limit.try_reserve(1), Err(Error::LimitReached { waiting: 2, .. })));
        let Err(Error::TimedOut { requested: 80, available: 50, limit: 100, waited }) = large.join().unwrap()
        else {
            panic!("expected the time to be over");
        };
        assert!(waited >= Duration::from_millis(200));
        small.join().unwrap().unwrap();
    });
    drop(held);
    assert_eq!((limit.reserved(), limit.waiting()), (0, 0));
}

#[test]
fn the_queue_is_served_in_order() {
    let limit = MemoryLimit::new(100);
    let held = limit.try_reserve(100).unwrap();
    let order = Mutex::new(Vec::new());
    thread::scope(|scope| {
        let (limit, order) = (&limit, &order);
        // All but the last two exclude each other, so the order of grants can be seen.
        for (index, bytes) in [60, 90, 51, 100, 70, 10, 20].into_iter().enumerate() {
            scope.spawn(move || {
                let reservation = limit.reserve(bytes).unwrap();
                order.lock().unwrap().push(index);
                thread::sleep(Duration::from_millis(2));
                drop(reservation);
            });
            wait_for(|| limit.waiting() == index + 1);
        }
        drop(held);
    });
    let mut order = order.into_inner().unwrap();
    order[4..].sort_unstable(); // These fit together.
    assert_eq!(order, [0, 1, 2, 3, 4, 5, 6]);
}

/// Many threads, reservations of all sizes, some of which give up: nobody is forgotten, and the limit
/// holds at any time.
#[test]
fn no_wake_up_is_lost() {
    const LIMIT: usize = 1000;
    let limit = MemoryLimit::new(LIMIT);
    let used = AtomicUsize::new(0);
    thread::scope(|scope| {
        for thread in 0..16u64 {
            let (limit, used) = (&limit, &used);
            scope.spawn(move || {
                let mut random = thread * 0x9e37_79b9_7f4a_7c15 + 1;
                for _ in 0..400 {
                    random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                    let bytes = (random >> 33) as usize % LIMIT + 1;
                    let reservation = match random >> 60 {
                        0..4 => limit.try_reserve(bytes),
                        4..8 => limit.reserve_timeout(bytes, Duration::from_micros(random >> 52 & 255)),
                        _ => Ok(limit.reserve(bytes).unwrap()),
                    };
                    let Ok(reservation) = reservation else { continue };
                    assert!(used.fetch_add(bytes, SeqCst) + bytes <= LIMIT);
                    let charge = reservation.charge(bytes).unwrap();
                    assert!(limit.used() <= LIMIT);
                    used.fetch_sub(bytes, SeqCst);
                    drop((charge, reservation));
                }
            });
        }
    });
    assert_eq!((limit.reserved(), limit.used(), limit.waiting()), (0, 0, 0));
}

/// Two proofs that would each get half by half: with reservations up front, both finish.
#[test]
fn two_proofs_under_a_limit_that_fits_one_finish_in_turn() {
    const PEAK: usize = 8 * PAGE;
    let limit = MemoryLimit::new(PEAK + PAGE);
    let pool = Pool::builder().limit(limit.clone()).build();
    let (running, together) = (AtomicUsize::new(0), Barrier::new(4));
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                together.wait();
                for _ in 0..10 {
                    let workspace = pool.workspace_in(limit.reserve(PEAK).unwrap()).unwrap();
                    assert_eq!(running.fetch_add(1, SeqCst), 0, "the limit fits one");
                    let leases: Vec<_> =
                        (0..8).map(|_| workspace.lease_zeroed::<u8>(PAGE).unwrap()).collect();
                    assert!(leases.iter().all(|lease| lease.iter().all(|&byte| byte == 0)));
                    assert!(limit.used() <= limit.bytes());
                    running.fetch_sub(1, SeqCst);
                }
            });
        }
    });
    assert_eq!(limit.reserved(), 0);
    assert_eq!(pool.stats().mapped, PEAK as u64, "later proofs reuse what the first has mapped");
}

#[test]
fn leases_stay_within_the_reservation() {
    let limit = MemoryLimit::new(100 * PAGE);
    let pool = Pool::builder().limit(limit.clone()).build();
    let workspace = pool.workspace_in(limit.try_reserve(4 * PAGE).unwrap()).unwrap();
    let lease = workspace.lease_zeroed::<u8>(3 * PAGE).unwrap();
    let refused = workspace.lease_zeroed::<u8>(PAGE + 1).unwrap_err();
    let expected = (2 * PAGE, PAGE, 4 * PAGE);
    assert!(matches!(refused, Error::ReservationExceeded { requested, available, reserved }
        if (requested, available, reserved) == expected));
    assert!(matches!(workspace.charge(PAGE + 1), Err(Error::ReservationExceeded { .. })));
    let charge = workspace.charge(PAGE).unwrap();
    assert_eq!((charge.bytes(), workspace.reservation().charged(), limit.used()), (PAGE, 4 * PAGE, 4 * PAGE));
    assert_eq!(workspace.reservation().available(), 0);
    drop(charge);
    // What is free in the workspace counts, but makes room for other sizes.
    drop(lease);
    assert_eq!(workspace.reservation().charged(), 3 * PAGE);
    let whole = workspace.lease_zeroed::<u8>(4 * PAGE).unwrap();
    assert_eq!((workspace.reservation().peak(), limit.used()), (4 * PAGE, 4 * PAGE));
    assert!(workspace.lease::<u8>(1).is_err());
    workspace.reservation().try_grow(PAGE).unwrap();
    drop((whole, workspace.lease::<u8>(1).unwrap()));
}

#[test]
fn a_workspace_on_demand_takes_and_returns_as_it_goes() {
    let limit = MemoryLimit::new(4 * PAGE);
    let pool = Pool::builder().limit(limit.clone()).build();
    let workspace = pool.workspace();
    assert_eq!(limit.reserved(), 0);
    let lease = workspace.lease_zeroed::<u8>(3 * PAGE).unwrap();
    assert_eq!((limit.reserved(), limit.used()), (3 * PAGE, 3 * PAGE));
    assert!(matches!(workspace.lease_zeroed::<u8>(2 * PAGE), Err(Error::LimitReached { .. })));
    assert!(matches!(workspace.lease_zeroed::<u8>(5 * PAGE), Err(Error::NeverFits { .. })));
    drop(lease);
    drop(workspace.lease_zeroed::<u8>(2 * PAGE).unwrap());
    assert_eq!(limit.reserved(), 2 * PAGE, "the buffer of three pages made room");
    drop(workspace);
    assert_eq!((limit.reserved(), limit.used()), (0, 2 * PAGE), "idle memory is nobody's reservation");
}

#[test]
fn idle_memory_of_any_pool_makes_room() {
    let limit = MemoryLimit::new(8 * PAGE);
    let pools: Vec<Pool> = (0..2).map(|_| Pool::builder().limit(limit.clone()).build()).collect();
    for pool in &pools {
        drop(pool.workspace().lease_zeroed::<u8>(4 * PAGE).unwrap());
        assert_eq!(pool.stats().retained, 4 * PAGE);
    }
    assert_eq!((limit.reserved(), limit.used()), (0, 8 * PAGE));
    let charge = limit.try_reserve(2 * PAGE).unwrap().charge(2 * PAGE).unwrap();
    assert_eq!(limit.used(), 6 * PAGE);
    let workspace = pools[1].workspace();
    let lease = workspace.lease_zeroed::<u8>(6 * PAGE).unwrap();
    assert_eq!(limit.used(), 8 * PAGE);
    assert_eq!(pools.iter().map(|pool| pool.stats().retained).sum::<usize>(), 0);
    drop((charge, lease, workspace, pools));
    assert_eq!((limit.reserved(), limit.used()), (0, 0));
}

#[test]
fn reservations_of_other_limits_are_refused() {
    let (limit, other) = (MemoryLimit::new(10), MemoryLimit::new(20));
    let pool = Pool::builder().limit(limit.clone()).build();
    let refused = pool.workspace_in(other.try_reserve(5).unwrap()).unwrap_err();
    assert!(matches!(refused, Error::OtherLimit { reservation: 20, pool: 10 }));
    assert!(limit.is_same(pool.limit()) && !limit.is_same(&other));
    assert_eq!(other.reserved(), 0);
}

#[test]
fn a_lease_that_outlives_everything_keeps_its_reservation() {
    let limit = MemoryLimit::new(2 * PAGE);
    let pool = Pool::builder().limit(limit.clone()).build();
    let workspace = pool.workspace_in(limit.try_reserve(2 * PAGE).unwrap()).unwrap();
    let lease = Arc::new(workspace.lease_zeroed::<u64>(512).unwrap());
    drop((workspace, pool));
    assert_eq!((limit.reserved(), limit.used()), (2 * PAGE, PAGE));
    let elsewhere = Arc::clone(&lease);
    drop(lease);
    thread::spawn(move || assert_eq!(elsewhere.len(), 512)).join().unwrap();
    assert_eq!((limit.reserved(), limit.used()), (0, 0));
}
