//! Arenas: values stay put, bytes are counted, and nothing is left behind.

use parhelion_allocators::{Error, MemoryLimit, Pool};

#[test]
fn values_stay_where_they_are_and_what_they_are() {
    let workspace = Pool::default().workspace();
    let mut arena = workspace.arena().unwrap();
    for _ in 0..3 {
        let values: Vec<&mut (u64, u8)> =
            (0..50_000).map(|i| arena.try_alloc((i, i as u8)).unwrap()).collect();
        let slices: Vec<&mut [u32]> =
            (0..200).map(|i| arena.try_alloc_slice_with(i, |j| (i + j) as u32).unwrap()).collect();
        let copy = arena.try_alloc_slice_copy(slices[150]).unwrap();
        copy[0] = 7;
        assert!(values.iter().enumerate().all(|(i, v)| **v == (i as u64, i as u8)));
        assert!(
            slices.iter().enumerate().all(|(i, s)| s.iter().enumerate().all(|(j, v)| *v as usize == i + j))
        );
        arena.reset();
    }
    assert_eq!(*arena.try_alloc(()).unwrap(), ());
    assert_eq!(arena.try_alloc_slice_copy::<u64>(&[]).unwrap().len(), 0);
    #[repr(align(256))]
    #[derive(Clone, Copy)]
    struct Wide(u8);
    let wide = arena.try_alloc(Wide(3)).unwrap();
    assert_eq!((wide.0, (&raw const *wide).align_offset(256)), (3, 0));
}

#[test]
fn chunks_are_charged_and_given_back() {
    let limit = MemoryLimit::new(1 << 20);
    let pool = Pool::builder().limit(limit.clone()).build();
    let workspace = pool.workspace();
    let mut arena = workspace.arena().unwrap();
    assert_eq!((arena.bytes(), limit.used()), (0, 0));
    arena.try_alloc_slice_with(300_000, |_| 1u8).unwrap();
    assert!(arena.bytes() >= 300_000 && limit.used() == arena.bytes());
    assert_eq!(pool.stats().arenas, limit.used());
    arena.try_alloc_slice_with(100_000, |_| 1u8).unwrap();
    let before = arena.bytes();
    arena.reset();
    assert!(arena.bytes() < before && arena.bytes() >= 400_000, "{before} -> {}", arena.bytes());
    assert_eq!(limit.used(), arena.bytes());
    let full = loop {
        if let Err(error) = arena.try_alloc_slice_with(1000, |_| 2u8) {
            break error;
        }
    };
    assert!(matches!(full, Error::LimitReached { .. }), "{full}");
    assert!(limit.used() > 1_000_000 && limit.used() <= limit.bytes(), "{}", limit.used());
    arena.reset();
    assert!(limit.used() <= limit.bytes());
    arena.try_alloc_slice_with(1000, |_| 2u8).unwrap();
    let kept = arena.bytes();
    drop(arena);
    drop(workspace);
    assert_eq!((limit.reserved(), limit.used(), pool.stats().arenas), (0, kept, kept), "idle in the pool");
    assert_eq!(pool.trim(), kept);
    assert_eq!((limit.used(), pool.stats().arenas), (0, 0));
}

/// As many values as one chunk holds, in a chunk that held canaries before: places that are not
/// written show what is left in it.
#[test]
fn nothing_is_left_of_an_earlier_workspace() {
    use std::mem::MaybeUninit;
    const CANARY: [u8; 8] = *b"witness!";
    let pool = Pool::default();
    let first = pool.workspace().arena().unwrap();
    let place = std::ptr::from_mut(first.try_alloc_slice_with(5000, |_| CANARY).unwrap());
    drop(first);
    let second = pool.workspace().arena().unwrap();
    assert!(second.bytes() >= 40_000, "the chunk was not kept, nothing was tested");
    let again = second.try_alloc_slice_with(5000, |_| MaybeUninit::<[u8; 8]>::uninit()).unwrap();
    assert_eq!(std::ptr::from_mut(again) as *mut u8, place as *mut u8, "another place, nothing was tested");
    // SAFETY: the memory of the chunk was set to zero when the first arena was dropped, and writing
    // uninitialised values is no write: volatile reads look at what is there.
    let found = again.iter().any(|value| unsafe { std::ptr::read_volatile(value.as_ptr()) } == CANARY);
    assert!(!found, "an earlier workspace's bytes");
}

#[test]
fn an_arena_is_reused_by_later_workspaces() {
    let pool = Pool::default();
    let mut bytes = Vec::new();
    for _ in 0..6 {
        let arena = pool.workspace().arena().unwrap();
        for i in 0..10_000u64 {
            arena.try_alloc([i; 4]).unwrap();
        }
        bytes.push(arena.bytes());
    }
    assert!(bytes[1] < 330_000, "one chunk of what was used: {bytes:?}");
    assert!(bytes[1..].iter().all(|&later| later == bytes[1]), "no growth: {bytes:?}");
}

#[test]
fn absurd_sizes_are_errors() {
    let workspace = Pool::default().workspace();
    let arena = workspace.arena().unwrap();
    let absurd = arena.try_alloc_slice_with(usize::MAX, |_| 0u8);
    assert!(matches!(absurd, Err(Error::TooLarge { .. })));
    let absurd = arena.try_alloc_slice_with(1 << 60, |_| 0u8);
    assert!(matches!(absurd, Err(Error::System { .. })));
    let absurd = arena.try_alloc_slice_with(isize::MAX as usize - 15, |_| 0u8);
    assert!(matches!(absurd, Err(Error::System { .. })));
    assert_eq!((arena.bytes(), workspace.reservation().charged()), (0, 0));
    assert_eq!(*arena.try_alloc(5).unwrap(), 5);
}

#[test]
fn arenas_may_move_to_other_threads() {
    let workspace = Pool::default().workspace();
    let arenas: Vec<_> = (0..4).map(|_| workspace.arena().unwrap()).collect();
    std::thread::scope(|scope| {
        for (index, arena) in arenas.into_iter().enumerate() {
            scope.spawn(move || {
                let values = arena.try_alloc_slice_with(10_000, |_| index).unwrap();
                assert!(values.iter().all(|&value| value == index));
            });
        }
    });
}
