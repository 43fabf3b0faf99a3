//! Circuits with random shape and content, for keys only: no witness satisfies them.

use ff::PrimeField;
use halo2_axiom::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::plonk::{
    Advice, Assigned, Circuit, Column, ConstraintSystem, Error, Expression, Fixed, Instance, SecondPhase,
    Selector, TableColumn,
};
use halo2_axiom::poly::Rotation;
use rand_core::{RngCore, SeedableRng, impls};

/// SplitMix64 (Steele, Lea and Flood, 2014): a small reproducible source for tests.
#[derive(Clone, Debug)]
pub(crate) struct TestRng(u64);

impl SeedableRng for TestRng {
    type Seed = [u8; 8];

    fn from_seed(seed: [u8; 8]) -> Self {
        Self(u64::from_le_bytes(seed))
    }
}

impl RngCore for TestRng {
    fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn next_u32(&mut self) -> u32 {
        (self.next_u64() >> 32) as u32
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl TestRng {
    pub(crate) fn below(&mut self, end: usize) -> usize {
        (self.next_u64() % end as u64) as usize
    }
}

/// What a circuit consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) seed: u64,
    pub(crate) advice: usize,
    pub(crate) fixed: usize,
    pub(crate) simple_selectors: usize,
    pub(crate) complex_selectors: usize,
    /// Lookup tables, each looked up in through the complex selectors.
    pub(crate) tables: usize,
    pub(crate) instance: bool,
    pub(crate) second_phase: bool,
    pub(crate) minimum_degree: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Columns {
    advice: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    instance: Option<Column<Instance>>,
    selectors: Vec<Selector>,
    tables: Vec<TableColumn>,
}

/// A circuit of `shape` that fills `rows` rows with what `content` decides.
#[derive(Clone, Debug)]
pub(crate) struct RandomCircuit {
    pub(crate) shape: Shape,
    pub(crate) rows: usize,
    pub(crate) content: u64,
}

impl<F: PrimeField> Circuit<F> for RandomCircuit {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = Shape;

    fn params(&self) -> Shape {
        self.shape.clone()
    }

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(_: &mut ConstraintSystem<F>) -> Columns {
        unreachable!("the columns depend on the parameters")
    }

    fn configure_with_params(cs: &mut ConstraintSystem<F>, shape: Shape) -> Columns {
        let mut rng = TestRng::seed_from_u64(shape.seed);
        let mut advice: Vec<_> = (0..shape.advice).map(|_| cs.advice_column()).collect();
        if shape.second_phase {
            advice.push(cs.advice_column_in(SecondPhase));
        }
        let fixed: Vec<_> = (0..shape.fixed).map(|_| cs.fixed_column()).collect();
        let instance = shape.instance.then(|| cs.instance_column());
        // Equality in an order that mixes the kinds of columns.
        instance.iter().for_each(|column| cs.enable_equality(*column));
        cs.enable_constant(fixed[0]);
        for (advice, fixed) in advice.iter().rev().zip(fixed.iter().cycle()) {
            cs.enable_equality(*advice);
            if rng.below(2) == 0 {
                cs.enable_equality(*fixed);
            }
        }
        let simple = (0..shape.simple_selectors).map(|_| cs.selector());
        let mut selectors: Vec<_> = simple.collect();
        for (index, selector) in selectors.iter().enumerate() {
            // Some selectors gate nothing, the others gates of degree 2 to 5 with the selector.
            let factors = rng.below(5);
            if factors > 0 {
                let column = advice[rng.below(advice.len())];
                cs.create_gate(format!("gate {index}"), |cells| {
                    let factor = |at| cells.query_advice(column, Rotation(at % 2));
                    let product = (0..factors as i32).map(factor).reduce(|a, b| a * b);
                    let product = product.unwrap_or(Expression::Constant(F::ONE));
                    vec![cells.query_selector(*selector) * (product - Expression::Constant(F::from(7)))]
                });
            }
        }
        let complex: Vec<_> = (0..shape.complex_selectors).map(|_| cs.complex_selector()).collect();
        let tables: Vec<_> = (0..shape.tables).map(|_| cs.lookup_table_column()).collect();
        for (index, table) in tables.iter().enumerate() {
            let (input, selector) = (advice[rng.below(advice.len())], complex[rng.below(complex.len())]);
            cs.lookup(format!("lookup {index}"), |cells| {
                let input = cells.query_advice(input, Rotation::cur());
                vec![(cells.query_selector(selector) * input, *table)]
            });
        }
        shape.minimum_degree.into_iter().for_each(|degree| cs.set_minimum_degree(degree));
        selectors.extend(complex);
        Columns { advice, fixed, instance, selectors, tables }
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<F>) -> Result<(), Error> {
        let rng = &mut TestRng::seed_from_u64(self.content);
        for (index, table) in columns.tables.iter().enumerate() {
            layouter.assign_table(
                || format!("table {index}"),
                |mut cells| {
                    (0..1 + self.rows / 3).try_for_each(|row| {
                        cells.assign_cell(|| "value", *table, row, || Value::known(fixed_value::<F>(rng)))
                    })
                },
            )?;
        }
        let cells = layouter.assign_region(|| "all", |mut region| self.fill(rng, &columns, &mut region))?;
        if let Some(instance) = columns.instance {
            for _ in 0..self.rows / 4 {
                layouter.constrain_instance(cells[rng.below(cells.len())], instance, rng.below(self.rows));
            }
        }
        Ok(())
    }
}

impl RandomCircuit {
    /// Assigns cells and copies between them; returns the advice cells.
    fn fill<F: PrimeField>(
        &self,
        rng: &mut TestRng,
        columns: &Columns,
        region: &mut Region<'_, F>,
    ) -> Result<Vec<Cell>, Error> {
        for selector in &columns.selectors {
            // Sparse, so that selectors have a chance not to be in each other's way.
            for _ in 0..self.rows / 4 {
                selector.enable(region, rng.below(self.rows))?;
            }
        }
        // The first fixed column is the constants', which are assigned from row 0 on.
        for column in &columns.fixed[1..] {
            // Some cells are assigned twice, some never.
            for _ in 0..self.rows {
                region.assign_fixed(*column, rng.below(self.rows), fixed_value::<F>(rng));
            }
        }
        let mut cells = Vec::new();
        for column in &columns.advice {
            for row in 0..self.rows {
                cells.push(region.assign_advice(*column, row, Value::<F>::unknown()).cell());
            }
        }
        // Chains, joins of chains, copies within a cycle, and of a cell to itself.
        for _ in 0..cells.len() {
            let left = rng.below(cells.len());
            let right = if rng.below(4) == 0 { (left + 1) % cells.len() } else { rng.below(cells.len()) };
            region.constrain_equal(cells[left], cells[right]);
        }
        for _ in 0..self.rows / 4 {
            region.constrain_constant(cells[rng.below(cells.len())], fixed_value::<F>(rng))?;
        }
        Ok(cells)
    }
}

/// Zeros, small numbers, large numbers and fractions, some of them over zero.
fn fixed_value<F: PrimeField>(rng: &mut TestRng) -> Assigned<F> {
    let large = F::from(rng.next_u64()).square() + F::from(rng.next_u64());
    match rng.below(6) {
        0 => Assigned::Zero,
        1 => Assigned::Trivial(F::from(rng.below(4) as u64)),
        2 | 3 => Assigned::Trivial(large),
        4 => Assigned::Rational(large, F::from(rng.below(3) as u64)),
        _ => Assigned::Rational(F::from(rng.next_u64()), large),
    }
}
