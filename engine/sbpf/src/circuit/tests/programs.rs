//! Programs that between them use every instruction, and the corners of each.

use std::fmt::Write;

/// Name, text and input.
pub(super) fn all() -> Vec<(&'static str, String, Vec<u8>)> {
    vec![
        ("arithmetic", arithmetic(), Vec::new()),
        ("shifts", shifts(), Vec::new()),
        ("swaps", swaps(), Vec::new()),
        ("jumps", jumps(), Vec::new()),
        ("memory", memory(), (1..=61).collect()),
        ("calls", calls(), Vec::new()),
        ("syscalls", syscalls(), (1..=101).collect()),
    ]
}

/// Operands with all the signs and carries that matter, mixed into r9.
const VALUES: [&str; 5] = ["0", "1", "0xffffffffffffffff", "0x8000000080000000", "0x123456789abcdef1"];

fn arithmetic() -> String {
    let mut text = String::from("mov64 r9, 0\n");
    let operations = ["add", "sub", "mul", "div", "mod", "or", "and", "xor", "mov"];
    for a in VALUES {
        for b in ["1", "0xffffffff80000000", "0x7edcba9876543211"] {
            write!(text, "lddw r1, {a}\nlddw r2, {b}\n").unwrap();
            for operation in operations {
                for width in ["32", "64"] {
                    if a != VALUES[4] && !["add", "sub", "mul", "div"].contains(&operation) {
                        continue;
                    }
                    write!(text, "mov64 r3, r1\n{operation}{width} r3, r2\nxor64 r9, r3\n").unwrap();
                }
            }
        }
    }
    for operation in operations {
        for width in ["32", "64"] {
            write!(text, "{operation}{width} r3, 5\n{operation}{width} r9, -7\nmov64 r3, r1\n").unwrap();
        }
    }
    for width in ["32", "64"] {
        write!(text, "neg{width} r3\nadd64 r9, r3\nmov64 r4, 0\nneg{width} r4\nadd64 r9, r4\n").unwrap();
    }
    text + "mov64 r0, r9\nexit"
}

fn shifts() -> String {
    let mut text = String::new();
    for value in ["0x8123456789abcdef", "0x7000000080000001"] {
        writeln!(text, "lddw r1, {value}").unwrap();
        for operation in ["lsh", "rsh", "arsh"] {
            for count in [0, 1, 33, 63, 255] {
                for width in ["32", "64"] {
                    write!(text, "mov64 r2, {count}\nmov64 r3, r1\n{operation}{width} r3, r2\n").unwrap();
                    text += "xor64 r0, r3\n";
                }
            }
            for width in ["32", "64"] {
                write!(text, "mov64 r3, r1\n{operation}{width} r3, 31\nadd64 r0, r3\n").unwrap();
            }
        }
    }
    text + "exit"
}

fn swaps() -> String {
    let mut text = String::from("lddw r1, 0xf123456789abcde2\n");
    for operation in ["le", "be"] {
        for width in ["16", "32", "64"] {
            write!(text, "mov64 r2, r1\n{operation}{width} r2\nxor64 r0, r2\n").unwrap();
        }
    }
    text + "exit"
}

fn jumps() -> String {
    let mut text = String::new();
    let conditions = ["jeq", "jgt", "jge", "jlt", "jle", "jset", "jne", "jsgt", "jsge", "jslt", "jsle"];
    for (a, b) in [(0, 0), (-1, 1), (1, -1), (5, 4), (4, 5), (-6, -5)] {
        write!(text, "mov64 r1, {a}\nmov64 r2, {b}\n").unwrap();
        for condition in conditions {
            write!(text, "{condition} r1, r2, +1\nadd64 r0, 1\n{condition} r1, {b}, +1\nadd64 r0, 3\n")
                .unwrap();
        }
    }
    text + "ja +1\nadd64 r0, 77\nexit"
}

