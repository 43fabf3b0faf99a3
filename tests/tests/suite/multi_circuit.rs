//! Several circuits in one proof.
//!
//! The verifier of halo2-axiom 0.5.3 absorbs the instances of all circuits and then reads
//! their advice commitments. Its prover absorbs and commits circuit by circuit, so that its
//! proofs of two or more circuits with instances are rejected. Ours follow the verifier.

use parhelion::Prover;
use parhelion::oracle::{TranscriptShape, TranscriptStage, first_difference};
use parhelion_tests::bench::{Bench, MULTI_OPENS, with_slices};
use parhelion_tests::circuits::{
    Gate, GateSelector, Instances, Lookup, PhaseStyle, Phases, Recipe, ZooCircuit,
};

fn recipe() -> Recipe {
    let rotations = vec![0, 1];
    Recipe::default()
        .with(Instances { lengths: vec![4, 2], rotation: 0 })
        .with(Gate { degree: 4, rotations, rows: 12, selector: GateSelector::Simple })
        .with(Lookup {
            arguments: 2,
            width: 1,
            shared_table: true,
            gated: false,
            rotation: 0,
            table_rows: 9,
            rows: 20,
        })
}

fn bench(recipe: &Recipe, circuits: u64) -> Bench<ZooCircuit> {
    let circuits: Vec<_> = (0..circuits).map(|seed| ZooCircuit::new(recipe.clone(), seed)).collect();
    let instances = circuits.iter().map(ZooCircuit::instances).collect();
    Bench::new(5, circuits, instances, false)
}

/// If this fails, the library has repaired its order, and byte identity can be demanded here.
#[test]
fn the_library_rejects_its_own_proof() {
    let bench = bench(&recipe(), 2);
    for multi_open in MULTI_OPENS {
        let (stock, _) = bench.stock(1, multi_open).expect("a proof, if a useless one");
        assert!(bench.verify(multi_open, &stock.bytes).is_err());
    }
}

#[test]
fn the_library_accepts_ours() {
    for circuits in 1..=3 {
        let bench = bench(&recipe(), circuits);
        for multi_open in MULTI_OPENS {
            let prover = Prover::builder().multi_open(multi_open).build().expect("prover");
            let ours = bench.ours(&prover, 1).expect("proof");
            bench.verify(multi_open, &ours.bytes).expect("accepted");
        }
    }
}

#[test]
fn the_two_part_where_the_first_advice_follows_the_instances() {
    let bench = bench(&recipe(), 2);
    let multi_open = MULTI_OPENS[0];
    let prover = Prover::builder().multi_open(multi_open).build().expect("prover");
    let (stock, _) = bench.stock(1, multi_open).expect("proof");
    let ours = bench.ours(&prover, 1).expect("proof");
    let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
    let difference = first_difference(&stock.events, &ours.events, &shape).expect("a difference");
    // The key's digest and the first circuit's 4 + 2 values are common.
    assert_eq!((difference.stage, difference.event), (TranscriptStage::Instances, 1 + 4 + 2));
}

#[test]
fn each_circuit_is_bound_to_its_instances() {
    let mut bench = bench(&recipe(), 2);
    let prover = Prover::builder().build().expect("prover");
    let ours = bench.ours(&prover, 1).expect("proof");
    bench.verify(MULTI_OPENS[0], &ours.bytes).expect("accepted");
    bench.instances.swap(0, 1);
    assert!(bench.verify(MULTI_OPENS[0], &ours.bytes).is_err());
}

/// The library refuses several circuits with several phases; the verifier knows what to do.
/// All circuits must end a phase before any of them sees its challenges.
#[test]
fn phases_and_circuits_together() {
    for style in
        [PhaseStyle::Resynthesis, PhaseStyle::ResynthesisWithZeros, PhaseStyle::Region, PhaseStyle::Layouter]
    {
        for phases in [2, 3] {
            let recipe = recipe().style(style).with(Phases { phases, rows: 19, late_write: false, style });
            let bench = bench(&recipe, 2);
            for multi_open in MULTI_OPENS {
                let prover = Prover::builder().multi_open(multi_open).build().expect("prover");
                let ours =
                    bench.ours(&prover, 4).unwrap_or_else(|e| panic!("{style:?}, {phases} phases: {e}"));
                bench.verify(multi_open, &ours.bytes).expect("accepted");
            }
        }
    }
}
