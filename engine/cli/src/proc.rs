//! What the system tells about this process and this machine, through `/proc` and `/sys`.
//! `None` where the system does not tell.

use std::fs;

/// Ticks in a second of the clock that CPU time is told in.
const USER_HZ: f64 = 100.0;

/// Pages mapped in without reading from a disk, since the process began, in all its threads.
pub fn minor_faults() -> Option<u64> {
    stat(10)
}

/// CPU time of the process so far in all its threads, in seconds, known to a hundredth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuTime {
    /// In the program.
    pub user: f64,
    /// In the kernel on its behalf.
    pub system: f64,
}

/// CPU time so far.
pub fn cpu_time() -> Option<CpuTime> {
    let seconds = |field| stat(field).map(|ticks| ticks as f64 / USER_HZ);
    Some(CpuTime { user: seconds(14)?, system: seconds(15)? })
}

/// A field of the process's statistics, counted from 1, as the manual does.
fn stat(field: usize) -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may contain anything.
    let (_, fields) = stat.rsplit_once(')')?;
    // The first field after the name is number 3.
    fields.split_whitespace().nth(field - 3)?.parse().ok()
}

/// The high-water mark of resident memory, in bytes.
pub fn peak_resident() -> Option<u64> {
    kibibytes("/proc/self/status", "VmHWM:")
}

/// Resident memory now, in bytes.
pub fn resident() -> Option<u64> {
    kibibytes("/proc/self/status", "VmRSS:")
}

/// Lets [`peak_resident`] start again from what is resident now; false if the system refuses.
pub fn reset_peak_resident() -> bool {
    fs::write("/proc/self/clear_refs", "5").is_ok()
}

/// Memory of the machine, in bytes.
pub fn total_memory() -> Option<u64> {
    kibibytes("/proc/meminfo", "MemTotal:")
}

/// The CPUs this process may run on, as the kernel lists them.
pub fn allowed_cpus() -> Option<String> {
    value("/proc/self/status", "Cpus_allowed_list:")
}

/// The CPU's name.
pub fn cpu_model() -> Option<String> {
    value("/proc/cpuinfo", "model name").map(|name| name.trim_start_matches(':').trim().to_owned())
}

/// Whether the kernel backs large blocks with huge pages: always, madvise or never.
pub fn transparent_huge_pages() -> Option<String> {
    let modes = fs::read_to_string("/sys/kernel/mm/transparent_hugepage/enabled").ok()?;
    selected_mode(&modes).map(str::to_owned)
}

/// The CPU time that a control group grants, in CPUs; `None` also if it is not limited.
pub fn cpu_quota() -> Option<f64> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let own = groups.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or("/");
    // A quota may sit on any group above; inside a container only its own root is visible.
    let mut limits = Vec::new();
    let mut path = own.trim_end_matches('/');
    loop {
        let file = format!("/sys/fs/cgroup{path}/cpu.max");
        limits.extend(fs::read_to_string(file).ok().as_deref().and_then(quota));
        match path.rsplit_once('/') {
            Some((parent, _)) => path = parent,
            None => break,
        }
    }
    limits.into_iter().min_by(f64::total_cmp)
}

/// `cpu.max` holds the microseconds granted and the period, or "max" for no limit.
fn quota(text: &str) -> Option<f64> {
    let (granted, period) = text.trim().split_once(' ')?;
    let (granted, period): (f64, f64) = (granted.parse().ok()?, period.parse().ok()?);
    (period > 0.0).then(|| granted / period)
}

/// `always [madvise] never` has `madvise` selected.
fn selected_mode(modes: &str) -> Option<&str> {
    let (_, rest) = modes.split_once('[')?;
    rest.split_once(']').map(|(mode, _)| mode)
}

fn value(file: &str, key: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| line.strip_prefix(key)).map(|value| value.trim().to_owned())
}

fn kibibytes(file: &str, key: &str) -> Option<u64> {
    let value = value(file, key)?;
    let count: u64 = value.trim_end_matches("kB").trim().parse().ok()?;
    count.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotas_and_modes_are_understood() {
        assert_eq!(quota("150000 100000\n"), Some(1.5));
        assert_eq!(quota("max 100000\n"), None);
        assert_eq!(quota("1 0"), None);
        assert_eq!(selected_mode("always [madvise] never\n"), Some("madvise"));
        assert_eq!(selected_mode("never"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn work_takes_time() {
        let before = cpu_time().unwrap();
        let start = std::time::Instant::now();
        let mut sum = 0u64;
        while start.elapsed().as_millis() < 200 {
            sum = std::hint::black_box(sum.wrapping_mul(3) + 1);
        }
        let CpuTime { user, system } = cpu_time().unwrap();
        assert!(user + system > before.user + before.system);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn touching_memory_shows_in_faults_and_peak() {
        const PAGE: usize = 4096;
        const BYTES: usize = 64 << 20;
        let faults = minor_faults().unwrap();
        let was_reset = reset_peak_resident();
        let before = peak_resident().unwrap();
        let mut block = vec![0u8; BYTES];
        block.iter_mut().step_by(PAGE).for_each(|byte| *byte = 1);
        assert!(block.iter().map(|byte| usize::from(*byte)).sum::<usize>() == BYTES / PAGE);
        assert!(minor_faults().unwrap() > faults, "64 MiB were touched");
        if was_reset {
            assert!(resident().unwrap() >= before + BYTES as u64 / 2, "64 MiB are touched");
            assert!(peak_resident().unwrap() >= before + BYTES as u64 / 2, "64 MiB were touched");
        }
        assert!(total_memory().unwrap() > BYTES as u64);
    }
}