fn memory() -> String {
    let mut text = String::from("mov64 r6, r1\nlddw r7, 0x300000010\nlddw r8, 0x8877665544332211\n");
    for size in ["b", "h", "w", "dw"] {
        for offset in [0, 3, 5, 7] {
            write!(text, "ldx{size} r2, [r6+{offset}]\nxor64 r0, r2\n").unwrap();
            write!(text, "stx{size} [r7+{offset}], r8\nst{size} [r10-{}], -2\n", 20 + offset).unwrap();
            write!(text, "ldx{size} r3, [r7{:+}]\nadd64 r0, r3\n", offset - 2).unwrap();
        }
    }
    // The last bytes of the input, whose last word is not whole.
    text += "ldxdw r4, [r6+53]\nxor64 r0, r4\nstxb [r6+60], r0\nldxb r4, [r6+60]\nadd64 r0, r4\n";
    // Read-only memory: the program's own text, across words.
    text += "lddw r5, 0x100000004\nldxdw r4, [r5+0]\nadd64 r0, r4\n";
    text + "exit"
}

fn calls() -> String {
    "
    ja +2
    mov64 r0, r2
    exit
    mov64 r6, 11
    mov64 r7, 12
    mov64 r8, 13
    mov64 r9, 3
    mov64 r1, 4
    call function_sum
    add64 r0, r6
    add64 r0, r9
    mov64 r2, r0
    lddw r3, 0x10000000b
    callx r3
    exit
function_sum:
    mov64 r0, r1
    jeq r1, 0, +7
    mov64 r6, r1
    stxdw [r10-8], r6
    sub64 r1, 1
    call function_sum
    ldxdw r2, [r10-8]
    add64 r0, r2
    mov64 r9, -1
    exit
"
    .to_owned()
}

fn syscalls() -> String {
    let mut text = String::from("mov64 r6, r1\nlddw r7, 0x300000003\nmov64 r8, r10\nsub64 r8, 104\n");
    let call = |text: &mut String, name: &str, arguments: [&str; 4]| {
        for (register, argument) in (1..).zip(arguments) {
            writeln!(text, "mov64 r{register}, {argument}").unwrap();
        }
        writeln!(text, "syscall {name}\nadd64 r9, r0").unwrap();
    };
    call(&mut text, "sol_memcpy_", ["r7", "r6", "47", "0"]);
    call(&mut text, "sol_memcpy_", ["r7", "r6", "0", "0"]);
    for distance in ["5", "-5"] {
        text += "mov64 r4, r7\nadd64 r4, 40\n";
        write!(text, "mov64 r5, r4\nadd64 r5, {distance}\n").unwrap();
        call(&mut text, "sol_memmove_", ["r5", "r4", "37", "0"]);
    }
    call(&mut text, "sol_memset_", ["r8", "-86", "44", "0"]);
    for length in ["0", "20", "47"] {
        text += "mov64 r5, r8\nadd64 r5, 60\n";
        call(&mut text, "sol_memcmp_", ["r7", "r6", length, "r5"]);
        text += "ldxw r1, [r8+60]\nadd64 r9, r1\n";
    }
    call(&mut text, "sol_memcmp_", ["r7", "r8", "30", "r5"]);
    text += "ldxw r1, [r8+60]\nadd64 r9, r1\n";
    call(&mut text, "sol_log_", ["r6", "29", "0", "0"]);
    call(&mut text, "sol_log_64_", ["1", "2", "3", "4"]);
    call(&mut text, "sol_log_pubkey", ["r6", "0", "0", "0"]);
    call(&mut text, "sol_log_compute_units_", ["0", "0", "0", "0"]);
    for offset in [0, 8, 16, 39, 40, 47, 55, 70] {
        write!(text, "ldxdw r1, [r7+{offset}]\nxor64 r9, r1\nldxdw r1, [r8+{}]\nxor64 r9, r1\n", offset / 2)
            .unwrap();
    }
    text + "mov64 r0, r9\nexit"
}
