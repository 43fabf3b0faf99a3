//! What a sampled stack was doing: one table of names, innermost call first.

use serde::{Deserialize, Serialize};

/// What time goes into. The first three are the buckets in which studies of provers count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    /// Allocating, mapping, zeroing, copying and re-coding data.
    Memory,
    /// Arithmetic in fields and on curves, transforms, and the loops around them.
    Field,
    /// Handing work out, looking for it, sleeping and waking up.
    Synchronisation,
    /// Everything else: the circuit's own code, sorting, hashing.
    Other,
}

/// A stack's class, and whether its time was spent in a system call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) class: Class,
    pub(super) system_call: bool,
}

/// How a rule's text is looked for in a function's name.
#[derive(Clone, Copy, Debug)]
enum Text {
    /// The whole name: functions of the C library.
    Is(&'static str),
    /// At the beginning of the path, whatever the function is generic in or implements.
    In(&'static str),
    /// Anywhere.
    Has(&'static str),
}

use Class::{Field, Memory, Other, Synchronisation};
use Text::{Has, In, Is};

/// The rules. The first that fits a name decides.
const RULES: &[(Text, Class)] = &[
    // System calls, by their wrappers in the C library; see `SYSTEM_CALLS`.
    (Is("mmap"), Memory),
    (Is("mmap64"), Memory),
    (Is("munmap"), Memory),
    (Is("mremap"), Memory),
    (Is("madvise"), Memory),
    (Is("mprotect"), Memory),
    (Is("brk"), Memory),
    (Is("sbrk"), Memory),
    (Is("sched_yield"), Synchronisation),
    (Is("__sched_yield"), Synchronisation),
    (Is("futex"), Synchronisation),
    // The allocators.
    (Is("malloc"), Memory),
    (Is("calloc"), Memory),
    (Is("realloc"), Memory),
    (Is("reallocarray"), Memory),
    (Is("free"), Memory),
    (Is("cfree"), Memory),
    (Is("posix_memalign"), Memory),
    (Is("aligned_alloc"), Memory),
    (Is("memalign"), Memory),
    (Is("malloc_trim"), Memory),
    (In("mi_"), Memory),
    (In("_mi_"), Memory),
    (In("_rjem_"), Memory),
    (In("sn_"), Memory),
    (In("alloc::alloc"), Memory),
    (In("alloc::raw_vec"), Memory),
    (In("parhelion_allocators"), Memory),
    // Copying and zeroing.
    (Has("memcpy"), Memory),
    (Has("memmove"), Memory),
    (Has("memset"), Memory),
    (In("core::intrinsics::copy"), Memory),
    (In("core::intrinsics::write_bytes"), Memory),
    (In("core::ptr::copy"), Memory),
    (In("core::ptr::drop_in_place"), Memory),
    (In("core::ptr::mut_ptr::copy"), Memory),
    (In("core::ptr::mut_ptr::write_bytes"), Memory),
    (In("core::ptr::const_ptr::copy"), Memory),
    (In("core::slice::fill"), Memory),
    (In("core::slice::copy_from_slice"), Memory),
    (In("core::slice::clone_from_slice"), Memory),
    (In("core::slice::<impl [T]>::fill"), Memory),
    (In("core::slice::<impl [T]>::copy_from_slice"), Memory),
    (In("core::slice::<impl [T]>::clone_from_slice"), Memory),
    (In("core::slice::specialize"), Memory),
    (In("alloc::slice::to_vec"), Memory),
    (In("alloc::slice::<impl [T]>::to_vec"), Memory),
    (In("compiler_builtins::mem"), Memory),
    (In("alloc::vec::from_elem"), Memory),
    (In("<alloc::vec::Vec"), Memory),
    (In("<T as alloc::vec::spec_from_elem"), Memory),
    (In("<T as alloc::slice::hack::ConvertVec"), Memory),
    // The engine's packed columns: time paid for fewer bytes.
    (In("parhelion::memory"), Memory),
    (In("parhelion::storage"), Memory),
    (In("parhelion_field_kernels::poly::packed"), Memory),
    // Threads.
    (In("parhelion_scheduler"), Synchronisation),
    (In("<parhelion_scheduler"), Synchronisation),
    (In("rayon"), Synchronisation),
    (In("<rayon"), Synchronisation),
    (In("crossbeam"), Synchronisation),
    (In("<crossbeam"), Synchronisation),
    (In("chili"), Synchronisation),
    (In("pthread_"), Synchronisation),
    (In("__pthread_"), Synchronisation),
    (In("__lll_"), Synchronisation),
    (In("core::sync::atomic"), Synchronisation),
    (In("core::hint::spin_loop"), Synchronisation),
    (In("parking_lot"), Synchronisation),
    (In("std::sync"), Synchronisation),
    (In("std::sys::sync"), Synchronisation),
    (In("std::sys::pal::unix::futex"), Synchronisation),
    (In("std::sys::pal::unix::thread"), Synchronisation),
    (In("std::thread"), Synchronisation),
    // Fields, curves, and what is made of them.
    (Has("parhelion_field_kernels::"), Field),
    (In("parhelion::algebra"), Field),
    (Has("halo2curves"), Field),
    (In("halo2_axiom::arithmetic"), Field),
    (In("halo2_axiom::fft"), Field),
    (In("halo2_axiom::multicore"), Field),
    (In("halo2_axiom::poly"), Field),
    (In("<halo2_axiom::poly"), Field),
    (In("halo2_axiom::plonk::evaluation"), Field),
    (Has("pasta_curves"), Field),
    (In("halo2_proofs::arithmetic"), Field),
    (In("halo2_proofs::multicore"), Field),
    (In("halo2_proofs::poly"), Field),
    (In("<halo2_proofs::poly"), Field),
    (In("<ff::"), Field),
    (In("ff::"), Field),
    (In("group::"), Field),
    (In("<group::"), Field),
    (In("pairing::"), Field),
];

/// Wrappers of system calls: kernel time that is not theirs went into page faults.
const SYSTEM_CALLS: &[&str] = &[
    "mmap",
    "mmap64",
    "munmap",
    "mremap",
    "madvise",
    "mprotect",
    "brk",
    "sbrk",
    "sched_yield",
    "__sched_yield",
    "futex",
    "syscall",
    "pthread_cond_wait",
    "pthread_cond_timedwait",
    "pthread_cond_signal",
];

/// The language's own building blocks, inlined everywhere: they do what their callers do.
const TRANSPARENT: &[Text] = &[
    In("core::"),
    In("core_arch::"),
    In("<core::"),
    In("alloc::"),
    In("<alloc::"),
    In("std::"),
    In("<std::"),
    In("<&"),
    In("<[T]"),
    In("<T as core::"),
    In("<T as alloc::"),
    In("<F as core::"),
    In("<I as core::"),
    In("<u"),
    In("<i"),
    In("<("),
    Is("syscall"),
    Is("[vdso]"),
];

/// A name made up for code of the C library that has none: its inner functions are stripped.
pub(super) const NAMELESS_C: &str = "[libc]";

/// Classifies a stack, given by the names of its functions, the innermost first.
///
/// A name without a rule that is not transparent ends the search: a circuit's code runs under a
/// scheduler, too. Nameless code of the C library is what the named function of that library around it
/// does; straight under other code it is memcpy, memset or the like, whose fast variants have no names.
pub(super) fn classify<'a>(names: impl IntoIterator<Item = &'a str>) -> Verdict {
    let mut system_call = false;
    let mut nameless = false;
    for name in names {
        if name == NAMELESS_C {
            nameless = true;
            continue;
        }
        system_call |= SYSTEM_CALLS.contains(&name);
        if nameless && name.contains("::") {
            return Verdict { class: Memory, system_call };
        }
        nameless = false;
        if let Some((_, class)) = RULES.iter().find(|(text, _)| text.fits(name)) {
            return Verdict { class: *class, system_call };
        }
        if !TRANSPARENT.iter().any(|text| text.fits(name)) {
            return Verdict { class: Other, system_call };
        }
    }
    Verdict { class: if nameless { Memory } else { Other }, system_call }
}

impl Text {
    fn fits(self, name: &str) -> bool {
        match self {
            Is(text) => name == text,
            In(text) => name.starts_with(text),
            Has(text) => name.contains(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(stack: &[&str], class: Class, system_call: bool) {
        assert_eq!(classify(stack.iter().copied()), Verdict { class, system_call }, "{stack:?}");
    }

    #[test]
    fn the_innermost_call_decides() {
        check(&["malloc", "alloc::alloc::alloc", "halo2_axiom::poly::Polynomial::new"], Memory, false);
        check(
            &["<halo2curves_axiom::bn256::fr::Fr as core::ops::arith::Mul>::mul", "rayon_core::join::join"],
            Field,
            false,
        );
        check(
            &["core::slice::iter::Iter::next", "parhelion_field_kernels::ifma::ntt::pass", "main"],
            Field,
            false,
        );
        check(
            &["crossbeam_deque::deque::Stealer<T>::steal", "parhelion_scheduler::pool::worker"],
            Synchronisation,
            false,
        );
        check(&["parhelion::storage::pack", "parhelion_field_kernels::dispatch"], Memory, false);
    }

    #[test]
    fn names_told_from_files_have_classes_too() {
        let (field, join) = ("halo2curves_axiom::bn256::fr::mul", "rayon_core::join::join_context");
        check(
            &["core_arch::x86::avx512ifma::_mm512_madd52lo_epu64", "parhelion_field_kernels::ifma::mul"],
            Field,
            false,
        );
        check(&["core::iter::range::next", field, "rayon::iter::plumbing::helper"], Field, false);
        check(&["core::ops::function::call_once", join, field], Synchronisation, false);
        check(&["core::slice::copy_from_slice", field], Memory, false);
        check(&["compiler_builtins::mem::memcpy", "parhelion::stages::commit"], Memory, false);
    }

    #[test]
    fn building_blocks_take_their_callers_class() {
        check(
            &["core::iter::fold", "alloc::collections::btree::map::insert", "num_bigint::mul"],
            Other,
            false,
        );
        check(&["core::num::wrapping_add", "halo2curves_axiom::arithmetic::mac"], Field, false);
        check(&["core::sync::atomic::AtomicUsize::load", "halo2_axiom::poly"], Synchronisation, false);
    }

    #[test]
    fn the_circuits_own_code_is_not_the_schedulers() {
        check(&["halo2_base::gates::Gate::mul", "rayon_core::registry::in_worker"], Other, false);
        check(&["core::ptr::read", "blake2b_simd::compress", "rayon_core::join"], Other, false);
    }

    #[test]
    fn nameless_code_of_the_c_library_is_told_apart_by_who_calls_it() {
        check(&[NAMELESS_C, "malloc", "alloc::alloc"], Memory, false);
        check(&[NAMELESS_C, NAMELESS_C, "pthread_cond_wait", "rayon_core::sleep"], Synchronisation, true);
        check(&[NAMELESS_C, "rayon_core::job::execute"], Memory, false);
        check(&[NAMELESS_C], Memory, false);
        check(&[], Other, false);
    }

    #[test]
    fn system_calls_are_known() {
        check(&["madvise", "parhelion_allocators::pool"], Memory, true);
        check(&["syscall", "std::sys::pal::unix::futex::futex_wait"], Synchronisation, true);
        check(&["__sched_yield", "std::thread::yield_now"], Synchronisation, true);
    }

    #[test]
    fn no_rule_is_hidden_behind_an_earlier_one() {
        for (index, (text, class)) in RULES.iter().enumerate() {
            let (Is(name) | In(name) | Has(name)) = *text;
            let first = RULES.iter().position(|(text, _)| text.fits(name));
            assert_eq!(first, Some(index), "{name} ({class:?})");
        }
    }
}
