//! Syscalls as code: functions that are part of every program, at pcs that no program reaches but by
//! calling the syscall.
//!
//! They run like functions of the program: the call saves r6 to r9, which they use as they like, and
//! the return restores them. So no constraint knows of syscalls. What they cannot do as the machine
//! does it, they do not do at all, but divide by zero: text that is not ASCII, ranges that run on through a
//! gap of the stack, and calls from the last frame.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::layout::MICROCODE;
use super::run::DIVISION;
use crate::{Assembly, Instruction, Program, Syscall};

/// Copies r3 bytes from r2 to r1, which do not overlap.
const MEMCPY: &str = "
    mov64 r6, r1
    sub64 r6, r2
    jge r1, r2, distance
    neg64 r6
distance:
    jge r6, r3, disjoint
    mov64 r0, 0
    div64 r9, r0
disjoint:
    mov64 r6, r1
    mov64 r7, r2
    mov64 r8, r3";

/// Copies r3 bytes from r2 to r1, as if through a buffer.
const MEMMOVE: &str = "
    mov64 r6, r1
    mov64 r7, r2
    mov64 r8, r3
    mov64 r9, r1
    sub64 r9, r2
    jge r9, r3, upwards
    add64 r6, r3
    add64 r7, r3
downwards:
    jlt r8, 8, down1
    sub64 r6, 8
    sub64 r7, 8
    ldxdw r9, [r7+0]
    stxdw [r6+0], r9
    sub64 r8, 8
    ja downwards
down1:
    jeq r8, 0, done
    sub64 r6, 1
    sub64 r7, 1
    ldxb r9, [r7+0]
    stxb [r6+0], r9
    sub64 r8, 1
    ja down1";

/// Copies r8 bytes from r7 to r6, the lowest first.
const UPWARDS: &str = "
upwards:
    jlt r8, 32, up8
    ldxdw r9, [r7+0]
    stxdw [r6+0], r9
    ldxdw r9, [r7+8]
    stxdw [r6+8], r9
    ldxdw r9, [r7+16]
    stxdw [r6+16], r9
    ldxdw r9, [r7+24]
    stxdw [r6+24], r9
    add64 r6, 32
    add64 r7, 32
    sub64 r8, 32
    ja upwards
up8:
    jlt r8, 8, up1
    ldxdw r9, [r7+0]
    stxdw [r6+0], r9
    add64 r6, 8
    add64 r7, 8
    sub64 r8, 8
    ja up8
up1:
    jeq r8, 0, done
    ldxb r9, [r7+0]
    stxb [r6+0], r9
    add64 r6, 1
    add64 r7, 1
    sub64 r8, 1
    ja up1
done:
    mov64 r0, 0
    exit";

/// Fills r3 bytes at r1 with the low byte of r2.
const MEMSET: &str = "
    mov64 r6, r1
    mov64 r8, r3
    mov64 r9, r2
    and64 r9, 255
    lddw r7, 0x0101010101010101
    mul64 r9, r7
set32:
    jlt r8, 32, set8
    stxdw [r6+0], r9
    stxdw [r6+8], r9
    stxdw [r6+16], r9
    stxdw [r6+24], r9
    add64 r6, 32
    sub64 r8, 32
    ja set32
set8:
    jlt r8, 8, set1
    stxdw [r6+0], r9
    add64 r6, 8
    sub64 r8, 8
    ja set8
set1:
    jeq r8, 0, done
    stxb [r6+0], r9
    add64 r6, 1
    sub64 r8, 1
    ja set1
done:
    mov64 r0, 0
    exit";

/// Stores the difference of the first bytes that differ, of r3 at r1 and at r2, in the word at r4.
///
/// Bytes behind the first difference are not read, but must be there: both ends are looked at, and
/// must be in the region, or the stack frame, of the beginning.
const MEMCMP: &str = "
    jset r4, 3, trap
    mov64 r9, 0
    jeq r3, 0, store
    lddw r6, 0x100000000
    jge r3, r6, trap
    mov64 r6, r1
    add64 r6, r3
    sub64 r6, 1
    ldxb r0, [r6+0]
    xor64 r6, r1
    mov64 r7, r1
    rsh64 r7, 32
    rsh64 r6, 12
    jeq r7, 2, target
    rsh64 r6, 20
target:
    jne r6, 0, trap
    mov64 r6, r2
    add64 r6, r3
    sub64 r6, 1
    ldxb r0, [r6+0]
    xor64 r6, r2
    mov64 r7, r2
    rsh64 r7, 32
    rsh64 r6, 12
    jeq r7, 2, other
    rsh64 r6, 20
