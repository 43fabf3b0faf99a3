//! Circuits of different shapes, each with one thing in excess.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::Circuit;
use parhelion_cli::circuits::{DemoCircuit, find};
use parhelion_tests::circuits::{
    Copies, DynamicLookup, FixedOnly, Gate, GateSelector, Instances, Lookup, PhaseStyle, Phases, Recipe,
    TableKind, ZooCircuit,
};

/// A circuit to estimate and to prove.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    /// log2 of the number of rows.
    pub(crate) k: u32,
    /// Circuits in one proof.
    pub(crate) circuits: usize,
    of: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Recipe(Box<Recipe>),
    Demo,
}

/// What is done with the circuits of a shape, of whatever type.
pub(crate) trait Work {
    type Output;

    /// Works on the circuit for key generation, and on those to prove with their instances, which
    /// `circuits` makes once there are keys.
    fn on<C: Circuit<Fr>>(
        self,
        keygen: &C,
        circuits: impl FnOnce() -> Vec<(C, Vec<Vec<Fr>>)>,
    ) -> Self::Output;
}

impl Shape {
    /// Runs `work` on the circuits of this shape.
    pub(crate) fn run<W: Work>(&self, work: W) -> W::Output {
        match &self.of {
            Kind::Recipe(recipe) => {
                let circuit = |seed| ZooCircuit::new(Recipe::clone(recipe), seed);
                work.on(&circuit(0), || {
                    let circuits = (0..self.circuits as u64).map(circuit);
                    circuits.map(|circuit| (circuit.clone(), circuit.instances())).collect()
                })
            }
            Kind::Demo => {
                let demo = find(self.name).expect("a demo of this name");
                let keygen = demo.keygen_circuit(self.k).expect("a circuit");
                work.on::<DemoCircuit>(&keygen, || {
                    let witness = demo.witness_circuit(&keygen.layout(), 7);
                    let witness = witness.expect("a witness");
                    vec![(witness.circuit, witness.instances)]
                })
            }
        }
    }
}

/// The shapes, by size.
pub(crate) fn shapes() -> Vec<Shape> {
    let shape = |name, k, recipe| Shape { name, k, circuits: 1, of: Kind::Recipe(Box::new(recipe)) };
    let demo = |name, k| Shape { name, k, circuits: 1, of: Kind::Demo };
    // Rows that are not left to the library.
    let rows = |k: u32| (1 << k) - 32;
    let gate = |degree, rotations: &[i32], rows| Gate {
        degree,
        rotations: rotations.to_vec(),
        rows,
        selector: GateSelector::Simple,
    };
    let lookup = |arguments, width, shared_table, rows| Lookup {
        arguments,
        width,
        shared_table,
        gated: true,
        rotation: 0,
        table_rows: rows / 2,
        rows,
    };
    let new = Recipe::default;
    let phases = |rows| {
        let style = PhaseStyle::Region;
        new().style(style).with(Phases { phases: 2, rows, late_write: false, style })
    };
    vec![
        shape("a bit of everything", 10, {
            let rows = rows(10);
            let (table, gated_input, gated_table) = (TableKind::Advice, false, false);
            phases(rows)
                .with(gate(5, &[-1, 0, 2], rows))
                .with(lookup(2, 2, true, rows))
                .with(DynamicLookup { table, width: 2, rows, gated_input, gated_table })
                .with(Copies { columns: 4, rows })
                .with(Instances { lengths: vec![rows / 2, 3], rotation: -1 })
        }),
        shape("30 gates over 90 columns", 11, {
            (0..30).fold(new(), |recipe, i| recipe.with(gate(3 + i % 3, &[0, 1 + i as i32 % 4], rows(11))))
        }),
        shape("8 lookups in one table", 12, new().with(lookup(8, 1, true, rows(12)))),
        Shape {
            circuits: 3,
            ..shape("3 circuits", 12, {
                new().with(gate(4, &[0, 1], rows(12))).with(Copies { columns: 6, rows: rows(12) })
            })
        },
        shape("60 columns permuted, degree 3", 13, new().with(Copies { columns: 60, rows: rows(13) })),
        shape("gates of degree 9", 13, {
            let gates = new().degree(9).with(gate(9, &[0, 2, -1], rows(13)));
            gates.with(gate(6, &[0], rows(13))).with(FixedOnly { rows: rows(13) })
        }),
        demo("poseidon", 14),
        shape("6 lookups in 6 tables of pairs", 14, new().with(lookup(6, 2, false, rows(14)))),
        shape("24 columns permuted, degree 5", 15, {
            new().degree(5).with(Copies { columns: 24, rows: rows(15) })
        }),
        demo("pairing", 15),
        shape("gates and lookups", 16, {
            new().with(gate(4, &[0, 1, -1], rows(16))).with(lookup(2, 1, true, rows(16)))
        }),
        demo("plonk", 17),
    ]
}
