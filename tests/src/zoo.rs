//! The circuits that every suite walks through.

use halo2_axiom::halo2curves::bn256::Fr;

use crate::circuits::{
    Constants, Copies, DynamicLookup, FixedOnly, Gate, GateSelector, Instances, Lookup, PhaseStyle, Phases,
    Rational, Recipe, Selectors, TableKind, ZooCircuit,
};

/// One proof to make: a recipe, a size and a number of circuits.
#[derive(Clone, Debug)]
pub struct Case {
    /// Shown when a test fails.
    pub name: &'static str,
    /// log2 of the number of rows.
    pub k: u32,
    /// What the circuit consists of.
    pub recipe: Recipe,
    /// Circuits in one proof, each with a witness of its own.
    pub circuits: usize,
    /// Whether `MockProver` can run it: it knows neither fractions of zero nor late writes.
    pub mockable: bool,
    /// Whether the library's prover can prove it: circuits with three phases verify, but
    /// make halo2-axiom 0.5.3 panic when the last phase ends.
    pub stock_proves: bool,
}

impl Case {
    fn new(name: &'static str, k: u32, recipe: Recipe) -> Self {
        Self { name, k, recipe, circuits: 1, mockable: true, stock_proves: true }
    }

    fn unmockable(self) -> Self {
        Self { mockable: false, ..self }
    }

    fn beyond_stock(self) -> Self {
        Self { stock_proves: false, ..self }
    }

    fn circuits_of(self, circuits: usize) -> Self {
        Self { circuits, ..self }
    }

    /// The circuits, with good witnesses.
    #[must_use]
    pub fn circuits(&self) -> Vec<ZooCircuit> {
        (0..self.circuits as u64).map(|seed| ZooCircuit::new(self.recipe.clone(), seed)).collect()
    }

    /// The instance columns of each circuit.
    #[must_use]
    pub fn instances(&self) -> Vec<Vec<Vec<Fr>>> {
        self.circuits().iter().map(ZooCircuit::instances).collect()
    }
}

fn recipe() -> Recipe {
    Recipe::default()
}

fn gate(degree: usize, rotations: &[i32], rows: usize, selector: GateSelector) -> Gate {
    Gate { degree, rotations: rotations.to_vec(), rows, selector }
}

fn lookup(arguments: usize, width: usize, rows: usize) -> Lookup {
    let (shared_table, gated) = (false, false);
    Lookup { arguments, width, shared_table, gated, rotation: 0, table_rows: rows / 2 + 1, rows }
}

fn dynamic(table: TableKind, width: usize, rows: usize) -> DynamicLookup {
    DynamicLookup { table, width, rows, gated_input: false, gated_table: false }
}

fn phases(phases: u8, rows: usize, style: PhaseStyle) -> Recipe {
    recipe().style(style).with(Phases { phases, rows, late_write: false, style })
}

fn instances(lengths: &[usize], rotation: i32) -> Instances {
    Instances { lengths: lengths.to_vec(), rotation }
}

fn everything(phase_count: u8, rows: usize) -> Recipe {
    phases(phase_count, rows, PhaseStyle::Region)
        .with(gate(5, &[-1, 0, 2], rows, GateSelector::Simple))
        .with(Lookup { shared_table: true, gated: true, ..lookup(2, 2, rows) })
        .with(dynamic(TableKind::Advice, 2, rows))
        .with(Copies { columns: 4, rows })
        .with(instances(&[rows / 2, 3], -1))
        .with(Constants { rows })
        .with(Rational { rows, zero_denominators: false })
        .with(Selectors { exclusive: 4, rows })
}

