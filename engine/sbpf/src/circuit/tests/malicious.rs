//! Machines that follow other rules. What they do is consistent from their step on: every other
//! cell is made to fit, and only the constraint of the rule broken stands in their way.

use super::check::{Cells, Checker};
use super::*;
use crate::chunk::Plan;
use crate::circuit::flags::*;
use crate::circuit::layout::MICROCODE;
use crate::circuit::run::{Record, State, pack};
use halo2_axiom::halo2curves::bn256::Fr;

/// Runs `text`, lets `cheat` change what a step did where it returns true, and checks the result.
/// Words that only the cheat touches are listed like all others.
fn attempt(
    text: &str,
    input: &[u8],
    mut cheat: impl FnMut(&mut Record, &mut Memory) -> bool,
) -> Result<(), String> {
    let program = assemble(text);
    let image = image(&program, input);
    let plan = Plan::new(image, 1000, 10_000).map_err(|error| error.to_string())?;
    let mut listing = plan.listing.clone();
    // Everything that is in the program may be executed, and the code of the syscalls that it calls.
    let instructions =
        (0..program.instructions().len() as u64).filter_map(|pc| RomRow::of(&program, pc).ok());
    let syscalls = plan.listing.rom.iter().filter(|row| row.pc >= MICROCODE).cloned();
    listing.rom = instructions.chain(syscalls).collect();
    let (mut state, mut memory) = (plan.boundaries[0].state, Memory::default());
    let mut records = Vec::new();
    let mut cheated = false;
    while !state.is_halted() && records.len() < 400 {
        let row = listing.rom.iter().find(|row| row.pc == state.pc).ok_or("no such instruction")?;
        let mut record = execute(row, &state, &mut memory, &image)?;
        cheated |= cheat(&mut record, &mut memory);
        state = record.after;
        if let Some(access) = record.access {
            let words = access.word..=access.word + u64::from(access.second);
            for word in words.filter_map(|word| image.limit(word).map(|limit| (word, limit))) {
                if let Err(at) = listing.words.binary_search(&word) {
                    listing.words.insert(at, word);
                }
            }
        }
        records.push(record);
    }
    assert!(cheated, "the cheat never happened");
    let mut builder = Builder::new(K, &listing);
    records.iter().for_each(|record| builder.push(record));
    let witness = builder.finish(&state, &image, [&Memory::default(), &memory]);
    let instances = instances(&plan.boundaries[0].state, &state, records.len() as u64);
    Checker::new().check(&Cells::new(&witness, instances))
}

/// A cheat that is nothing passes: the tests below fail for the reason they say.
#[test]
fn a_machine_that_follows_the_rules_passes() {
    for (_, text, input) in programs::all() {
        attempt(&text, &input, |_, _| true).unwrap();
    }
}

fn reject(text: &str, input: &[u8], cheat: impl FnMut(&mut Record, &mut Memory) -> bool) {
    // It is the cheat that is rejected, not the program.
    attempt(text, input, |_, _| true).unwrap_or_else(|error| panic!("{error}: {text}"));
    let result = attempt(text, input, cheat);
    assert!(result.is_err(), "accepted: {text}");
}

/// Writes another result in the instruction at `pc`.
fn result(pc: u64, change: impl Fn(&Record) -> u64) -> impl Fn(&mut Record, &mut Memory) -> bool {
    move |record, _| {
        let here = record.before.pc == pc;
        if here {
            let wrong = change(record);
            assert_ne!(wrong, record.c);
            record.c = wrong;
            let register = record.rom.register(DST_LOW).unwrap();
            record.after.registers[register] = wrong;
        }
        here
    }
}

/// Changes the state after the instruction at `pc`.
fn after(pc: u64, change: impl Fn(&mut State)) -> impl Fn(&mut Record, &mut Memory) -> bool {
    move |record, _| {
        let here = record.before.pc == pc;
        if here {
            change(&mut record.after);
        }
        here
    }
}

const SETUP: &str = "lddw r1, 0x8000000190000003\nlddw r2, 0xffffffff80000021\n";

