//! The circuit of a chunk, as halo2 wants it.

use std::sync::Arc;

use ff::Field;
use halo2_axiom::circuit::{Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{
    Advice, Challenge, Circuit, Column, ConstraintSystem, Error, Expression, FirstPhase, Fixed, Instance,
    SecondPhase, VirtualCells,
};
use halo2_axiom::poly::Rotation;
use parhelion_scheduler::{Executor, Sequential};

use super::gates::{self, Expr, sum};
use super::layout::{CLOCK, COLUMNS, DEPTH, PC, R};
use super::linear::{Cell, Linear};
use super::lookups::{self, GROUP, Term};
use super::run::State;
use super::second_phase;
use super::tables;
use super::witness::Witness;

/// Cells of a state that instances bind: pc, depth, r0 to r9.
pub(crate) const STATE: usize = 12;

/// Instances: the state before, the state after, the number of steps.
pub(crate) const INSTANCES: usize = 2 * STATE + 1;

/// The columns of the circuit.
#[derive(Clone, Debug)]
pub struct MachineConfig {
    first: Vec<Column<Advice>>,
    second: Vec<Column<Advice>>,
    fixed: Vec<Column<Fixed>>,
    challenges: [Challenge; 2],
}

/// One chunk of an execution.
///
/// Its constraints and fixed columns depend on the number of rows alone, so that one pair of keys
/// is for all programs.
#[derive(Clone, Debug)]
pub struct MachineCircuit {
    k: u32,
    witness: Option<Arc<Witness>>,
    executor: Arc<dyn Executor>,
    /// A cell of the second phase to forge.
    #[cfg(test)]
    pub(crate) forged: Option<(usize, usize)>,
}

impl MachineCircuit {
    /// A circuit of `2^k` rows to make keys with.
    #[must_use]
    pub fn empty(k: u32) -> Self {
        Self::with(k, None, Arc::new(Sequential))
    }

    /// The circuit of a chunk. `executor` runs what there is to compute in the second phase.
    pub(crate) fn new(k: u32, witness: Arc<Witness>, executor: Arc<dyn Executor>) -> Self {
        Self::with(k, Some(witness), executor)
    }

    fn with(k: u32, witness: Option<Arc<Witness>>, executor: Arc<dyn Executor>) -> Self {
        Self {
            k,
            witness,
            executor,
            #[cfg(test)]
            forged: None,
        }
    }
}

/// Rows that steps and tables can use: the rest is for blinding. The last of them has the final
/// state.
pub(crate) const fn usable_rows(k: u32) -> usize {
    (1 << k) - (BLINDED + 1)
}

/// `ConstraintSystem::blinding_factors()`: no column is read at more than three rotations.
pub(crate) const BLINDED: usize = 5;

/// A column of the state.
pub(crate) fn state_column(index: usize) -> usize {
    match index {
        0 => PC,
        1 => DEPTH,
        register => R + register - 2,
    }
}

impl Circuit<Fr> for MachineCircuit {
    type Config = MachineConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self::empty(self.k)
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> MachineConfig {
        let first: Vec<_> = (0..COLUMNS).map(|_| meta.advice_column_in(FirstPhase)).collect();
        let challenges = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let second: Vec<_> =
            (0..lookups::helper_columns()).map(|_| meta.advice_column_in(SecondPhase)).collect();
        let fixed: Vec<_> = (0..tables::COUNT).map(|_| meta.fixed_column()).collect();
        let instance = meta.instance_column();
        let config = MachineConfig { first, second, fixed, challenges };
        config.step_gates(meta);
        config.boundary_gates(meta, instance);
        config.lookup_gates(meta);
        config
    }

    fn synthesize(&self, config: MachineConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "first phase",
            |mut region| {
                config.assign_tables(&mut region, usable_rows(self.k));
                if let Some(witness) = &self.witness {
                    witness.for_each(|column, row, value| {
                        region.assign_advice(config.first[column], row, Value::known(value));
                    });
                }
                Ok(())
            },
        )?;
        layouter.next_phase();
        let Some(witness) = &self.witness else { return Ok(()) };
        let [alpha, beta] = config.challenges.map(|challenge| {
            let mut known = None;
            layouter.get_challenge(challenge).map(|value| known = Some(value));
            known
        });
        let (Some(alpha), Some(beta)) = (alpha, beta) else { return Ok(()) };
        let mut sums = second_phase::Sums::new(witness, [alpha, beta], &*self.executor);
        layouter.assign_region(
            || "second phase",
            |mut region| {
                let mut assign = |index: usize, values: &[Fr]| {
                    for (row, &value) in values.iter().enumerate() {
                        #[cfg(test)]
                        let value = if self.forged == Some((index, row)) { value + Fr::ONE } else { value };
                        region.assign_advice(config.second[index], row, Value::known(value));
                    }
                };
                for group in 0..sums.groups() {
                    assign(group, sums.group(group));
                }
                let groups = sums.groups();
                assign(groups, &sums.running());
                Ok(())
            },
        )
    }
}

impl MachineConfig {
    fn assign_tables(&self, region: &mut Region<'_, Fr>, usable: usize) {
        for (index, &column) in self.fixed.iter().enumerate() {
            for row in 0..usable {
                region.assign_fixed(column, row, tables::value(index, row, usable - 1));
            }
        }
    }

