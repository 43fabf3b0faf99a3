//! Which CPUs share what.

use std::fs;
use std::ops::RangeInclusive;
use std::path::Path;

/// One logical CPU and what it shares with others. The numbers of cores, caches and nodes serve
/// to compare CPUs; each is the lowest CPU number of the group, except for nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cpu {
    /// Its number in the system.
    pub id: usize,
    /// The physical core: CPUs with the same one are SMT siblings.
    pub core: usize,
    /// The group that shares a last-level cache.
    pub cache: usize,
    /// The NUMA node.
    pub node: usize,
}

/// The CPUs a process may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Topology {
    cpus: Vec<Cpu>,
}

impl Topology {
    /// The topology of the CPUs that the calling thread may run on.
    #[must_use]
    pub fn read() -> Self {
        Self::read_from(Path::new("/"), &crate::allowed_cpus())
    }

    /// The topology of `cpus` as the files under `root`/`sys` describe it.
    ///
    /// What cannot be read is taken for the simplest machine: a CPU is a core of its own, all
    /// share one cache, and there is one node.
    #[must_use]
    pub fn read_from(root: &Path, cpus: &[usize]) -> Self {
        let system = root.join("sys/devices/system");
        let nodes = nodes(&system.join("node"));
        let cpu = |&id: &usize| {
            let directory = system.join(format!("cpu/cpu{id}"));
            let first = |name: &str| list(&directory.join("topology").join(name)).into_iter().min();
            let node = nodes.iter().find(|(_, cpus)| cpus.contains(&id)).map_or(0, |(node, _)| *node);
            Cpu {
                id,
                core: first("core_cpus_list").or_else(|| first("thread_siblings_list")).unwrap_or(id),
                cache: last_level_cache(&directory.join("cache")).unwrap_or(0),
                node,
            }
        };
        Self { cpus: cpus.iter().map(cpu).collect() }
    }

    /// A topology that is known from elsewhere.
    #[must_use]
    pub fn from_cpus(cpus: Vec<Cpu>) -> Self {
        Self { cpus }
    }

    /// The CPUs, in the order they were asked for.
    #[must_use]
    pub fn cpus(&self) -> &[Cpu] {
        &self.cpus
    }

    /// The number of physical cores among them.
    #[must_use]
    pub fn physical_cores(&self) -> usize {
        let mut cores: Vec<usize> = self.cpus.iter().map(|cpu| cpu.core).collect();
        cores.sort_unstable();
        cores.dedup();
        cores.len()
    }

    /// How far two CPUs are apart: 0 on one core, 1 under one cache, 2 in one node, 3 beyond.
    /// CPUs that are not part of the topology are near everything.
    #[must_use]
    pub fn distance(&self, a: usize, b: usize) -> usize {
        let find = |id| self.cpus.iter().find(|cpu| cpu.id == id);
        match (find(a), find(b)) {
            (Some(a), Some(b)) if a.core != b.core => match (a.cache == b.cache, a.node == b.node) {
                (true, _) => 1,
                (false, true) => 2,
                (false, false) => 3,
            },
            _ => 0,
        }
    }
}

/// The NUMA nodes and their CPUs.
fn nodes(directory: &Path) -> Vec<(usize, Vec<usize>)> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let node = entry.file_name().to_str()?.strip_prefix("node")?.parse().ok()?;
            Some((node, list(&entry.path().join("cpulist"))))
        })
        .collect()
}

/// The lowest CPU that shares the cache of the highest level. Level 1 and 2 belong to cores; if there
/// is no other, the package's CPUs are one group.
fn last_level_cache(directory: &Path) -> Option<usize> {
    let caches = fs::read_dir(directory).ok()?.flatten().filter_map(|entry| {
        let path = entry.path();
        let level: usize = fs::read_to_string(path.join("level")).ok()?.trim().parse().ok()?;
        Some((level, list(&path.join("shared_cpu_list")).into_iter().min()?))
    });
    caches.filter(|(level, _)| *level >= 3).max().map(|(_, first)| first)
}

/// Reads a list such as `0-3,8`. What is not one is empty.
fn list(path: &Path) -> Vec<usize> {
    fs::read_to_string(path).map_or_else(|_| Vec::new(), |text| parse_list(&text))
}

fn parse_list(text: &str) -> Vec<usize> {
    text.trim().split(',').filter_map(parse_range).flatten().collect()
}

/// Reads `5` or `0-3`.
pub(super) fn parse_range(text: &str) -> Option<RangeInclusive<usize>> {
    // No machine has more; a damaged file must not fill the memory.
    const MOST: usize = 1 << 16;
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last): (usize, usize) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last && last < MOST).then_some(first..=last)
}

#[cfg(test)]
mod tests {
    use super::parse_list;

    #[test]
    fn lists_of_cpus() {
        assert_eq!(parse_list("0-3,8\n"), [0, 1, 2, 3, 8]);
        assert_eq!(parse_list("5"), [5]);
        assert_eq!(parse_list(""), []);
        assert_eq!(parse_list("3-1,x,0-99999999999,2"), [2]);
    }
}
