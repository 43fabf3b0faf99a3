//! Commands about programs: they are executed, their executions proven and verified.

pub(crate) mod execute;
mod folder;
mod progress;
pub(crate) mod prove;
mod source;
mod srs;
pub(crate) mod verify;

pub(crate) use folder::Folder;

use parhelion_sbpf::{ExecutionTrace, InputLayout, TokenAccount};

/// log2 of the most rows of a circuit; what is needed is chosen.
const MAX_K: u32 = 16;
/// Bits of a value that the circuit looks up.
const LOOKUP_BITS: u32 = 8;

/// What a program left in its accounts, where its input has some: one line each.
fn accounts(input: &[u8], output: &[u8]) -> Vec<String> {
    // An input may be laid out in any other way, too.
    let Ok(layout) = InputLayout::parse(input) else { return Vec::new() };
    let (Ok(before), Ok(after)) = (layout.accounts(input), layout.accounts(output)) else {
        return Vec::new();
    };
    let changed = before.iter().zip(&after).enumerate().filter(|(_, (before, after))| before != after);
    let lines = changed.map(|(index, (before, after))| {
        let tokens = [before, after].map(|account| TokenAccount::from_bytes(&account.data));
        match tokens {
            [Ok(before), Ok(after)] if before.amount != after.amount => {
                format!("account {index}: {} tokens, {} before", after.amount, before.amount)
            }
            _ if before.lamports != after.lamports => {
                format!("account {index}: {} lamports, {} before", after.lamports, before.lamports)
            }
            _ => format!("account {index}: {} bytes of data, changed", after.data.len()),
        }
    });
    lines.collect()
}

/// How a program returned, in words.
fn outcome(trace: &ExecutionTrace) -> String {
    let outcome = trace.outcome();
    format!(
        "returned {} after {} instructions and {} compute units",
        outcome.value, outcome.steps, outcome.compute_units
    )
}

/// A program, in words.
fn program(source: &source::Source) -> String {
    let program = &source.program;
    format!(
        "{}, SBPF {:?}, {} instructions, hash {}",
        source.name,
        program.version(),
        program.instructions().len(),
        blake3::hash(&source.elf)
    )
}

/// An input, in words.
fn input(bytes: &[u8]) -> String {
    format!("{} bytes, hash {}", bytes.len(), blake3::hash(bytes))
}