other:
    jne r6, 0, trap
    mov64 r6, r1
    mov64 r7, r2
    mov64 r8, r3
compare8:
    jlt r8, 8, compare1
    ldxdw r9, [r6+0]
    ldxdw r0, [r7+0]
    jne r9, r0, differ
    add64 r6, 8
    add64 r7, 8
    sub64 r8, 8
    ja compare8
compare1:
    mov64 r9, 0
    jeq r8, 0, store
differ:
    ldxb r9, [r6+0]
    ldxb r0, [r7+0]
    sub64 r9, r0
    jne r9, 0, store
    add64 r6, 1
    add64 r7, 1
    sub64 r8, 1
    jne r8, 0, differ
store:
    stxw [r4+0], r9
    mov64 r0, 0
    exit
trap:
    mov64 r0, 0
    div64 r9, r0
    exit";

/// Reads r2 bytes at r1, which are ASCII.
const LOG: &str = "
    mov64 r6, r1
    mov64 r7, r2
    lddw r8, 0x8080808080808080
log8:
    jlt r7, 8, log1
    ldxdw r9, [r6+0]
    jset r9, r8, trap
    add64 r6, 8
    sub64 r7, 8
    ja log8
log1:
    jeq r7, 0, done
    ldxb r9, [r6+0]
    jset r9, 128, trap
    add64 r6, 1
    sub64 r7, 1
    ja log1
done:
    mov64 r0, 0
    exit
trap:
    mov64 r0, 0
    div64 r9, r0
    exit";

/// Reads 32 bytes at r1.
const LOG_PUBKEY: &str = "
    ldxdw r9, [r1+0]
    ldxdw r9, [r1+8]
    ldxdw r9, [r1+16]
    ldxdw r9, [r1+24]
    mov64 r0, 0
    exit";

/// Nothing that a program could notice.
const NOTHING: &str = "
    mov64 r0, 0
    exit";

#[derive(Debug, Default)]
struct Library {
    instructions: Vec<Instruction>,
    entries: HashMap<Syscall, u64>,
}

impl Library {
    fn get() -> &'static Self {
        static LIBRARY: OnceLock<Library> = OnceLock::new();
        LIBRARY.get_or_init(|| {
            let mut library = Self::default();
            library.add(Syscall::Memcpy, MEMCPY, UPWARDS);
            library.add(Syscall::Memmove, MEMMOVE, UPWARDS);
            library.add(Syscall::Memset, MEMSET, "");
            library.add(Syscall::Memcmp, MEMCMP, "");
            library.add(Syscall::Log, LOG, "");
            library.add(Syscall::LogPubkey, LOG_PUBKEY, "");
            library.add(Syscall::Log64, NOTHING, "");
            library.add(Syscall::LogComputeUnits, NOTHING, "");
            library
        })
    }

    fn add(&mut self, syscall: Syscall, text: &str, more: &str) {
        let text = format!("{text}{more}");
        let program: Program =
            Assembly::v0(&text).build().unwrap_or_else(|error| panic!("the code of {syscall}: {error}"));
        self.entries.insert(syscall, MICROCODE + self.instructions.len() as u64);
        self.instructions.extend(program.instructions());
    }
}

/// Where the code of a syscall begins, if there is any.
pub(super) fn entry(syscall: Syscall) -> Option<u64> {
    Library::get().entries.get(&syscall).copied()
}

/// What the machine does and the code of a syscall does not, in words, if that is why `trap` came: at `pc`,
/// in the code of a syscall, or where it was called, by an instruction with this target.
pub(crate) fn refusal(pc: u64, target: u64, trap: &str) -> Option<String> {
    let library = Library::get();
    let syscall = |pc: u64| {
        let before = library.entries.iter().filter(|(_, entry)| **entry <= pc);
        before.max_by_key(|(_, entry)| **entry).map(|(syscall, _)| *syscall)
    };
    if pc < MICROCODE {
        return syscall(target).map(|syscall| format!("{syscall} called from the last frame"));
    }
    let syscall = syscall(pc)?;
    Some(match (syscall, trap) {
        (Syscall::Log, DIVISION) => format!("{syscall} of text that is not ASCII"),
        (Syscall::Memcmp, DIVISION) => format!("{syscall} of a range that leaves its stack frame"),
        (Syscall::Memcpy, DIVISION) => format!("{syscall} of ranges that overlap"),
        _ => format!("{syscall} of a range that leads into a gap of the stack"),
    })
}

/// The instruction at a pc from [`MICROCODE`] on.
pub(super) fn instruction(pc: u64) -> Option<&'static Instruction> {
    let index = usize::try_from(pc.checked_sub(MICROCODE)?).ok()?;
    Library::get().instructions.get(index)
}
