//! Deployed programs: they do what they are for, in exactly as many instructions as elsewhere.

use parhelion_sbpf::{
    Deployed, Error, ExecutionConfig, ExecutionTrace, InputBuilder, InputLayout, Log, Region, TokenAccount,
    TokenTransfer, Trap, execute_and_trace,
};

use crate::oracle::{Pair, agree_with};

/// Executes in both, then once more for the trace.
fn run(program: Deployed, input: &[u8]) -> Result<ExecutionTrace, Error> {
    let pair = Pair::from_elf(&program.elf()?)?;
    let config = ExecutionConfig::default();
    agree_with(&pair, input, &config)?;
    execute_and_trace(&pair.ours, input, &config)
}

/// The balances afterwards.
fn balances(trace: &ExecutionTrace) -> [u64; 2] {
    let accounts = InputLayout::parse(trace.input()).unwrap().accounts(&trace.output()).unwrap();
    [0, 1].map(|index| TokenAccount::from_bytes(&accounts[index].data).unwrap().amount)
}

/// Words of memory that were read or written.
fn ram_words(trace: &ExecutionTrace, program: Deployed) -> usize {
    let program = program.load().unwrap();
    let steps = trace.replay(&program).unwrap().map(Result::unwrap);
    let mut words: Vec<_> = steps
        .flat_map(|step| step.accesses.into_iter().map(|access| access.address).collect::<Vec<_>>())
        .filter(|address| address.region().is_some_and(Region::is_writable))
        .collect();
    words.sort_unstable();
    words.dedup();
    words.len()
}

#[test]
fn p_token_transfers_in_76_instructions() {
    let transfer = TokenTransfer { amount: 30, ..TokenTransfer::default() };
    let trace = run(Deployed::Token, &transfer.input(Deployed::Token.id()).build().unwrap()).unwrap();
    let outcome = trace.outcome();
    assert_eq!((outcome.value, outcome.steps, outcome.compute_units), (0, 76, 76));
    assert_eq!(balances(&trace), [70, 35]);
    assert_eq!(ram_words(&trace, Deployed::Token), 30);
}

#[test]
fn token_2022_transfers() {
    let transfer = TokenTransfer { amount: 30, ..TokenTransfer::default() };
    let trace = run(Deployed::Token2022, &transfer.input(Deployed::Token2022.id()).build().unwrap()).unwrap();
    let outcome = trace.outcome();
    assert_eq!((outcome.value, outcome.steps, outcome.compute_units), (0, 1_286, 1_416));
    assert_eq!(outcome.logs, [Log::Message("Instruction: Transfer".into())]);
    assert_eq!(balances(&trace), [70, 35]);
    assert_eq!(ram_words(&trace, Deployed::Token2022), 176);
}

/// Programs that fail do not trap: they return an error, which is provable like anything else.
#[test]
fn a_transfer_of_too_much_returns_an_error() {
    for program in [Deployed::Token, Deployed::Token2022] {
        let transfer = TokenTransfer { amount: 101, ..TokenTransfer::default() };
        let trace = run(program, &transfer.input(program.id()).build().unwrap()).unwrap();
        // Custom error 1: insufficient funds.
        assert_eq!(trace.outcome().value, 1);
        assert_eq!(balances(&trace), [100, 5]);
    }
}

#[test]
fn memos_are_logged() {
    let runs = [
        (Deployed::Memo, "seventeen", 64),
        // A length of two digits.
        (Deployed::Memo, "seventeen letters", 77),
        (Deployed::Memo3, "seventeen", 4_539),
        (Deployed::Memo1, "seventeen", 330),
    ];
    for (program, memo, steps) in runs {
        let input = InputBuilder::new(program.id()).instruction(memo.as_bytes()).build().unwrap();
        let trace = run(program, &input).unwrap();
        assert_eq!((trace.outcome().value, trace.outcome().steps), (0, steps), "{program:?}");
        if program != Deployed::Memo1 {
            let logs = &trace.outcome().logs;
            let found = logs.iter().any(|log| matches!(log, Log::Message(text) if text.contains(memo)));
            assert!(found, "{logs:?}");
        }
    }
}

#[test]
fn what_is_not_provable_says_so() {
    let input = InputBuilder::new(Deployed::AssociatedToken.id()).build().unwrap();
    let error = run(Deployed::AssociatedToken, &input);
    // Without accounts it returns an error before it invokes anything.
    assert!(error.is_ok_and(|trace| trace.outcome().value != 0));
    let program = parhelion_sbpf::Assembly::v0("syscall sol_sha256\nexit").build().unwrap();
    let error = execute_and_trace(&program, &[], &ExecutionConfig::default()).unwrap_err();
    assert_eq!(error.to_string(), "not provable yet: sol_sha256 (reached at pc 0, step 0)");
}

#[test]
fn every_binary_loads() {
    for program in Deployed::ALL {
        let program = program.load().unwrap();
        assert!(program.instructions().len() > 100, "{program:?}");
    }
}

#[test]
fn a_budget_too_small_traps() {
    let input = TokenTransfer::default().input(Deployed::Token.id()).build().unwrap();
    let config = ExecutionConfig::default().with_compute_units(75);
    let error = execute_and_trace(&Deployed::Token.load().unwrap(), &input, &config).unwrap_err();
    assert!(
        matches!(error, Error::Trapped { trap: Trap::BudgetExceeded { budget: 75 }, step: 75, .. }),
        "{error}"
    );
}
