//! What a stretch of time cost this process, by the system's own accounts.

use std::fs;
use std::time::Instant;

use rustix::time::{ClockId, clock_gettime};

use parhelion_cli::proc;

/// A moment on all clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    wall: Instant,
    /// CPU seconds of all threads.
    cpu: f64,
    /// Of them in the kernel, as far as the system tells.
    kernel: Option<f64>,
    /// Seconds that runnable threads have waited for a core.
    delayed: Option<f64>,
    faults: Option<u64>,
}

/// What went by between two moments, in seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Stretch {
    pub(super) wall: f64,
    /// Of all threads together.
    pub(super) cpu: f64,
    /// The part of `cpu` in the kernel.
    pub(super) kernel: f64,
    /// Runnable but without a core, of all threads together.
    pub(super) delayed: f64,
    pub(super) faults: u64,
}

impl Moment {
    /// All clocks now.
    pub(super) fn now() -> Self {
        Self {
            wall: Instant::now(),
            cpu: cpu_seconds(),
            kernel: kernel_seconds(),
            delayed: delayed_seconds(),
            faults: proc::minor_faults(),
        }
    }

    /// What went by since.
    pub(super) fn elapsed(&self) -> Stretch {
        let now = Self::now();
        let since = |then: Option<f64>, now: Option<f64>| {
            then.zip(now).map_or(0.0, |(then, now)| (now - then).max(0.0))
        };
        Stretch {
            wall: (now.wall - self.wall).as_secs_f64(),
            cpu: now.cpu - self.cpu,
            kernel: since(self.kernel, now.kernel),
            delayed: since(self.delayed, now.delayed),
            faults: self.faults.zip(now.faults).map_or(0, |(then, now)| now.saturating_sub(then)),
        }
    }
}

impl std::ops::AddAssign for Stretch {
    fn add_assign(&mut self, other: Self) {
        self.wall += other.wall;
        self.cpu += other.cpu;
        self.kernel += other.kernel;
        self.delayed += other.delayed;
        self.faults += other.faults;
    }
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// In clock ticks of the system, so to the hundredth of a second or so.
fn kernel_seconds() -> Option<f64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    // stime is field 15; the first field after the name is number 3.
    let ticks: u64 = fields.split_whitespace().nth(15 - 3)?.parse().ok()?;
    Some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

/// Over all threads that live.
fn delayed_seconds() -> Option<f64> {
    let mut nanoseconds = 0;
    for task in fs::read_dir("/proc/self/task").ok()?.flatten() {
        // A thread that ends meanwhile takes its file along.
        let Ok(line) = fs::read_to_string(task.path().join("schedstat")) else { continue };
        nanoseconds += line.split_whitespace().nth(1)?.parse::<u64>().ok()?;
    }
    Some(nanoseconds as f64 / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_shows_on_the_clocks_and_sleep_only_on_the_wall() {
        let start = Moment::now();
        while start.elapsed().wall < 0.05 {
            std::hint::spin_loop();
        }
        let busy = start.elapsed();
        assert!(busy.cpu > 0.0 && busy.wall >= 0.05, "{busy:?}");

        // Other tests of this process may run beside this one: only the wall clock is sure.
        let start = Moment::now();
        std::thread::sleep(std::time::Duration::from_millis(20));
        assert!(start.elapsed().wall >= 0.02);
    }

    #[test]
    fn stretches_add_up() {
        let one = Stretch { wall: 1.0, cpu: 2.0, kernel: 0.5, delayed: 0.25, faults: 7 };
        let mut sum = one;
        sum += one;
        assert_eq!(sum, Stretch { wall: 2.0, cpu: 4.0, kernel: 1.0, delayed: 0.5, faults: 14 });
    }
}
