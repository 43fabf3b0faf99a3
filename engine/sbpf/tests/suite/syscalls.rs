//! Syscalls: what they do, what they cost, what they refuse, and how they are taken apart.

use parhelion_sbpf::{
    Assembly, Error, ExecutionConfig, Log, Machine, MicroStep, Region, Step, Trap, Version,
};

use crate::oracle::agree;

/// Runs on both versions, with an input of 64 ascending bytes.
fn both(text: &str) -> Result<(u64, u64), Error> {
    let input: Vec<u8> = (0..64).collect();
    let config = ExecutionConfig::default();
    let v0 = agree(Version::V0, text, &input, &config);
    let v3 = agree(Version::V3, text, &input, &config);
    assert_eq!(v0.as_ref().ok(), v3.as_ref().ok());
    v0
}

fn trap(text: &str) -> Trap {
    match both(text) {
        Err(Error::Trapped { trap, .. }) => trap,
        other => panic!("{other:?}"),
    }
}

/// Calls `name` with addresses of the input and a length, then returns eight bytes of the input.
fn memory_call(name: &str, arguments: [i64; 3], result: u64) -> String {
    let [a, b, c] = arguments;
    let b = if name == "memset" { format!("mov64 r2, {b}") } else { format!("mov64 r2, r6\nadd64 r2, {b}") };
    format!(
        "mov64 r6, r1
        add64 r1, {a}
        {b}
        mov64 r3, {c}
        mov64 r4, r10
        sub64 r4, 4
        syscall sol_{name}_
        jne r0, 0, wrong
        ldxdw r0, [r6+{result}]
        wrong:
        exit"
    )
}

#[test]
fn copies_of_all_alignments() {
    for (to, from) in (0..9).flat_map(|to| (0..9).map(move |from| (to, from))) {
        for length in [0, 1, 2, 3, 7, 8, 9, 16, 21] {
            let expected = {
                let mut memory: Vec<u8> = (0..64).collect();
                memory.copy_within(from as usize..(from + length) as usize, to as usize);
                u64::from_le_bytes(memory[8..16].try_into().unwrap())
            };
            assert_eq!(both(&memory_call("memmove", [to, from, length], 8)).unwrap().0, expected);
            let copied = both(&memory_call("memcpy", [to, from, length], 8));
            if (to - from).abs() < length {
                assert!(matches!(copied, Err(Error::Trapped { trap: Trap::OverlappingCopy { .. }, .. })));
            } else {
                assert_eq!(copied.unwrap().0, expected);
            }
        }
    }
}

#[test]
fn fills_of_all_alignments() {
    for (to, length) in (0..9).flat_map(|to| (0..20).map(move |length| (to, length))) {
        let mut memory: Vec<u8> = (0..64).collect();
        memory[to as usize..(to + length) as usize].fill(0xcd);
        let expected = u64::from_le_bytes(memory[8..16].try_into().unwrap());
        assert_eq!(both(&memory_call("memset", [to, 0xabcd, length], 8)).unwrap().0, expected);
    }
}

/// The input holds 0, 1, 2 ..., so that bytes at different places differ at once; equal ones are set.
#[test]
fn comparisons() {
    for (equal, length) in [(0, 1), (0, 0), (3, 8), (8, 8), (13, 20), (20, 20)] {
        for (a, b) in [(0, 32), (3, 33), (35, 1), (5, 38)] {
            let text = format!(
                "mov64 r6, r1
                mov64 r1, r6
                add64 r1, {a}
                mov64 r2, 0
                mov64 r3, {equal}
                syscall sol_memset_
                mov64 r1, r6
                add64 r1, {b}
                syscall sol_memset_
                mov64 r1, r6
                add64 r1, {a}
                mov64 r2, r6
                add64 r2, {b}
                mov64 r3, {length}
                mov64 r4, r10
                sub64 r4, 20
                syscall sol_memcmp_
                ldxw r0, [r10-20]
                exit"
            );
            let expected = if equal < length { (a - b) as u32 } else { 0 };
            assert_eq!(both(&text).unwrap().0, u64::from(expected), "{equal} {length} {a} {b}");
        }
    }
}

