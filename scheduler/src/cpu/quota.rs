//! How much CPU time the control groups of this process grant it.

use std::fs;
use std::path::{Path, PathBuf};

/// The CPU quota of this process in CPUs (0.5 is half of one), if there is any: the tightest
/// along its path in the hierarchies of cgroup v2 (`cpu.max`) and v1 (`cpu.cfs_quota_us`).
///
/// `root` is where `proc` and `sys` are: `/`, or a copy of the files.
#[must_use]
pub fn cpu_quota(root: &Path) -> Option<f64> {
    let groups = fs::read_to_string(root.join("proc/self/cgroup")).ok()?;
    let mounts = root.join("sys/fs/cgroup");
    let quotas = groups.lines().flat_map(|line| {
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next(), fields.next()?, fields.next()?);
        match controllers {
            "" => ["", "unified"]
                .iter()
                .filter_map(|mount| along(&mounts.join(mount), path, v2))
                .reduce(f64::min),
            _ if controllers.split(',').any(|controller| controller == "cpu") => ["cpu", controllers]
                .iter()
                .filter_map(|mount| along(&mounts.join(mount), path, v1))
                .reduce(f64::min),
            _ => None,
        }
    });
    quotas.reduce(f64::min)
}

/// The tightest quota from `mount`/`path` up to `mount`. In a container the path may be the host's:
/// directories that are not there have no quota.
fn along(mount: &Path, path: &str, read: fn(&Path) -> Option<f64>) -> Option<f64> {
    let mut group: PathBuf = mount.join(path.trim_start_matches('/'));
    let mut tightest: Option<f64> = None;
    loop {
        if let Some(quota) = read(&group) {
            tightest = Some(tightest.map_or(quota, |tightest| tightest.min(quota)));
        }
        if group == mount || !group.starts_with(mount) || !group.pop() {
            return tightest;
        }
    }
}

/// `cpu.max`: `quota period` in microseconds, or `max period`.
fn v2(group: &Path) -> Option<f64> {
    let line = fs::read_to_string(group.join("cpu.max")).ok()?;
    let mut fields = line.split_whitespace();
    ratio(fields.next()?, fields.next()?)
}

/// The same in two files; a quota of -1 means none.
fn v1(group: &Path) -> Option<f64> {
    let field = |name: &str| fs::read_to_string(group.join(name)).ok();
    ratio(field("cpu.cfs_quota_us")?.trim(), field("cpu.cfs_period_us")?.trim())
}

fn ratio(quota: &str, period: &str) -> Option<f64> {
    let (quota, period) = (quota.parse::<u64>().ok()?, period.parse::<u64>().ok()?);
    (quota > 0 && period > 0).then(|| quota as f64 / period as f64)
}
