//! Random use of a pool, beside a twin that always allocates afresh.

use parhelion_allocators::{HugePages, Lease, MemoryLimit, Pool, Workspace};
use proptest::prelude::*;

const LIMIT: usize = 40 << 20;

#[derive(Clone, Debug)]
enum Step {
    Lease { workspace: usize, len: usize, zeroed: bool },
    Fill { lease: usize, word: u64 },
    Return { lease: usize },
    Split { lease: usize, at: usize },
    Truncate { lease: usize, len: usize },
    End { workspace: usize },
    Trim { to: usize },
    TrimWorkspace { workspace: usize },
    HandOver { workspace: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let len = prop_oneof![0..2000usize, 100_000..101_000usize, 300_000..700_000usize];
    prop_oneof![
        6 => (0..3usize, len.clone(), any::<bool>())
            .prop_map(|(workspace, len, zeroed)| Step::Lease { workspace, len, zeroed }),
        4 => (any::<usize>(), 1..u64::MAX).prop_map(|(lease, word)| Step::Fill { lease, word }),
        4 => any::<usize>().prop_map(|lease| Step::Return { lease }),
        1 => (any::<usize>(), len.clone()).prop_map(|(lease, at)| Step::Split { lease, at }),
        1 => (any::<usize>(), len).prop_map(|(lease, len)| Step::Truncate { lease, len }),
        1 => (0..3usize).prop_map(|workspace| Step::End { workspace }),
        1 => (0..LIMIT).prop_map(|to| Step::Trim { to }),
        1 => (0..3usize).prop_map(|workspace| Step::TrimWorkspace { workspace }),
        2 => (0..3usize).prop_map(|workspace| Step::HandOver { workspace }),
    ]
}

/// A lease, whose it is, and what it must hold.
struct Twin {
    lease: Lease<u64>,
    words: Vec<u64>,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_pool_is_as_good_as_fresh_memory(
        steps in prop::collection::vec(step(), 1..120),
        retain in prop_oneof![Just(0), 0..LIMIT, Just(usize::MAX)],
        huge in prop_oneof![Just(HugePages::Never), Just(HugePages::Advised), Just(HugePages::Explicit)],
    ) {
        let limit = MemoryLimit::new(LIMIT);
        let pool = Pool::builder().limit(limit.clone()).retain(retain).huge_pages(huge).build();
        let mut workspaces: Vec<Workspace> = (0..3).map(|_| pool.workspace()).collect();
        // Words that a workspace has written: what it may see again, and nobody else.
        let mut written: Vec<Vec<u64>> = vec![vec![0]; 3];
        let mut of: Vec<usize> = Vec::new();
        let mut twins: Vec<Twin> = Vec::new();
        let mut generations = [0usize, 1, 2];
        for step in steps {
            match step {
                Step::Lease { workspace, len, zeroed } => {
                    let handle = &workspaces[workspace];
                    let lease = if zeroed { handle.lease_zeroed(len) } else { handle.lease::<u64>(len) };
                    let Ok(lease) = lease else {
                        prop_assert!(limit.reserved() + 8 * len + 8 * len / 16 + (2 << 20) > LIMIT);
                        continue;
                    };
                    let words = if zeroed { vec![0; len] } else { lease.to_vec() };
                    let known = &written[generations[workspace]];
                    prop_assert!(words.iter().all(|word| known.contains(word)), "another workspace's words");
                    of.push(generations[workspace]);
                    twins.push(Twin { lease, words });
                }
                _ if twins.is_empty() => {}
                Step::Fill { lease, word } => {
                    let index = lease % twins.len();
                    let twin = &mut twins[index];
                    twin.lease.fill(word);
                    twin.words.fill(word);
                    written[of[index]].push(word);
                }
                Step::Return { lease } => {
                    let index = lease % twins.len();
                    let twin = twins.swap_remove(index);
                    of.swap_remove(index);
                    prop_assert!(twin.lease[..] == twin.words[..]);
                }
                Step::Split { lease, at } => {
                    let index = lease % twins.len();
                    let twin = &mut twins[index];
                    let rest = twin.lease.split_off(at);
                    prop_assert_eq!(rest.is_some(), at <= twin.words.len());
                    if let Some(lease) = rest {
                        let words = twin.words.split_off(at);
                        twins.push(Twin { lease, words });
                        of.push(of[index]);
                    }
                }
                Step::Truncate { lease, len } => {
                    let index = lease % twins.len();
                    twins[index].lease.truncate(len);
                    twins[index].words.truncate(len);
                }
                Step::End { workspace } => {
                    workspaces[workspace] = pool.workspace();
                    generations[workspace] = written.len();
                    written.push(vec![0]);
                }
                Step::Trim { to } => { pool.trim_to(to); }
                Step::TrimWorkspace { workspace } => { workspaces[workspace].trim(); }
                Step::HandOver { workspace } => { workspaces[workspace].hand_over(); }
            }
            let stats = pool.stats();
            prop_assert!(twins.iter().all(|twin| twin.lease[..] == twin.words[..]));
            prop_assert!(limit.used() <= LIMIT);
            prop_assert_eq!(limit.used(), stats.live + stats.retained);
            prop_assert_eq!(stats.mapped - stats.unmapped, (stats.live + stats.retained) as u64);
        }
        drop(twins);
        drop(workspaces);
        prop_assert_eq!(limit.reserved(), 0);
        prop_assert!(limit.used() <= retain.min(LIMIT));
        drop(pool);
        prop_assert_eq!(limit.used(), 0);
    }
}