#[test]
fn bad_pointers_trap() {
    let violation = |trap: Trap| matches!(trap, Trap::AccessViolation { .. });
    assert!(violation(trap(&memory_call("memset", [60, 0, 5], 0))));
    assert!(violation(trap(&memory_call("memmove", [0, 60, 5], 0))));
    assert!(violation(trap(&memory_call("memcpy", [60, 0, 5], 0))));
    assert!(violation(trap(&memory_call("memcmp", [60, 0, 5], 0))));
    // Too long to be paid for, before anyone looks where it is.
    assert!(matches!(trap(&memory_call("memmove", [0, 0, -1], 0)), Trap::BudgetExceeded { .. }));
    assert!(violation(trap(&memory_call("memmove", [0, 0, 1 << 24], 0))));
    assert!(violation(trap("mov64 r2, 65\nsyscall sol_log_\nexit")));
    assert!(violation(trap("add64 r1, 33\nsyscall sol_log_pubkey\nexit")));
    // No bytes are nowhere.
    assert_eq!(both("mov64 r1, 7\nmov64 r2, 0\nsyscall sol_log_\nexit").unwrap().0, 0);
    let unaligned = trap("mov64 r2, r1\nmov64 r3, 1\nmov64 r4, r1\nadd64 r4, 2\nsyscall sol_memcmp_\nexit");
    assert!(matches!(unaligned, Trap::UnalignedPointer { alignment: 4, .. }), "{unaligned}");
    let unaligned = trap("add64 r1, 4\nmov64 r2, 1\nsyscall sol_log_data\nexit");
    assert!(matches!(unaligned, Trap::UnalignedPointer { alignment: 8, .. }), "{unaligned}");
    // Read-only memory cannot be written to.
    assert!(violation(trap("lddw r1, 0x100000000\nmov64 r2, 0\nmov64 r3, 1\nsyscall sol_memset_\nexit")));
}

#[test]
fn giving_up() {
    assert_eq!(trap("syscall abort\nexit"), Trap::Aborted);
    let text = "stw [r10-8], 0x62696c2f\nmov64 r1, r10\nsub64 r1, 7\nmov64 r2, 3\nmov64 r3, 12\nmov64 r4, 5
        syscall sol_panic_\nexit";
    assert_eq!(trap(text), Trap::Panicked { file: "lib".into(), line: 12, column: 5 });
}

#[test]
fn logs() {
    let text = "
        mov64 r6, r1
        stw [r10-8], 0x6f6c6c65
        mov64 r1, r10
        sub64 r1, 8
        mov64 r2, 4
        syscall sol_log_
        syscall sol_log_64_
        mov64 r1, r6
        syscall sol_log_pubkey
        syscall sol_log_compute_units_
        stxdw [r10-48], r6
        stdw [r10-40], 3
        stxdw [r10-32], r6
        stdw [r10-24], 0
        mov64 r1, r10
        sub64 r1, 48
        mov64 r2, 2
        syscall sol_log_data
        exit";
    both(text).unwrap();
    let program = Assembly::v0(text).build().unwrap();
    let input: Vec<u8> = (0..64).collect();
    let trace = parhelion_sbpf::execute_and_trace(&program, &input, &ExecutionConfig::default()).unwrap();
    let logs = &trace.outcome().logs;
    assert_eq!(logs[0], Log::Message("ello".into()));
    assert_eq!(logs[1], Log::Numbers([0x200000ff8, 4, 0, 0, 0]));
    assert_eq!(logs[2], Log::Pubkey(std::array::from_fn(|index| index as u8)));
    assert_eq!(logs[3], Log::ComputeUnits(1_400_000 - 10 - 400));
    assert_eq!(logs[4], Log::Data(vec![vec![0, 1, 2], vec![]]));
    assert_eq!(logs[4].to_string(), "000102 ");
    // 19 instructions, 100 for each of four, 100 + 2 * 100 + 3 for the last.
    assert_eq!(trace.outcome().compute_units, 19 + 400 + 303);
    let free = ExecutionConfig::default().with_charged_syscalls(false);
    assert_eq!(
        parhelion_sbpf::execute_and_trace(&program, &input, &free).unwrap().outcome().compute_units,
        19
    );
}