/// The instruction at pc 4 with other results that a careless rule would give.
#[test]
fn wrong_results() {
    let cases: Vec<(&str, fn(&Record) -> u64)> = vec![
        ("add32 r1, r2", |r| r.c ^ 0xffff_ffff_0000_0000),
        ("add32 r1, 5", |r| r.c & 0xffff_ffff),
        ("add64 r1, r2", |r| r.c + 1),
        ("sub32 r1, r2", |r| r.c ^ 0xffff_ffff_0000_0000),
        ("sub64 r1, r2", |r| r.b.wrapping_sub(r.a)),
        ("mul32 r1, r2", |r| r.c ^ 0xffff_ffff_0000_0000),
        ("mul32 r1, r2", |r| r.a.wrapping_mul(r.b)),
        ("mul64 r1, r2", |r| ((u128::from(r.a) * u128::from(r.b)) >> 64) as u64),
        ("div64 r1, r2", |r| r.c + 1),
        ("div64 r1, 7", |r| r.c - 1),
        ("div32 r1, r2", |r| r.a / r.b),
        ("div32 r1, 3", |r| r.c - 1),
        ("mod64 r1, 7", |r| r.c + 7),
        ("mod32 r1, 7", |r| r.c + 7),
        ("mod64 r1, r2", |r| r.c + 1),
        ("lsh32 r1, r2", |r| low_shift(r.a, 33)),
        ("lsh64 r1, r2", |r| r.a << 1),
        ("rsh64 r1, r2", |r| r.a >> 1),
        ("rsh64 r1, r2", |r| (r.a.cast_signed() >> 33).cast_unsigned()),
        ("rsh32 r1, r2", |r| (r.a & 0xffff_ffff) >> 2),
        ("arsh64 r1, r2", |r| r.a >> 33),
        ("arsh32 r1, r2", |r| (r.a & 0xffff_ffff) >> 1),
        ("arsh32 r1, r2", |r| r.c | 0xffff_ffff_0000_0000),
        ("or64 r1, r2", |r| r.a ^ r.b),
        ("and64 r1, r2", |r| r.a | r.b),
        ("xor64 r1, r2", |r| r.a & r.b),
        ("xor32 r1, r2", |r| r.a ^ r.b),
        ("and32 r1, r2", |r| r.a & r.b),
        ("mov32 r1, r2", |r| r.b),
        ("mov64 r1, r2", |r| r.b & 0xffff_ffff),
        ("neg32 r1", |r| r.a.wrapping_neg()),
        ("neg64 r1", |r| !r.a),
        ("le16 r1", |r| r.a & 0xffff_ffff),
        ("le32 r1", |r| r.a),
        ("be16 r1", |r| r.a & 0xffff),
        ("be32 r1", |r| r.a.swap_bytes()),
        ("be64 r1", |r| r.a),
        ("lddw r1, 0x1122334455667788", |r| r.c & 0xffff_ffff),
    ];
    fn low_shift(a: u64, by: u32) -> u64 {
        (u128::from(a) << by) as u64 & 0xffff_ffff
    }
    for (instruction, wrong) in cases {
        let text = format!("{SETUP}{instruction}\nmov64 r0, r1\nexit");
        reject(&text, &[], result(4, wrong));
    }
}

#[test]
fn division_by_zero() {
    // The machine has no result to offer; whatever it says must fail.
    for operation in ["div64", "mod64", "div32", "mod32"] {
        for value in [0, 1, u64::MAX] {
            let text = format!("lddw r1, 0x123456789\nmov64 r2, 1\n{operation} r1, r2\nexit");
            reject(&text, &[], move |record, _| {
                if record.before.pc == 2 {
                    (record.c, record.after.registers[2]) = (0, 0);
                } else if record.before.pc == 3 {
                    record.b = 0;
                    (record.c, record.after.registers[1]) = (value, value);
                }
                record.before.pc == 3
            });
        }
    }
}

#[test]
fn wrong_branches() {
    let conditions = ["jeq", "jgt", "jge", "jlt", "jle", "jset", "jne", "jsgt", "jsge", "jslt", "jsle"];
    for condition in conditions {
        for (a, b) in [(1, -1), (-1, 1), (3, 3)] {
            let text = format!("mov64 r1, {a}\nmov64 r2, {b}\n{condition} r1, r2, +1\nmov64 r0, 5\nexit");
            reject(&text, &[], |record, _| {
                let here = record.before.pc == 2;
                if here {
                    record.taken = !record.taken;
                    record.after.pc = if record.taken { 4 } else { 3 };
                }
                here
            });
        }
    }
    reject("ja +1\nmov64 r0, 1\nexit", &[], after(0, |state| state.pc = 1));
    reject("mov64 r0, 1\nmov64 r0, 2\nexit", &[], after(0, |state| state.pc = 2));
    reject("mov64 r0, 1\nlddw r1, 5\nmov64 r0, 2\nexit", &[], after(1, |state| state.pc = 4));
    reject("mov64 r0, 1\nexit", &[], after(0, |state| state.pc = crate::circuit::layout::HALTED));
}

