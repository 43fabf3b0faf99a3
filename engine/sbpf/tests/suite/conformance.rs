//! The cases of `solana-sbpf`'s own tests that V0 and V3 can express, as data: each runs in both
//! interpreters, which must agree with each other and with what is written down.

use std::{collections::BTreeSet, fs};

use crate::oracle::{Pair, agree, agree_with};
use parhelion_sbpf::{Error, ExecutionConfig, Trap, Version};

const CASES: &str = include_str!("conformance/cases.txt");
const ELSEWHERE: &str = include_str!("conformance/elsewhere.txt");

/// A block of `cases.txt`.
#[derive(Debug, Default)]
struct Case<'t> {
    name: &'t str,
    on: Option<&'t str>,
    input: Vec<u8>,
    units: Option<u64>,
    expected: &'t str,
    text: String,
}

fn cases() -> Vec<Case<'static>> {
    let blocks = CASES.split("\n\n").map(str::trim).filter(|block| block.starts_with("case "));
    let cases = blocks.map(|block| {
        let mut case = Case::default();
        for line in block.lines() {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("case", name) => case.name = name,
                ("on", version) => case.on = Some(version),
                ("input", bytes) => {
                    case.input = bytes.split(' ').map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect();
                }
                ("units", units) => case.units = Some(units.parse().unwrap()),
                ("gives" | "traps", _) => case.expected = line,
                _ => case.text += &format!("{line}\n"),
            }
        }
        case
    });
    cases.collect()
}

/// How a program ended, in the words of `cases.txt`.
fn ending(result: Result<(u64, u64), Error>) -> String {
    let (trap, step) = match result {
        Ok((value, steps)) => return format!("gives {value:#x} in {steps}"),
        Err(Error::Trapped { trap, step, .. }) => (trap, step),
        Err(error) => return error.to_string(),
    };
    let kind = match trap {
        Trap::DivisionByZero => "division".into(),
        Trap::AccessViolation { address, .. } => format!("violation {address:#x}"),
        Trap::CallDepthExceeded => "depth".into(),
        Trap::BudgetExceeded { .. } => "budget".into(),
        Trap::PastEnd => "past-end".into(),
        Trap::CallOutsideText { address } => format!("call-outside-text {address:#x}"),
        Trap::InvalidInstruction { .. } => "invalid".into(),
        Trap::UnresolvedCall { .. } => "unresolved-call".into(),
        Trap::InvalidString { .. } => "utf8".into(),
        Trap::Aborted => "abort".into(),
        other => other.to_string(),
    };
    format!("traps {kind} at {step}")
}

/// With the number in the middle written as `ending` writes it.
fn normal(expected: &str) -> String {
    let word = |word: &str| match word.strip_prefix("0x") {
        Some(digits) => format!("{:#x}", u64::from_str_radix(digits, 16).unwrap()),
        None => word.to_owned(),
    };
    let mut words: Vec<_> = expected.split(' ').map(word).collect();
    if words[0] == "gives" && !words[1].starts_with("0x") {
        words[1] = format!("{:#x}", words[1].parse::<u64>().unwrap());
    }
    words.join(" ")
}

