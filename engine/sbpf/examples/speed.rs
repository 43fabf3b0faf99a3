//! How fast programs are executed, traced and replayed: `speed [INSTRUCTIONS]`.

use std::{error::Error, time::Instant};

use parhelion_sbpf::{Assembly, ExecutionConfig, Machine, execute_and_trace};

/// Arithmetic, a store, a load and a call in every round of 12 instructions.
const TEXT: &str = "
    lddw r6, ROUNDS
    again:
    mul64 r0, 31
    add64 r0, r6
    call function_mix
    xor64 r0, r7
    sub64 r6, 1
    jne r6, 0, again
    exit
    function_mix:
    stxdw [r10-16], r0
    ldxw r2, [r10-13]
    rsh64 r0, 7
    add64 r0, r2
    mov64 r3, r0
    exit";

fn main() -> Result<(), Box<dyn Error>> {
    let instructions: u64 = std::env::args().nth(1).map_or(Ok(20_000_000), |number| number.parse())?;
    let program = Assembly::v0(&TEXT.replace("ROUNDS", &(instructions / 12).to_string())).build()?;
    let config = ExecutionConfig::default().with_compute_units(u64::MAX);
    let report = |what: &str, steps: u64, begin: Instant| {
        let seconds = begin.elapsed().as_secs_f64();
        println!(
            "{what:<9} {steps} instructions in {seconds:.3} s: {:.1} million/s",
            steps as f64 / seconds / 1e6
        );
    };

    let begin = Instant::now();
    let mut machine = Machine::new(&program, &[], &config)?;
    machine.run(u64::MAX)?;
    report("executed", machine.steps(), begin);

    let begin = Instant::now();
    let trace = execute_and_trace(&program, &[], &config)?;
    report("traced", trace.outcome().steps, begin);

    let begin = Instant::now();
    let last = trace.replay(&program)?.last().transpose()?;
    report("replayed", last.map_or(0, |step| step.index + 1), begin);
    Ok(())
}