#[test]
fn wrong_registers() {
    let text = "mov64 r6, 1\nmov64 r1, 2\nadd64 r1, r6\nmov64 r0, r1\nexit";
    for register in [0, 1, 6, 9] {
        reject(text, &[], after(3, move |state| state.registers[register] += 1));
    }
    reject(text, &[], after(2, |state| state.depth += 1));
    // The wrong operand.
    reject(text, &[], |record, _| {
        let here = record.before.pc == 2;
        if here {
            (record.b, record.c, record.after.registers[1]) = (9, 11, 11);
        }
        here
    });
}

/// A call whose callee changes r6 to r9 and the stack, and returns.
const CALL: &str = "mov64 r6, 6\nmov64 r9, 9\ncall function_f\nmov64 r0, r6\nmov64 r0, r9\nexit\nfunction_f:\nmov64 r6, 1\nmov64 r9, 2\nexit";

#[test]
fn wrong_calls() {
    reject(CALL, &[], after(8, |state| state.registers[6] = 1));
    reject(CALL, &[], after(8, |state| state.registers[9] = 2));
    reject(CALL, &[], after(8, |state| state.pc = 4));
    reject(CALL, &[], after(8, |state| state.pc = 2));
    reject(CALL, &[], after(2, |state| state.pc = 7));
    reject(CALL, &[], after(2, |state| state.depth = 0));
    // Halts in the callee.
    reject(CALL, &[], |record, _| {
        let here = record.before.pc == 8;
        if here {
            record.after = record.before;
            record.after.pc = crate::circuit::layout::HALTED;
            record.access = None;
        }
        here
    });
    // The callee's frame holds other registers than the caller had.
    reject(CALL, &[], |record, memory| {
        let here = record.before.pc == 2;
        if here {
            memory.frames.insert(0, [7, 0, 0, 9, 3]);
            record.access.as_mut().unwrap().new = pack([7, 0, 0, 9, 3]);
        }
        here
    });
}

#[test]
fn wrong_indirect_calls() {
    // To the middle of an instruction of two slots, and not quite where the register says.
    let text = "ja +3\nlddw r0, 7\nexit\nlddw r3, 0x100000008\ncallx r3\nexit";
    reject(text, &[], after(6, |state| state.pc = 3));
    let text = "ja +2\nmov64 r0, 7\nexit\nlddw r3, 0x10000000f\ncallx r3\nexit";
    reject(text, &[], after(5, |state| state.pc = 2));
}

#[test]
fn a_return_from_the_first_frame_ends() {
    reject("mov64 r0, 1\nexit\nmov64 r0, 2\nexit", &[], after(1, |state| state.pc = 2));
}

/// A program that stores, loads and stores again.
const MEMORY: &str = "
    mov64 r2, 7
    stxdw [r10-8], r2
    mov64 r2, 9
    stxdw [r10-16], r2
    ldxdw r0, [r10-8]
    stxw [r10-12], r0
    ldxdw r3, [r10-13]
    stxdw [r10-8], r0
    exit";

#[test]
fn wrong_loads_and_stores() {
    // Another value than is there; one that is there no more; one of the word beside it.
    for wrong in [0, 8, 9] {
        reject(MEMORY, &[], result(4, move |_| wrong));
    }
    reject(MEMORY, &[], result(6, |record| record.c & 0xffff_ffff));
    // Stale: as if the words found were still zero.
    reject(MEMORY, &[], |record, _| {
        let here = record.before.pc == 4;
        if let (true, Some(access)) = (here, record.access.as_mut()) {
            (access.old[0], access.new[0], access.window) = (Fr::zero(), Fr::zero(), 0);
            (record.c, record.after.registers[0]) = (0, 0);
        }
        here
    });
    // Stores that are forgotten, or change more than they should.
    for value in [0, 7, 0x900000007] {
        reject(MEMORY, &[], move |record, memory| {
            let here = record.before.pc == 3;
            if let (true, Some(access)) = (here, record.access.as_mut()) {
                access.new[0] = Fr::from(value);
                memory.words.insert(access.word, value);
            }
            here
        });
    }
    // A load that writes.
    reject(MEMORY, &[], |record, memory| {
        let here = record.before.pc == 4;
        if let (true, Some(access)) = (here, record.access.as_mut()) {
            access.new[0] = Fr::from(99);
            memory.words.insert(access.word, 99);
        }
        here
    });
    // Another word than the address says.
    reject(MEMORY, &[], |record, memory| {
        let here = record.before.pc == 7;
        if let (true, Some(access)) = (here, record.access.as_mut()) {
            access.word += 1;
            access.old = [Fr::zero(); 2];
            access.window = 0;
            memory.words.insert(access.word - 1, 0x7_0000_0007);
            memory.words.insert(access.word, 7);
        }
        here
    });
}

