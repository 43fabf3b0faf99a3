//! A token transfer in any token program: `transfer PROGRAM.so`.

use std::{env, error::Error, fs};

use parhelion_sbpf::{
    ExecutionConfig, InputLayout, Program, Region, TokenAccount, TokenTransfer, execute_and_trace,
};

fn main() -> Result<(), Box<dyn Error>> {
    let path = env::args().nth(1).ok_or("usage: transfer PROGRAM.so")?;
    let program = Program::from_elf(&fs::read(&path)?)?;
    // SPL Token looks at its own address only to invoke others.
    let input = TokenTransfer { amount: 30, ..TokenTransfer::default() }.input([6; 32]).build()?;
    let trace = execute_and_trace(&program, &input, &ExecutionConfig::default())?;

    let outcome = trace.outcome();
    println!("returned          {}", outcome.value);
    println!("instructions      {}", outcome.steps);
    println!("compute units     {}", outcome.compute_units);
    for log in &outcome.logs {
        println!("log               {log}");
    }
    let (mut words, mut parts) = (std::collections::BTreeSet::new(), 0);
    for step in trace.replay(&program)? {
        let step = step?;
        parts += step.micro_steps.len();
        let lanes = step.micro_steps.iter().flat_map(|part| part.source.iter().chain(&part.target));
        words.extend(lanes.map(|lane| lane.word.address));
        words.extend(step.accesses.iter().map(|access| access.address));
    }
    words.retain(|address| address.region().is_some_and(Region::is_writable));
    println!("words of memory   {}", words.len());
    println!("parts of syscalls {parts}");
    for account in &InputLayout::parse(&input)?.accounts(&trace.output())?[..2] {
        println!("balance           {}", TokenAccount::from_bytes(&account.data)?.amount);
    }
    Ok(())
}
