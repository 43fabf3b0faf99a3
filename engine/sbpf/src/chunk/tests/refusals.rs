//! Executions that cannot be proven: what is said about each, and that nothing is proven.

use super::*;
use crate::execute_and_trace;

/// What a machine that executes the program says, and what is said when it is to be proven.
fn refused(text: &str, input: &[u8]) -> (Result<u64, String>, String) {
    refused_program(&Assembly::v0(text).build().unwrap(), input)
}

fn refused_program(program: &Program, input: &[u8]) -> (Result<u64, String>, String) {
    let config = ExecutionConfig::default();
    let trace = execute_and_trace(program, input, &config);
    let error = ChunkedExecution::new(program, input, &config, 100).map(drop).unwrap_err().to_string();
    if let Ok(trace) = &trace {
        let config = KeygenConfig::new(K, std::env::temp_dir(), 8);
        let same = prove_execution_chunked(program, trace, &config).unwrap_err().to_string();
        assert_eq!(same, error);
    }
    (trace.map(|trace| trace.outcome().value).map_err(|error| error.to_string()), error)
}

/// What the machine executes and no constraints cover.
#[test]
fn what_is_executed_but_not_provable() {
    let deep = |instructions: &str| {
        format!(
            "mov64 r6, 63\ncall function_down\nmov64 r0, 0\nexit\nfunction_down:\nsub64 r6, 1\njeq r6, 0, last\n\
             call function_down\nexit\nlast:\n{instructions}\nexit"
        )
    };
    let log = |bytes: u32, length: u32| {
        format!(
            "stw [r10-8], {bytes}\nmov64 r1, r10\nsub64 r1, 8\nmov64 r2, {length}\nsyscall sol_log_\nexit"
        )
    };
    let compare = "
        mov64 r1, r10
        sub64 r1, 8
        mov64 r2, r10
        sub64 r2, 16
        mov64 r3, 12
        lddw r4, 0x300000000
        syscall sol_memcmp_
        mov64 r0, 0
        exit";
    let copy = compare.replace("r2, r10\n        sub64 r2, 16", "r2, r4").replace("memcmp", "memset");
    let cases = [
        ("mov64 r1, 0\nmov64 r2, 0\nsyscall sol_log_data\nexit".to_owned(), "sol_log_data (at pc 2)"),
        // A letter with an accent, and one that is not in the first word.
        (log(0xa9c3, 2), "sol_log_ of text that is not ASCII (at pc 4)"),
        (
            deep("syscall sol_log_compute_units_"),
            "sol_log_compute_units_ called from the last frame (at pc 8)",
        ),
        (deep("mov64 r3, 0\nsyscall sol_memcpy_"), "sol_memcpy_ called from the last frame (at pc 9)"),
        (compare.to_owned(), "sol_memcmp_ of a range that leads into a gap of the stack (at pc 7)"),
        (
            compare.replace("r3, 12", "r3, 8200"),
            "sol_memcmp_ of a range that leaves its stack frame (at pc 7)",
        ),
        (copy, "sol_memset_ of a range that leads into a gap of the stack"),
    ];
    for (text, words) in cases {
        let (executed, error) = refused(&text, &[]);
        assert_eq!(executed, Ok(0), "{text}");
        assert!(error.starts_with("not provable yet: ") && error.contains(words), "{error}: {text}");
    }
    // One frame less is provable.
    let text = deep("syscall sol_log_compute_units_").replace("r6, 63", "r6, 62");
    Run::new(&text, &[], 505, &LinkSecret::random()).verify().unwrap();
}

#[test]
fn programs_of_v3_are_executed_only() {
    let program = Assembly::v3("mov64 r0, 3\nexit").build().unwrap();
    let (executed, error) = refused_program(&program, &[]);
    assert_eq!(executed, Ok(3));
    assert_eq!(error, "not provable yet: programs of SBPF V3; those of V0 are (at pc 0)");
}

/// What does not return.
#[test]
fn what_does_not_return() {
    let panic = "stw [r10-8], 0x62696c2f\nmov64 r1, r10\nsub64 r1, 7\nmov64 r2, 3\nmov64 r3, 12\nmov64 r4, 5
        syscall sol_panic_\nexit";
    let cases = [
        ("syscall abort\nexit", "the program aborted", "not provable yet: abort (at pc 0)"),
        (panic, "the program panicked at lib:12:5", "not provable yet: sol_panic_"),
        ("syscall sol_sha256\nexit", "not provable yet: sol_sha256", "not provable yet: sol_sha256"),
        ("mov64 r1, 0\ndiv64 r0, r1\nexit", "division by zero", "division by zero (at pc 1)"),
        ("ldxb r0, [r1+0]\nexit", "access violation", "outside memory"),
        ("stxb [r10+0], r0\nexit", "access violation", "outside memory"),
        ("lddw r1, 0x100000000\nstxb [r1+0], r0\nexit", "access violation", "read-only memory"),
        ("function_again:\ncall function_again\nexit", "more than 64 nested calls", "too many nested calls"),
        ("ja -1\nexit", "compute budget of 1400000 units", "more than 1400000 steps"),
        ("callx r1\nexit", "outside the program's text", "a pc outside the program"),
    ];
    for (text, trap, words) in cases {
        let (executed, error) = refused(text, &[]);
        let executed = executed.unwrap_err();
        assert!(executed.contains(trap), "{executed}: {text}");
        assert!(error.starts_with("not provable yet: ") && error.contains(words), "{error}: {text}");
    }
}

#[test]
fn what_does_not_fit() {
    let config = ExecutionConfig::default();
    let program = Assembly::v0("exit").build().unwrap();
    let error = ChunkedExecution::new(&program, &[], &config, 0).map(drop).unwrap_err();
    assert!(error.to_string().contains("steps in a chunk"), "{error}");
    let execution = ChunkedExecution::new(&program, &[], &config, 10).unwrap();
    let prover = &Setup::get().prover;
    let secret = LinkSecret::random();
    let error = prover.prove_chunk(&execution, 1, &secret).unwrap_err();
    assert!(matches!(error, ProveError::NoSuchChunk { index: 1, chunks: 1 }));
    let long = Assembly::v0("lddw r2, 600\nsub64 r2, 1\njne r2, 0, -2\nexit").build().unwrap();
    let execution = ChunkedExecution::new(&long, &[], &config, 506).unwrap();
    let error = prover.prove_chunk(&execution, 0, &secret).unwrap_err();
    assert!(matches!(error, ProveError::TooLarge { k: K, .. }));

    // Every byte of an input, one word after the other: more words than any circuit has rows.
    let all = Assembly::v0("lddw r2, 100000\nldxdw r0, [r1]\nadd64 r1, 8\nsub64 r2, 1\njne r2, 0, -4\nexit");
    let (all, input) = (all.build().unwrap(), vec![0; 800_000]);
    let error = ChunkedExecution::new(&all, &input, &config, 100).map(drop).unwrap_err();
    assert!(matches!(error, ProveError::TooLarge { k: 16, most: 65_529, .. }), "{error}");
}