/// Addresses that the machine traps at, moved there from ones that it allows. The cheat pretends the
/// access took place, at the word a careless rule would take.
fn reject_address(instruction: &str, good: u64, bad: u64, word: u64, limit: u64, input: &[u8]) {
    let text = format!("lddw r1, {good:#x}\n{instruction}\nexit");
    reject(&text, input, |record, _| {
        if record.before.pc == 0 {
            (record.rom.imm, record.b, record.c, record.after.registers[1]) = (bad, bad, bad, bad);
        }
        if record.before.pc != 2 {
            return false;
        }
        record.address = bad;
        if let Some(access) = record.access.as_mut() {
            (access.word, access.limit) = (word, limit);
        }
        true
    });
}

#[test]
fn wrong_addresses() {
    let at = |region: u64, offset: u64| (region << 29) + offset / 8;
    // The gap of the stack; the next word, the region below, beyond the end.
    reject_address("ldxdw r0, [r1]", 0x2_0000_0000, 0x2_0000_1000, at(2, 0), 8, &[]);
    reject_address("ldxdw r0, [r1]", 0x2_0000_0000, 0x2_0000_1000, at(2, 0x1000), 8, &[]);
    reject_address("ldxdw r0, [r1]", 0x3_0000_0000, 0x3_0000_8000, at(3, 0x8000), 8, &[]);
    reject_address("ldxdw r0, [r1]", 0x4_0000_0000, 0x4_0000_0008, at(4, 8), 5, &[1; 13]);
    reject_address("stxdw [r1], r2", 0x4_0000_0000, 0x1_0000_0000, at(1, 0), 8, &[1; 13]);
    reject_address("stxdw [r1], r2", 0x4_0000_0000, 0x1_0000_0000, at(4, 0), 8, &[1; 13]);
    reject_address("ldxdw r0, [r1]", 0x4_0000_0000, 0x5_0000_0000, at(5, 0), 0, &[1; 13]);
    reject_address("ldxdw r0, [r1]", 0x4_0000_0000, 0x1_0004_0000_0000, at(4, 0), 8, &[1; 13]);
}

/// A store to read-only memory that is otherwise in order.
#[test]
fn read_only_memory() {
    let text = "lddw r1, 0x100000000\nldxdw r0, [r1]\nexit";
    let program = assemble(text);
    let store = assemble("lddw r1, 0x100000000\nstxdw [r1], r0\nexit");
    let image = image(&program, &[]);
    let plan = Plan::new(image, 100, 100).unwrap();
    let mut listing = plan.listing.clone();
    listing.rom[1] = RomRow::of(&store, 2).unwrap();
    let (mut state, mut memory) = (plan.boundaries[0].state, Memory::default());
    let mut builder = Builder::new(K, &listing);
    while !state.is_halted() {
        let at = listing.rom.iter().position(|row| row.pc == state.pc).unwrap();
        let mut row = listing.rom[at];
        // Executed as if the region were the input, which has no other rules.
        let is_store = row.has(STORE);
        if is_store {
            row = plan.listing.rom[1];
        }
        let mut record = execute(&row, &state, &mut memory, &image).unwrap();
        if is_store {
            let access = record.access.as_mut().unwrap();
            memory.words.insert(access.word, state.registers[0]);
            access.new[0] = Fr::from(state.registers[0]);
            record.rom = listing.rom[at];
            (record.a, record.b, record.c) = (state.registers[1], state.registers[0], 0);
            record.after.registers[0] = state.registers[0];
        }
        state = record.after;
        builder.push(&record);
    }
    let witness = builder.finish(&state, &image, [&Memory::default(), &memory]);
    let cells = Cells::new(&witness, instances(&plan.boundaries[0].state, &state, 3));
    let error = Checker::new().check(&cells).unwrap_err();
    assert!(error.contains("read-only memory"), "{error}");
}

/// The last frame cannot call: the word it would keep its frame in is none.
#[test]
fn too_deep() {
    let program = assemble("exit");
    let image = image(&program, &[]);
    let frame = |depth| layout::FRAMES + layout::FRAME_WORDS * depth;
    assert_eq!(image.limit(frame(62)), Some(0));
    assert_eq!(image.limit(frame(62) + 1), Some(0));
    assert_eq!(image.limit(frame(62) + 2), None);
    assert_eq!(image.limit(frame(63)), None);
    assert_eq!(image.limit(layout::FRAMES - 1), None);
}