    fn fixed(&self, cells: &mut VirtualCells<'_, Fr>, index: usize) -> Expr {
        cells.query_fixed(self.fixed[index], Rotation::cur())
    }

    fn step_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        meta.create_gate("step", |cells| {
            let selector = self.fixed(cells, tables::IS_STEP);
            let constraints = gates::step(&gates::Step::new(cells, &self.first));
            constraints
                .into_iter()
                .map(|(name, constraint)| (name, selector.clone() * constraint))
                .collect::<Vec<_>>()
        });
    }

    /// The states at both ends are the instances. They are read from the rows they are in: row 0
    /// and, a few rows before it in the cycle of rows, the last usable row.
    fn boundary_gates(&self, meta: &mut ConstraintSystem<Fr>, instance: Column<Instance>) {
        let around = BLINDED as i32 + 2;
        meta.create_gate("boundary", |cells| {
            let (first, last) = (self.fixed(cells, tables::IS_FIRST), self.fixed(cells, tables::IS_LAST));
            let mut constraints = Vec::with_capacity(INSTANCES + 1);
            for index in 0..STATE {
                let state = cells.query_advice(self.first[state_column(index)], Rotation::cur());
                let before = cells.query_instance(instance, Rotation(index as i32));
                let after = cells.query_instance(instance, Rotation(around + (STATE + index) as i32));
                constraints.push(("state before", first.clone() * (state.clone() - before)));
                constraints.push(("state after", last.clone() * (state - after)));
            }
            let clock = cells.query_advice(self.first[CLOCK], Rotation::cur());
            let steps = cells.query_instance(instance, Rotation(around + 2 * STATE as i32));
            constraints.push(("time begins", first * clock.clone()));
            constraints.push(("number of steps", last * (clock - steps)));
            constraints
        });
    }

    fn linear(&self, cells: &mut VirtualCells<'_, Fr>, linear: &Linear) -> Expr {
        let terms = linear.terms.iter().map(|&(cell, factor)| {
            let cell = match cell {
                Cell::Advice(column) => cells.query_advice(self.first[column], Rotation::cur()),
                Cell::Fixed(column) => self.fixed(cells, column),
            };
            if factor == Fr::ONE { cell } else { cell * factor }
        });
        let sum = sum(terms.collect::<Vec<_>>());
        match (linear.terms.is_empty(), bool::from(linear.constant.is_zero())) {
            (true, _) => Expression::Constant(linear.constant),
            (false, true) => sum,
            (false, false) => sum + Expression::Constant(linear.constant),
        }
    }

    fn denominator(&self, cells: &mut VirtualCells<'_, Fr>, term: &Term) -> Expr {
        let [alpha, beta] = self.challenges.map(|challenge| cells.query_challenge(challenge));
        // Horner's rule, the number of the table first.
        let mut message = Expression::Constant(Fr::from(term.table as u64));
        for coefficient in term.message.iter().rev() {
            message = message * beta.clone();
            if !coefficient.terms.is_empty() || !bool::from(coefficient.constant.is_zero()) {
                message = message + self.linear(cells, coefficient);
            }
        }
        alpha + message
    }

    fn lookup_gates(&self, meta: &mut ConstraintSystem<Fr>) {
        let terms = lookups::terms();
        let (&sum_column, helpers) = self.second.split_last().expect("a running sum");
        meta.create_gate("lookups", |cells| {
            let selector = self.fixed(cells, tables::IS_STEP);
            let mut constraints = Vec::new();
            let mut added = Vec::new();
            for (group, &helper) in terms.chunks(GROUP).zip(helpers) {
                let helper = cells.query_advice(helper, Rotation::cur());
                let denominators: Vec<Expr> =
                    group.iter().map(|term| self.denominator(cells, term)).collect();
                let numerators: Vec<Expr> =
                    group.iter().map(|term| self.linear(cells, &term.numerator)).collect();
                let product = |skip: Option<usize>| {
                    let factors = denominators.iter().enumerate().filter(|(i, _)| Some(*i) != skip);
                    factors.map(|(_, factor)| factor.clone()).reduce(|a, b| a * b)
                };
                let fractions =
                    numerators.into_iter().enumerate().map(|(i, numerator)| match product(Some(i)) {
                        Some(others) => numerator * others,
                        None => numerator,
                    });
                let all = product(None).expect("a group has terms");
                let difference = helper.clone() * all - sum(fractions.collect::<Vec<_>>());
                constraints.push(("sum of a group", selector.clone() * difference));
                added.push(helper);
            }
            let [now, next] =
                [Rotation::cur(), Rotation::next()].map(|at| cells.query_advice(sum_column, at));
            constraints.push(("running sum", selector * (next - now.clone() - sum(added))));
            for end in [tables::IS_FIRST, tables::IS_LAST] {
                constraints.push(("running sum at its ends", self.fixed(cells, end) * now.clone()));
            }
            constraints
        });
    }
}

/// The instances of a chunk between two states.
pub(crate) fn instances(before: &State, after: &State, steps: u64) -> Vec<Fr> {
    let cells = |state: &State| [state.pc, state.depth].into_iter().chain(state.registers);
    cells(before).chain(cells(after)).chain([steps]).map(Fr::from).collect()
}