#[test]
fn long_memory_calls_cost_by_the_byte() {
    let config = ExecutionConfig::default().with_heap_size(256 * 1024);
    let text = "lddw r1, 0x300000000\nmov64 r2, 1\nmov64 r3, 262144\nsyscall sol_memset_\nexit";
    for version in [Version::V0, Version::V3] {
        agree(version, text, &[], &config).unwrap();
    }
    let program = Assembly::v0(text).build().unwrap();
    let trace = parhelion_sbpf::execute_and_trace(&program, &[], &config).unwrap();
    assert_eq!(trace.outcome().compute_units, 5 + 262_144 / 250);
}

/// All steps of a program.
fn steps(text: &str, input: &[u8]) -> (Vec<Step>, Vec<u8>) {
    let program = Assembly::v0(text).build().unwrap();
    let mut machine = Machine::new(&program, input, &ExecutionConfig::default()).unwrap();
    let steps = std::iter::from_fn(|| machine.step().unwrap()).collect();
    (steps, machine.region(Region::Stack).to_vec())
}

#[test]
fn micro_steps_cross_no_word() {
    let widths = |arguments| {
        let (steps, _) = steps(&memory_call("memmove", arguments, 0), &[7; 64]);
        let call = steps.into_iter().find(|step| !step.micro_steps.is_empty()).unwrap();
        call.micro_steps.iter().map(|step| step.width).collect::<Vec<_>>()
    };
    assert_eq!(widths([0, 32, 16]), [8, 8]);
    assert_eq!(widths([1, 33, 15]), [4, 2, 1, 8]);
    assert_eq!(widths([0, 36, 12]), [4, 4, 4]);
    // Upwards into itself, from the end.
    assert_eq!(widths([8, 0, 20]), [4, 8, 8]);
    assert_eq!(widths([1, 0, 4]), [4]);
    assert_eq!(widths([6, 5, 4]), [1, 1, 2]);
}

#[test]
fn a_comparison_ends_at_the_first_difference() {
    let mut input = vec![9; 64];
    input[32 + 10] = 11;
    let (steps, _) = steps(&memory_call("memcmp", [0, 32, 32], 0), &input);
    let call = steps.into_iter().find(|step| !step.micro_steps.is_empty()).unwrap();
    let parts: Vec<_> = call.micro_steps.iter().map(|part| (part.width, part.source.is_some())).collect();
    assert_eq!(parts, [(8, true), (2, true), (1, true), (4, false)]);
    let Some(MicroStep { target: Some(result), .. }) = call.micro_steps.last() else { panic!() };
    assert!(result.word.written);
    assert_eq!((result.word.after >> (8 * result.byte)) as u32 as i32, 9 - 11);
}

/// V0's frames follow each other on the host: what begins in one may end in the next, which a program sees
/// at an address 4096 bytes further on.
#[test]
fn copies_run_on_into_the_next_frame() {
    let text = "
        mov64 r2, r1
        mov64 r1, r10
        sub64 r1, 3
        mov64 r3, 8
        syscall sol_memcpy_
        lddw r3, 0x200002000
        ldxw r0, [r3+0]
        exit";
    let (steps, stack) = steps(text, &[1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(stack[4093..4101], [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(steps.last().unwrap().after.registers[0], 0x07060504);
}