#[test]
fn cases_end_as_expected() {
    let mut wrong = Vec::new();
    for case in cases() {
        for version in [Version::V0, Version::V3] {
            if case.on.is_some_and(|on| on != format!("{version:?}")) {
                continue;
            }
            let config = ExecutionConfig::default().with_compute_units(case.units.unwrap_or(10_000));
            let ending = ending(agree(version, &case.text, &case.input, &config));
            if ending != normal(case.expected) {
                wrong.push(format!("{} on {version:?}: {ending}, expected: {}", case.name, case.expected));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Every test over there is accounted for here.
#[test]
fn nothing_is_left_out() {
    let tests = fs::read_to_string(crate::sources::solana_sbpf().join("tests/execution.rs")).unwrap();
    let theirs: BTreeSet<_> = tests
        .lines()
        .filter_map(|line| line.strip_prefix("fn test_")?.split_once('('))
        .map(|(name, _)| name)
        .collect();
    assert!(theirs.len() >= 150, "{}", theirs.len());
    let elsewhere = ELSEWHERE.lines().filter_map(|line| Some(line.split_once(": ")?.0));
    let cases = cases();
    let ours: BTreeSet<_> = cases.iter().map(|case| case.name).chain(elsewhere).collect();
    let missing: Vec<_> = theirs.difference(&ours).collect();
    assert!(missing.is_empty(), "{missing:?}");
    let unknown: Vec<_> = cases.iter().map(|case| case.name).filter(|name| !theirs.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

fn on_both(text: &str) -> (u64, u64) {
    let config = ExecutionConfig::default();
    let [v0, v3] = [Version::V0, Version::V3].map(|version| agree(version, text, &[], &config).unwrap());
    assert_eq!(v0, v3);
    v0
}

/// Values at which comparisons change.
const EDGES: [i64; 9] = [0, 1, 5, -1, -5, i32::MAX as i64, i32::MIN as i64, 1 << 32, i64::MIN];

#[test]
fn conditional_jumps() {
    type Compare = fn(i128, i128, u64, u64) -> bool;
    // Signed and unsigned operands.
    let conditions: [(&str, Compare); 11] = [
        ("jeq", |a, b, _, _| a == b),
        ("jne", |a, b, _, _| a != b),
        ("jset", |_, _, a, b| a & b != 0),
        ("jgt", |_, _, a, b| a > b),
        ("jge", |_, _, a, b| a >= b),
        ("jlt", |_, _, a, b| a < b),
        ("jle", |_, _, a, b| a <= b),
        ("jsgt", |a, b, _, _| a > b),
        ("jsge", |a, b, _, _| a >= b),
        ("jslt", |a, b, _, _| a < b),
        ("jsle", |a, b, _, _| a <= b),
    ];
    let config = ExecutionConfig::default();
    for (name, compare) in conditions {
        for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
            for narrow in [false, true] {
                let (suffix, versions) =
                    if narrow { ("32", &[Version::V3][..]) } else { ("", &[Version::V0, Version::V3][..]) };
                let taken = |b: i64| match narrow {
                    true => {
                        compare((a as i32).into(), (b as i32).into(), (a as u32).into(), (b as u32).into())
                    }
                    false => compare(a.into(), b.into(), a as u64, b as u64),
                };
                for version in versions {
                    let run = |operand: &str| {
                        let text = format!(
                            "lddw r2, {a:#x}
                            lddw r3, {b:#x}
                            {name}{suffix} r2, {operand}, yes
                            mov64 r0, 0
                            exit
                            yes:
                            mov64 r0, 1
                            exit"
                        );
                        agree(*version, &text, &[], &config).unwrap().0 == 1
                    };
                    assert_eq!(run("r3"), taken(b), "{name}{suffix} {a} {b}");
                    assert_eq!(
                        run(&(b as i32).to_string()),
                        taken((b as i32).into()),
                        "{name}{suffix} {a} {b}"
                    );
                    assert_eq!(run("r2"), taken(a), "{name}{suffix} {a} {a}");
                }
            }
        }
    }
}

#[test]
fn divisions_and_products() {
    for (a, b) in EDGES.iter().flat_map(|a| EDGES.map(|b| (*a, b))) {
        let run = |operation: &str| {
            on_both(&format!("lddw r0, {a:#x}\nlddw r2, {b:#x}\n{operation} r0, r2\nexit")).0
        };
        let signed = |value: u32| value as i32 as i64 as u64;
        assert_eq!(run("mul64"), (a as u64).wrapping_mul(b as u64));
        assert_eq!(run("mul32"), signed((a as u32).wrapping_mul(b as u32)));
        if b != 0 {
            assert_eq!(run("div64"), a as u64 / b as u64);
            assert_eq!(run("mod64"), a as u64 % b as u64);
        }
        if let (Some(quotient), Some(rest)) =
            ((a as u32).checked_div(b as u32), (a as u32).checked_rem(b as u32))
        {
            assert_eq!(run("div32"), u64::from(quotient));
            assert_eq!(run("mod32"), u64::from(rest));
        }
        let imm = b as i32;
        let run = |operation: &str| on_both(&format!("lddw r0, {a:#x}\n{operation} r0, {imm}\nexit")).0;
        assert_eq!(run("mul64"), (a as u64).wrapping_mul(imm as i64 as u64));
        assert_eq!(run("mul32"), signed((a as u32).wrapping_mul(imm as u32)));
        if imm != 0 {
            assert_eq!(run("div64"), a as u64 / imm as i64 as u64);
            assert_eq!(run("mod64"), a as u64 % imm as i64 as u64);
            assert_eq!(run("div32"), u64::from(a as u32 / imm as u32));
            assert_eq!(run("mod32"), u64::from(a as u32 % imm as u32));
        }
    }
}

/// A call and a jump over more instructions than a byte counts.
#[test]
fn far_jumps() {
    let text = format!(
        "call function_behind
        exit
        near:
        mov64 r0, 3
        exit
        {}
        function_behind:
        mov64 r8, 1
        lsh64 r8, 32
        or64 r8, 16
        callx r8
        ja over
        {}
        over:
        add64 r0, 1
        exit",
        "mov64 r9, 0\n".repeat(2_000),
        "mov64 r9, 0\n".repeat(2_000),
    );
    assert_eq!(on_both(&text), (4, 11));
}

/// What the assembler does not write.
#[test]
fn raw_programs() {
    let config = ExecutionConfig::default();
    let exit = [0x95, 0, 0, 0, 0, 0, 0, 0];
    let lddw = [[0x18, 0, 0, 0, 1, 0, 0, 0], [0; 8]].concat();
    let call = |src: u8, imm: i32| [&[0x85, src << 4, 0, 0][..], &imm.to_le_bytes()].concat();
    let run = |version, text: &[&[u8]], entry| {
        let pair = Pair::from_text(version, &text.concat(), entry).unwrap();
        ending(agree_with(&pair, &[], &config))
    };
    for version in [Version::V0, Version::V3] {
        assert_eq!(run(version, &[&lddw, &exit], 1), "traps invalid at 0");
        assert_eq!(run(version, &[&lddw, &exit], 0), "gives 0x1 in 2");
        assert_eq!(run(version, &[&lddw, &exit], 3), "traps past-end at 0");
    }
    // Only 0 and 1 mean something as the source of a call.
    assert_eq!(run(Version::V3, &[&lddw, &call(5, 100), &exit], 0), "traps unresolved-call at 1");
    assert_eq!(run(Version::V3, &[&lddw, &call(1, 1), &exit, &exit], 0), "gives 0x1 in 4");
    for imm in [2, -5, i32::MAX, i32::MIN] {
        assert_eq!(run(Version::V3, &[&lddw, &call(1, imm), &exit, &exit], 0), "traps unresolved-call at 1");
    }
}
