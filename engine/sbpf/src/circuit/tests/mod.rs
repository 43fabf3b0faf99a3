mod check;
mod forgeries;
mod honest;
mod malicious;
mod mutation;
mod programs;

use super::*;
use crate::{Assembly, Program};
use check::Cells;

/// Enough for all programs: 1017 instructions.
const K: u32 = 10;

fn assemble(text: &str) -> Program {
    Assembly::v0(text).build().unwrap_or_else(|error| panic!("{error} in {text}"))
}

fn image<'a>(program: &'a Program, input: &'a [u8]) -> Image<'a> {
    Image { program, input, heap_bytes: 32 << 10 }
}

/// The cells of all chunks of an execution.
fn cells(text: &str, input: &[u8], chunk: u64) -> Vec<Cells> {
    let program = assemble(text);
    let plan = crate::chunk::Plan::new(image(&program, input), chunk, 10_000).unwrap();
    (0..plan.chunks())
        .map(|index| {
            let [before, after] = [&plan.boundaries[index], &plan.boundaries[index + 1]];
            let witness = plan.witness(index, K).unwrap();
            Cells::new(&witness, instances(&before.state, &after.state, after.steps - before.steps))
        })
        .collect()
}
