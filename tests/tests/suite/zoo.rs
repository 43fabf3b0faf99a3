//! The zoo itself: every circuit is satisfied, and together they cover what they should.

use std::collections::BTreeSet;

use halo2_axiom::dev::MockProver;
use parhelion::oracle::{TranscriptShape, TranscriptStage};
use parhelion_tests::bench::{Bench, with_slices};
use parhelion_tests::{Case, heavy_zoo, zoo};

fn all() -> impl Iterator<Item = Case> {
    zoo().into_iter().chain(heavy_zoo())
}

#[test]
fn mock_prover_is_satisfied() {
    for case in all().filter(|case| case.mockable && case.k < 11) {
        for (circuit, instances) in case.circuits().iter().zip(case.instances()) {
            let mock = MockProver::run(case.k, circuit, instances).expect("synthesis");
            assert_eq!(mock.verify(), Ok(()), "{}", case.name);
        }
    }
}

#[test]
fn names_are_unique() {
    let names: BTreeSet<_> = all().map(|case| case.name).collect();
    assert_eq!(names.len(), all().count());
}

#[test]
fn zoo_covers_the_protocol() {
    let mut ks = BTreeSet::new();
    let mut degrees = BTreeSet::new();
    let mut sets = BTreeSet::new();
    let mut lookups = BTreeSet::new();
    let mut phases = BTreeSet::new();
    let mut instances = BTreeSet::new();
    let mut rotations = BTreeSet::new();
    let mut advice = BTreeSet::new();
    for case in all() {
        let bench = Bench::of(&case, true);
        let (cs, domain) = (bench.vk().cs(), bench.vk().get_domain());
        let degree = domain.get_quotient_poly_degree() + 1;
        ks.insert(case.k);
        degrees.insert(degree);
        sets.insert(cs.permutation().get_columns().len().div_ceil(degree - 2));
        lookups.insert(cs.lookups().len());
        phases.insert(cs.advice_column_phase().into_iter().max());
        instances.insert(cs.num_instance_columns());
        advice.insert(cs.num_advice_columns());
        rotations.extend(cs.advice_queries().iter().map(|(_, rotation)| rotation.0));

        let stages: Vec<_> = with_slices(&bench.instances, |instances| {
            TranscriptShape::new(bench.vk(), instances).stages().collect()
        });
        assert_eq!(stages[0], (TranscriptStage::VerifyingKey, 1), "{}", case.name);
    }
    let has = |set: &BTreeSet<usize>, wanted: &[usize]| wanted.iter().all(|value| set.contains(value));
    assert_eq!(ks, (4..=12).collect());
    assert!(has(&degrees, &[3, 4, 5, 7, 9]), "degrees: {degrees:?}");
    assert!(has(&sets, &[0, 1, 2, 7]), "permutation sets: {sets:?}");
    assert!(has(&lookups, &[0, 1, 3]), "lookups: {lookups:?}");
    assert!(has(&instances, &[0, 1, 3]), "instance columns: {instances:?}");
    assert!(has(&advice, &[0]), "advice columns: {advice:?}");
    assert!((-3..=3).all(|rotation| rotations.contains(&rotation)), "rotations: {rotations:?}");
    assert_eq!(phases, [None, Some(0), Some(1), Some(2)].into());
}

#[test]
fn selectors_are_combined_only_when_asked() {
    let case = zoo().into_iter().find(|case| case.name == "selectors to combine").expect("in the zoo");
    let fixed = |compress| Bench::of(&case, compress).vk().cs().num_fixed_columns();
    assert!(fixed(true) < fixed(false));
}
