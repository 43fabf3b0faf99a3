//! A thread that may run on several CPUs: `core_affinity` pins to a single one only.

/// Lets the calling thread run on `cpus` only, all of them alike. False if the system refuses or
/// does not know how.
#[cfg(target_os = "linux")]
pub(crate) fn restrict_to(cpus: &[usize]) -> bool {
    // SAFETY: `cpu_set_t` is an array of integers; all zeros is the empty set.
    let mut set: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    for &cpu in cpus.iter().filter(|&&cpu| cpu < libc::CPU_SETSIZE as usize) {
        // SAFETY: the index was checked against the size of the set.
        unsafe { libc::CPU_SET(cpu, &mut set) };
    }
    // SAFETY: the set is initialised, of the size given, and only read; 0 is the calling thread.
    unsafe { libc::sched_setaffinity(0, size_of::<libc::cpu_set_t>(), &raw const set) == 0 }
}

/// Not known here.
#[cfg(not(target_os = "linux"))]
pub(crate) fn restrict_to(_: &[usize]) -> bool {
    false
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::restrict_to;
    use crate::allowed_cpus;

    #[test]
    fn a_thread_keeps_the_set_it_was_given() {
        std::thread::spawn(|| {
            let all = allowed_cpus();
            assert!(restrict_to(&all));
            assert_eq!(allowed_cpus(), all);
            assert!(restrict_to(&all[..1]));
            assert_eq!(allowed_cpus(), all[..1]);
            assert!(!restrict_to(&[]), "a thread without a CPU cannot be");
        })
        .join()
        .expect("the checks hold");
    }
}