/// Small circuits, each with something of its own.
#[must_use]
pub fn zoo() -> Vec<Case> {
    use GateSelector::{Complex, Fixed, Simple};
    let copies = |columns, rows| recipe().with(Copies { columns, rows });
    let late = |style| recipe().style(style).with(Phases { phases: 2, rows: 9, late_write: true, style });
    vec![
        Case::new("no columns at all", 4, recipe()),
        Case::new("fixed columns only", 4, recipe().with(FixedOnly { rows: 8 })),
        Case::new("degree 3, smallest", 4, recipe().with(gate(3, &[0], 8, Simple))),
        Case::new("degree 4", 5, recipe().with(gate(4, &[0, 1, -1], 16, Complex))),
        Case::new(
            "degree 5, rotations -3 to 3",
            6,
            recipe().with(gate(5, &[-3, 3, -2, 2, 1, -1, 0], 40, Fixed)),
        ),
        Case::new("degree 7", 5, recipe().degree(7).with(gate(7, &[-1, 0, 1], 16, Simple))),
        Case::new("degree 9", 5, recipe().degree(9).with(gate(9, &[0, 2], 16, Simple))),
        Case::new("degree 9 asked for, degree 3 used", 5, copies(9, 20).degree(9)),
        Case::new("one lookup", 5, recipe().with(lookup(1, 1, 20))),
        Case::new(
            "three lookups in one table of pairs",
            6,
            recipe().with(Lookup { shared_table: true, gated: true, ..lookup(3, 2, 50) }),
        ),
        Case::new(
            "three lookups of triples, a row up",
            6,
            recipe().with(Lookup { gated: true, rotation: -1, ..lookup(3, 3, 48) }),
        ),
        Case::new("lookup in an advice table", 5, recipe().with(dynamic(TableKind::Advice, 2, 20))),
        Case::new(
            "lookup in a fixed table, input of degree 2",
            5,
            recipe().with(DynamicLookup { gated_input: true, ..dynamic(TableKind::Fixed, 1, 20) }),
        ),
        Case::new("lookup in an instance table", 5, recipe().with(dynamic(TableKind::Instance, 2, 20))),
        Case::new(
            "lookup in a table of degree 2",
            5,
            recipe().with(DynamicLookup { gated_table: true, ..dynamic(TableKind::Advice, 3, 20) }),
        ),
        Case::new("two phases, synthesised twice", 5, phases(2, 19, PhaseStyle::Resynthesis)),
        Case::new("two phases, zeros at first", 5, phases(2, 19, PhaseStyle::ResynthesisWithZeros)),
        Case::new("two phases, from the region", 5, phases(2, 19, PhaseStyle::Region)),
        Case::new("two phases, from the layouter", 5, phases(2, 19, PhaseStyle::Layouter)),
        Case::new("three phases, synthesised thrice", 5, phases(3, 19, PhaseStyle::Resynthesis))
            .beyond_stock(),
        Case::new("three phases, from the layouter", 5, phases(3, 19, PhaseStyle::Layouter)).beyond_stock(),
        Case::new("everything, three phases", 7, everything(3, 100)).beyond_stock(),
        Case::new("late write, synthesised twice", 5, late(PhaseStyle::Resynthesis)).unmockable(),
        Case::new("late write, from the region", 5, late(PhaseStyle::Region)).unmockable(),
        Case::new("one permutation set", 5, copies(3, 20).degree(5)),
        Case::new("two permutation sets", 5, copies(5, 20).degree(5)),
        Case::new("seven permutation sets of one", 4, copies(7, 9)),
        Case::new("seven permutation sets of three", 6, copies(20, 50).degree(5)),
        Case::new("one value of instance", 4, recipe().with(instances(&[1], 0))),
        Case::new("three instance columns, one empty", 5, recipe().with(instances(&[5, 0, 20], 0))),
        Case::new("instances a row down", 5, recipe().with(instances(&[7, 19, 2], 1))),
        Case::new("constants", 5, recipe().with(Constants { rows: 20 })),
        Case::new("selectors to combine", 6, recipe().degree(5).with(Selectors { exclusive: 5, rows: 50 })),
        Case::new("fractions", 5, recipe().with(Rational { rows: 20, zero_denominators: false })),
        Case::new("fractions of zero", 5, recipe().with(Rational { rows: 20, zero_denominators: true }))
            .unmockable(),
        Case::new("two circuits", 6, copies(4, 40).with(gate(4, &[0, 1], 40, Simple)).with(lookup(2, 1, 40)))
            .circuits_of(2),
        Case::new("everything", 7, everything(2, 100)),
    ]
}

/// A few circuits of more rows, for the suites that can afford them.
#[must_use]
pub fn heavy_zoo() -> Vec<Case> {
    let small = |rows| recipe().with(gate(4, &[0, 1], rows, GateSelector::Simple)).with(lookup(2, 2, rows));
    vec![
        Case::new("everything at k = 8", 8, everything(2, 230)),
        Case::new("everything at k = 9", 9, everything(2, 480)),
        Case::new("everything at k = 10", 10, everything(2, 1000)),
        Case::new("gate and lookups at k = 11", 11, small(2000)),
        Case::new("gate and lookups at k = 12", 12, small(4000)),
    ]
}
