//! Same keys, instances, transcript and draws: the same bytes as the library's prover.
//!
//! What the library draws outside of the caller's RNG is captured by the oracle and injected.

use halo2_axiom::transcript::TranscriptWriterBuffer;
use parhelion::oracle::{TranscriptShape, TranscriptStage, capture, first_difference};
use parhelion::{MultiOpen, Prover};
use parhelion_tests::bench::{Bench, Blake2b, rng, with_slices};
use parhelion_tests::{Case, heavy_zoo, random_case, random_cases, zoo};
use rand_core::RngCore;

const SEED: u64 = 2024;

/// Proves one case both ways. The error names the stage in which the proofs part.
fn compare(case: &Case, compress_selectors: bool, multi_open: MultiOpen) -> Result<(), String> {
    let prover = Prover::builder().multi_open(multi_open).build().map_err(|e| e.to_string())?;
    let bench = Bench::of(case, compress_selectors);

    if case.stock_proves {
        let (stock, injection) = bench.stock(SEED, multi_open).map_err(|e| e.to_string())?;
        let ours = bench.injected(&prover, SEED, &injection).map_err(|e| format!("injected: {e}"))?;
        let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
        if let Some(difference) = first_difference(&stock.events, &ours.events, &shape) {
            return Err(format!("stock and ours differ: {difference}"));
        }
        if stock.bytes != ours.bytes {
            return Err("the transcripts agree but the bytes do not".to_owned());
        }
        bench.verify(multi_open, &ours.bytes).map_err(|e| format!("injected proof rejected: {e}"))?;
    }

    let ours = bench.ours(&prover, SEED).map_err(|e| format!("our own proof: {e}"))?;
    bench.verify(multi_open, &ours.bytes).map_err(|e| format!("our own proof rejected: {e}"))
}

/// Goes through all cases before it fails, for a failure in one says little about the others.
fn compare_all(cases: Vec<Case>, compress_selectors: bool, multi_open: MultiOpen) {
    let failures: Vec<_> = cases
        .iter()
        .filter_map(|case| {
            compare(case, compress_selectors, multi_open).err().map(|e| format!("{}: {e}", case.name))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

#[test]
fn shplonk() {
    compare_all(zoo(), false, MultiOpen::Shplonk);
}

#[test]
fn shplonk_with_combined_selectors() {
    compare_all(zoo(), true, MultiOpen::Shplonk);
}

#[test]
fn gwc() {
    compare_all(zoo(), false, MultiOpen::Gwc);
}

#[test]
fn gwc_with_combined_selectors() {
    compare_all(zoo(), true, MultiOpen::Gwc);
}

#[test]
fn more_rows_shplonk() {
    compare_all(heavy_zoo(), false, MultiOpen::Shplonk);
}

#[test]
fn more_rows_gwc() {
    compare_all(heavy_zoo(), true, MultiOpen::Gwc);
}

/// Circuits thrown together by chance.
#[test]
fn random_circuits() {
    let cases = random_cases(60);
    let failures: Vec<_> = (0..cases)
        .filter_map(|seed| {
            let multi_open = if seed % 2 == 0 { MultiOpen::Shplonk } else { MultiOpen::Gwc };
            let case = random_case(seed);
            let result = compare(&case, seed % 3 == 0, multi_open);
            result.err().map(|error| format!("seed {seed}: {error}\n{case:?}"))
        })
        .collect();
    assert!(failures.is_empty(), "{} of {cases} cases:\n{}", failures.len(), failures.join("\n"));
}

/// What the caller's RNG yields after a proof is the same, too.
#[test]
fn the_callers_rng_is_left_in_the_same_state() {
    for case in zoo().into_iter().filter(|case| case.stock_proves) {
        let bench = Bench::of(&case, false);
        let prover = Prover::builder().build().expect("prover");
        let key = prover.prepare(&bench.params, &bench.pk).expect("prepared key");
        let [mut stocks, mut ours] = [rng(SEED), rng(SEED)];
        with_slices(&bench.instances, |instances| {
            let (circuits, shplonk) = (&bench.circuits, MultiOpen::Shplonk);
            let transcript = &mut Blake2b::init(vec![]);
            let injection =
                capture(&bench.params, &bench.pk, circuits, instances, &mut stocks, shplonk, transcript)
                    .expect(case.name);
            let transcript = &mut Blake2b::init(vec![]);
            prover
                .prove_injected(&key, circuits, instances, &mut ours, transcript, &injection)
                .expect(case.name);
        });
        assert_eq!(stocks.next_u64(), ours.next_u64(), "{}", case.name);
    }
}

/// With neither lookups nor a random polynomial of its own, our own proof has the library's
/// advice and permutation commitments even without injection.
#[test]
fn prefix_is_the_same_without_injection() {
    let case = zoo().into_iter().find(|case| case.name == "two permutation sets").expect("in the zoo");
    let bench = Bench::of(&case, false);
    let prover = Prover::builder().build().expect("prover");
    let (stock, _) = bench.stock(SEED, MultiOpen::Shplonk).expect("stock proof");
    let ours = bench.ours(&prover, SEED).expect("our proof");
    let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
    let difference =
        first_difference(&stock.events, &ours.events, &shape).expect("another random polynomial");
    assert_eq!(difference.stage, TranscriptStage::RandomPolynomial);
}
