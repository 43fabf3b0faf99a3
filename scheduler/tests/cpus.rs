//! Topology, quota and placement from recorded system files.

use std::fs;
use std::path::Path;

use parhelion_scheduler::{Cpu, Topology, cpu_quota};
use tempfile::TempDir;

/// A directory with these files, by path.
fn files(files: &[(String, String)]) -> TempDir {
    let root = tempfile::tempdir().expect("a directory");
    for (path, text) in files {
        let path = root.path().join(path);
        fs::create_dir_all(path.parent().expect("a file has a directory")).expect("a directory");
        fs::write(path, text).expect("a file");
    }
    root
}

/// Two sockets (one node each) of four cores with two threads each; CPUs n and n + 8 are siblings, two cores
/// share a last-level cache. As on a small EPYC.
fn two_sockets() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for cpu in 0..16 {
        let directory = format!("sys/devices/system/cpu/cpu{cpu}");
        let core = cpu % 8;
        let pair = core / 2 * 2;
        let mut file = |name: &str, text: String| files.push((format!("{directory}/{name}"), text));
        file("topology/core_cpus_list", format!("{core},{}\n", core + 8));
        file("cache/index0/level", "1\n".into());
        file("cache/index0/shared_cpu_list", format!("{core},{}\n", core + 8));
        file("cache/index3/level", "3\n".into());
        file("cache/index3/shared_cpu_list", format!("{pair}-{},{}-{}\n", pair + 1, pair + 8, pair + 9));
    }
    files.push(("sys/devices/system/node/node0/cpulist".into(), "0-3,8-11\n".into()));
    files.push(("sys/devices/system/node/node1/cpulist".into(), "4-7,12-15\n".into()));
    files.push(("sys/devices/system/node/possible".into(), "0-1\n".into()));
    files
}

#[test]
fn siblings_caches_and_nodes_are_read() {
    let root = files(&two_sockets());
    let all: Vec<usize> = (0..16).collect();
    let topology = Topology::read_from(root.path(), &all);
    assert_eq!(topology.physical_cores(), 8);
    assert_eq!(topology.cpus()[13], Cpu { id: 13, core: 5, cache: 4, node: 1 });
    let distances: Vec<usize> = [8, 1, 9, 2, 10, 4, 15].map(|other| topology.distance(0, other)).into();
    assert_eq!(distances, [0, 1, 1, 2, 2, 3, 3]);
    // An affinity mask hides the rest.
    let few = Topology::read_from(root.path(), &[1, 9, 12]);
    assert_eq!((few.cpus().len(), few.physical_cores()), (3, 2));
}

#[test]
fn old_kernels_name_the_siblings_differently() {
    let renamed = two_sockets()
        .into_iter()
        .map(|(path, text)| (path.replace("core_cpus_list", "thread_siblings_list"), text));
    let root = files(&renamed.collect::<Vec<_>>());
    let all: Vec<usize> = (0..16).collect();
    assert_eq!(Topology::read_from(root.path(), &all).physical_cores(), 8);
}

#[test]
fn without_files_each_cpu_is_a_core_of_one_group() {
    let root = files(&[]);
    let topology = Topology::read_from(root.path(), &[0, 3]);
    let cpu = |id| Cpu { id, core: id, cache: 0, node: 0 };
    assert_eq!(topology.cpus(), [cpu(0), cpu(3)]);
    assert_eq!(topology.distance(0, 3), 1);
    // Damaged files count as missing.
    let damaged: Vec<_> = two_sockets().into_iter().map(|(path, _)| (path, "\u{0}-,;x".to_owned())).collect();
    assert_eq!(Topology::read_from(files(&damaged).path(), &[0, 3]), topology);
}

#[test]
fn this_machine_has_a_core() {
    let topology = Topology::read();
    assert!(topology.physical_cores() >= 1);
    assert!(topology.physical_cores() <= topology.cpus().len());
}

fn quota(list: &[(&str, &str)]) -> Option<f64> {
    let list: Vec<(String, String)> =
        list.iter().map(|(path, text)| ((*path).into(), (*text).into())).collect();
    cpu_quota(files(&list).path())
}

#[test]
fn quotas_of_version_2() {
    let group = ("proc/self/cgroup", "0::/a/b\n");
    let at = |path, text| [group, (path, text)];
    assert_eq!(quota(&[group]), None);
    assert_eq!(quota(&at("sys/fs/cgroup/a/b/cpu.max", "max 100000\n")), None);
    assert_eq!(quota(&at("sys/fs/cgroup/a/b/cpu.max", "150000 100000\n")), Some(1.5));
    assert_eq!(quota(&at("sys/fs/cgroup/a/cpu.max", "50000 100000\n")), Some(0.5));
    assert_eq!(quota(&at("sys/fs/cgroup/unified/a/cpu.max", "50000 100000\n")), Some(0.5));
    // In a container the path may not exist; its own root does.
    assert_eq!(quota(&at("sys/fs/cgroup/cpu.max", "400000 100000\n")), Some(4.0));
    assert_eq!(quota(&at("sys/fs/cgroup/cpu.max", "0 0\n")), None);
    assert_eq!(quota(&at("sys/fs/cgroup/cpu.max", "nonsense\n")), None);
    let nested =
        [group, ("sys/fs/cgroup/a/cpu.max", "100000 100000"), ("sys/fs/cgroup/a/b/cpu.max", "300000 100000")];
    assert_eq!(quota(&nested), Some(1.0), "the tightest counts");
}

#[test]
fn quotas_of_version_1() {
    let group = ("proc/self/cgroup", "7:memory:/x\n4:cpu,cpuacct:/x\n1:name=systemd:/\n");
    let set = |directory: &str, quota: &str| {
        let files = [
            (group.0.to_owned(), group.1.to_owned()),
            (format!("{directory}/cpu.cfs_quota_us"), format!("{quota}\n")),
            (format!("{directory}/cpu.cfs_period_us"), "100000\n".to_owned()),
        ];
        cpu_quota(self::files(&files).path())
    };
    assert_eq!(set("sys/fs/cgroup/cpu/x", "-1"), None);
    assert_eq!(set("sys/fs/cgroup/cpu/x", "25000"), Some(0.25));
    assert_eq!(set("sys/fs/cgroup/cpu,cpuacct/x", "200000"), Some(2.0));
    assert_eq!(set("sys/fs/cgroup/cpu", "200000"), Some(2.0));
    assert_eq!(set("sys/fs/cgroup/memory/x", "200000"), None);
    assert_eq!(cpu_quota(Path::new("/nowhere")), None);
}
