//! The oracle: it captures the library's private draws, and names the stage of a difference.

use halo2_axiom::halo2curves::bn256::Fr;
use parhelion::MultiOpen;
use parhelion::oracle::{Event, TranscriptShape, TranscriptStage, first_difference};
use parhelion_tests::bench::{Bench, MULTI_OPENS, with_slices};
use parhelion_tests::{Case, zoo};

fn case(name: &str) -> Case {
    zoo().into_iter().find(|case| case.name == name).expect("in the zoo")
}

/// Number of events of each kind: absorbed scalars, written points, written scalars, challenges.
fn tally<'a>(events: impl Iterator<Item = &'a Event>) -> [usize; 4] {
    let mut tally = [0; 4];
    for event in events {
        match event {
            Event::CommonPoint(_) => panic!("KZG proofs absorb no common points"),
            Event::CommonScalar(_) => tally[0] += 1,
            Event::WritePoint(_) => tally[1] += 1,
            Event::WriteScalar(_) => tally[2] += 1,
            Event::Squeeze(_) => tally[3] += 1,
        }
    }
    tally
}

#[test]
fn captures_the_stock_prover_on_the_whole_zoo() {
    for case in zoo().into_iter().filter(|case| case.stock_proves) {
        let bench = Bench::of(&case, false);
        for multi_open in MULTI_OPENS {
            let (proof, injection) = bench.stock(7, multi_open).expect(case.name);
            let lookups = bench.vk().cs().lookups().len() * case.circuits;
            assert_eq!(injection.permuted_lookups.len(), lookups, "{}", case.name);
            assert_eq!(injection.random_poly.len(), 1 << case.k, "{}", case.name);
            bench.verify(multi_open, &proof.bytes).expect(case.name);
        }
    }
}

/// If this fails, the library has learnt to prove three phases: drop `Case::stock_proves`.
#[test]
fn the_library_panics_on_three_phases() {
    let bench = Bench::of(&case("three phases, from the layouter"), false);
    let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        bench.stock(1, MultiOpen::Shplonk).map(|_| ())
    }));
    assert!(result.is_err());
}

#[test]
fn stages_hold_the_kinds_of_events_they_should() {
    for case in zoo().into_iter().filter(|case| case.stock_proves) {
        let bench = Bench::of(&case, false);
        let (proof, _) = bench.stock(7, MultiOpen::Shplonk).expect(case.name);
        let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
        let mut start = 0;
        for (stage, events) in shape.stages() {
            let inside = &proof.events[start..start + events];
            assert!((start..start + events).all(|event| shape.stage_of(event) == stage), "{}", case.name);
            let [absorbed, points, scalars, challenges] = tally(inside.iter());
            let expected = match stage {
                TranscriptStage::VerifyingKey | TranscriptStage::Instances => [events, 0, 0, 0],
                TranscriptStage::Advice { .. } => [0, points, 0, events - points],
                TranscriptStage::LookupPermuted | TranscriptStage::Quotient => [0, events - 1, 0, 1],
                TranscriptStage::PermutationProducts => [0, events - 2, 0, 2],
                TranscriptStage::LookupProducts | TranscriptStage::RandomPolynomial => [0, events, 0, 0],
                _ => [0, 0, events - 1, 1],
            };
            assert_eq!([absorbed, points, scalars, challenges], expected, "{}: {stage}", case.name);
            start += events;
        }
        // SHPLONK: challenges y, v and u, and two commitments.
        assert_eq!(tally(proof.events[start..].iter()), [0, 2, 0, 3], "{}", case.name);
        assert_eq!(shape.stage_of(start), TranscriptStage::Opening);
    }
}

#[test]
fn names_the_stage_in_which_two_stock_proofs_part() {
    // Same seed: without lookups, only the random polynomial is drawn elsewhere.
    let bench = Bench::of(&case("degree 4"), false);
    let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
    let [first, second] = [(); 2].map(|()| bench.stock(1, MultiOpen::Gwc).expect("proof").0);
    let difference = first_difference(&first.events, &second.events, &shape).expect("a difference");
    assert_eq!(difference.stage, TranscriptStage::RandomPolynomial);
    assert!(difference.to_string().starts_with("random polynomial, event "));

    // Another seed blinds the advice columns differently.
    let other = bench.stock(2, MultiOpen::Gwc).expect("proof").0;
    let difference = first_difference(&first.events, &other.events, &shape).expect("a difference");
    assert_eq!(difference.stage, TranscriptStage::Advice { phase: 0 });

    // A record that stops early differs where it stops.
    let shorter = &first.events[..first.events.len() - 1];
    let difference = first_difference(&first.events, shorter, &shape).expect("a difference");
    assert_eq!((difference.stage, difference.right), (TranscriptStage::Opening, None));
    assert_eq!(first_difference(&first.events, &first.events, &shape), None);
}

#[test]
fn permuted_lookups_are_permutations() {
    let bench = Bench::of(&case("three lookups in one table of pairs"), false);
    let (_, injection) = bench.stock(3, MultiOpen::Shplonk).expect("proof");
    let usable = (1 << bench.vk().get_domain().k()) - bench.vk().cs().blinding_factors() - 1;
    // All three tables are one: their permuted columns hold the same values.
    let sorted = |column: &[Fr]| {
        let mut values = column[..usable].to_vec();
        values.sort_unstable();
        values
    };
    let tables: Vec<_> = injection.permuted_lookups.iter().map(|(_, table)| sorted(table)).collect();
    assert!(tables.windows(2).all(|pair| pair[0] == pair[1]));
    for (input, _) in &injection.permuted_lookups {
        assert!(sorted(input).iter().all(|value| tables[0].binary_search(value).is_ok()));
    }
}
