//! Counts how wide the advice values of the demo circuits are: the table of `src/widths.rs`.
//!
//!     cargo run --release -p parhelion-benches --features peers --bin witness_widths
//!
//! Every cell of every advice column counts, padding included, blinding rows not. A value v counts
//! with the narrower of v and r - v, in the first class that is wide enough.

use std::collections::BTreeMap;
use std::error::Error;

use halo2_axiom::dev::{AdviceCellValue, MockProver};
use halo2_axiom::halo2curves::bn256::{Bn256, Fr};
use halo2_axiom::plonk::{Advice, Column, keygen_vk};
use halo2_axiom::poly::commitment::ParamsProver;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_benches::Element;
use parhelion_benches::widths::FULL;
use parhelion_cli::circuits::{Demo, Pairing, Poseidon};
use parhelion_field_kernels::Bn254Fr;

/// The greatest widths of the classes. Limbs of 88 bits and their products are what `pairing` is made
/// of. Wider values are as good as uniform.
const CLASSES: [i32; 17] = [0, 1, 8, 16, 24, 32, 48, 64, 72, 80, 88, 96, 112, 128, 160, 176, 192];

/// The class of a value: that of the narrower of v and -v, negative if that is -v.
fn class(value: &Fr) -> i32 {
    let value = Bn254Fr::from_bytes(Element::to_bytes(value));
    let bits = |value: Bn254Fr| {
        let limbs = value.to_canonical();
        let top = limbs.iter().rposition(|limb| *limb != 0);
        top.map_or(0, |top| 64 * (top as i32 + 1) - limbs[top].leading_zeros() as i32)
    };
    let (plain, negated) = (bits(value), bits(-value));
    match CLASSES.into_iter().find(|class| plain.min(negated) <= *class) {
        None => FULL,
        Some(class) if negated < plain => -class,
        Some(class) => class,
    }
}

/// How many advice values of `demo`'s witness are in each class.
fn widths(demo: &dyn Demo) -> Result<BTreeMap<i32, usize>, Box<dyn Error>> {
    let k = demo.default_k();
    let keygen = demo.keygen_circuit(k)?;
    let key = keygen_vk(&ParamsKZG::<Bn256>::new(k), &keygen)?;
    let witness = demo.witness_circuit(&keygen.layout(), 1)?;
    let prover = MockProver::run(k, &witness.circuit, witness.instances)?;
    let mut columns: Vec<Column<Advice>> =
        key.cs().advice_queries().iter().map(|(column, _)| *column).collect();
    columns.sort_unstable();
    columns.dedup();
    let rows = (1usize << k) - key.cs().blinding_factors() - 1;
    let mut counts = BTreeMap::new();
    for column in columns {
        for cell in &prover.advice_values(column)[..rows] {
            if let AdviceCellValue::Assigned(value) = cell {
                *counts.entry(class(&value.evaluate())).or_default() += 1;
            }
        }
    }
    Ok(counts)
}

fn main() -> Result<(), Box<dyn Error>> {
    for demo in [&Pairing as &dyn Demo, &Poseidon] {
        let counts = widths(demo)?;
        let total: usize = counts.values().sum();
        println!("{}, k = {}: {total} values", demo.name(), demo.default_k());
        for (class, count) in counts {
            println!("    ({class}, {count}),");
        }
    }
    Ok(())
}
