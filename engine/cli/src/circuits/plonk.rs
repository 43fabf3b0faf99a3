//! Standard PLONK, written against the proof system itself.

use std::ops::RangeInclusive;

use ff::Field;
use halo2_axiom::circuit::{Cell, Layouter, Region, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Circuit, Column, ConstraintSystem, Error, Fixed, Instance};
use halo2_axiom::poly::Rotation;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;
use serde::{Deserialize, Serialize};

use super::{Demo, DemoCircuit, DemoError, DemoParams, Layout, Witness, check_k};

/// Rows left to the library, which blinds the last few of every column.
const RESERVED_ROWS: usize = 16;
/// The two rows that tie cells to the instance column: the input and the output.
const PUBLIC_ROWS: usize = 2;

/// "I know how to get from this input to this output in 2^k - 18 steps of a fixed recurrence",
/// the steps alternating between multiplications and linear combinations. Three advice columns
/// under one gate, every step tied to the two before it by copy constraints.
#[derive(Clone, Copy, Debug)]
pub struct Plonk;

impl Demo for Plonk {
    fn name(&self) -> &'static str {
        "plonk"
    }

    fn summary(&self) -> &'static str {
        "a recurrence in standard PLONK gates (halo2-axiom): few columns, all rows used"
    }

    fn k_range(&self) -> RangeInclusive<u32> {
        5..=22
    }

    fn default_k(&self) -> u32 {
        13
    }

    fn instance_len(&self) -> usize {
        PUBLIC_ROWS
    }

    fn source(&self) -> &'static [&'static str] {
        &[include_str!("plonk.rs")]
    }

    fn keygen_circuit(&self, k: u32) -> Result<DemoCircuit, DemoError> {
        check_k(self, k)?;
        let rows = (1 << k) - RESERVED_ROWS;
        Ok(DemoCircuit::Plonk(PlonkCircuit { rows, input: Value::unknown() }))
    }

    fn witness_circuit(&self, layout: &Layout, seed: u64) -> Result<Witness, DemoError> {
        let DemoParams::Plonk(PlonkParams { rows }) = layout.params else {
            return Err(DemoError::ForeignLayout { circuit: self.name() });
        };
        let input = Fr::random(ChaCha20Rng::seed_from_u64(seed));
        let instances = vec![vec![input, output(rows, input)]];
        Ok(Witness {
            circuit: DemoCircuit::Plonk(PlonkCircuit { rows, input: Value::known(input) }),
            instances,
        })
    }
}

/// How many rows the circuit fills.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlonkParams {
    /// Rows with an active gate, public ones included.
    pub rows: usize,
}

/// The columns: `a q_a + b q_b + a b q_m + c q_c + q_const + public = 0` on every row.
#[derive(Clone, Copy, Debug)]
pub struct PlonkConfig {
    a: Column<Advice>,
    b: Column<Advice>,
    c: Column<Advice>,
    q_a: Column<Fixed>,
    q_b: Column<Fixed>,
    q_m: Column<Fixed>,
    q_c: Column<Fixed>,
    q_const: Column<Fixed>,
    /// Enters the gate as it is; zero except on the public rows.
    #[allow(dead_code, reason = "read by the gate only")]
    public: Column<Instance>,
}

/// The recurrence from one input.
#[derive(Clone, Copy, Debug)]
pub struct PlonkCircuit {
    rows: usize,
    input: Value<Fr>,
}

/// The coefficients of one row's gate.
struct Gate {
    a: Fr,
    b: Fr,
    m: Fr,
    c: Fr,
    constant: Fr,
}

impl Gate {
    /// `a = public`.
    fn public() -> Self {
        Self { a: -Fr::ONE, b: Fr::ZERO, m: Fr::ZERO, c: Fr::ZERO, constant: Fr::ZERO }
    }

    /// `c = a b + step` for even steps, `c = 3 a + 5 b + step` for odd ones. The step in the
    /// constant keeps the sequence out of short cycles.
    fn step(step: usize) -> Self {
        let (a, b, m) = if step.is_multiple_of(2) {
            (Fr::ZERO, Fr::ZERO, Fr::ONE)
        } else {
            (Fr::from(3), Fr::from(5), Fr::ZERO)
        };
        Self { a, b, m, c: -Fr::ONE, constant: Fr::from(step as u64) }
    }

    /// The c that satisfies this row.
    fn solve(&self, a: Fr, b: Fr) -> Fr {
        self.a * a + self.b * b + self.m * a * b + self.constant
    }
}

/// The recurrence outside any circuit.
fn output(rows: usize, input: Fr) -> Fr {
    let steps = 0..rows.saturating_sub(PUBLIC_ROWS);
    steps.fold((input, input), |(a, b), step| (Gate::step(step).solve(a, b), a)).0
}

impl PlonkCircuit {
    fn assign_gate(config: &PlonkConfig, region: &mut Region<'_, Fr>, row: usize, gate: &Gate) {
        for (column, value) in [
            (config.q_a, gate.a),
            (config.q_b, gate.b),
            (config.q_m, gate.m),
            (config.q_c, gate.c),
            (config.q_const, gate.constant),
        ] {
            region.assign_fixed(column, row, value);
        }
    }

    fn assign_recurrence(&self, config: &PlonkConfig, mut region: Region<'_, Fr>) {
        /// A value and a cell that holds it.
        type Known = (Value<Fr>, Cell);
        let assign = |region: &mut Region<'_, Fr>, column, row, value| -> Known {
            (value, region.assign_advice(column, row, value).cell())
        };

        let zero = Value::known(Fr::ZERO);
        Self::assign_gate(config, &mut region, 0, &Gate::public());
        let input = assign(&mut region, config.a, 0, self.input);
        assign(&mut region, config.b, 0, zero);
        assign(&mut region, config.c, 0, zero);

        let (mut last, mut before) = (input, input);
        for row in PUBLIC_ROWS..self.rows {
            let gate = Gate::step(row - PUBLIC_ROWS);
            Self::assign_gate(config, &mut region, row, &gate);
            let a = assign(&mut region, config.a, row, last.0);
            let b = assign(&mut region, config.b, row, before.0);
            region.constrain_equal(a.1, last.1);
            region.constrain_equal(b.1, before.1);
            let value = last.0.zip(before.0).map(|(a, b)| gate.solve(a, b));
            before = last;
            last = assign(&mut region, config.c, row, value);
        }

        Self::assign_gate(config, &mut region, 1, &Gate::public());
        let output = assign(&mut region, config.a, 1, last.0);
        assign(&mut region, config.b, 1, zero);
        assign(&mut region, config.c, 1, zero);
        region.constrain_equal(output.1, last.1);
    }
}

impl Circuit<Fr> for PlonkCircuit {
    type Config = PlonkConfig;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = PlonkParams;

    fn without_witnesses(&self) -> Self {
        Self { rows: self.rows, input: Value::unknown() }
    }

    fn params(&self) -> PlonkParams {
        PlonkParams { rows: self.rows }
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> PlonkConfig {
        let [a, b, c] = [(); 3].map(|()| meta.advice_column());
        let [q_a, q_b, q_m, q_c, q_const] = [(); 5].map(|()| meta.fixed_column());
        let public = meta.instance_column();
        for column in [a, b, c] {
            meta.enable_equality(column);
        }
        meta.create_gate("standard PLONK", |meta| {
            let [a, b, c] = [a, b, c].map(|column| meta.query_advice(column, Rotation::cur()));
            let [q_a, q_b, q_m, q_c, q_const] =
                [q_a, q_b, q_m, q_c, q_const].map(|column| meta.query_fixed(column, Rotation::cur()));
            let public = meta.query_instance(public, Rotation::cur());
            vec![a.clone() * q_a + b.clone() * q_b + a * b * q_m + c * q_c + q_const + public]
        });
        PlonkConfig { a, b, c, q_a, q_b, q_m, q_c, q_const, public }
    }

    fn synthesize(&self, config: PlonkConfig, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "recurrence",
            |region| {
                self.assign_recurrence(&config, region);
                Ok(())
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use halo2_axiom::dev::MockProver;

    use super::*;

    #[test]
    fn constraints_hold_for_the_witness_and_only_for_its_public_values() {
        for k in [5, 8] {
            let layout = Plonk.keygen_circuit(k).unwrap().layout();
            let Witness { circuit, instances } = Plonk.witness_circuit(&layout, 11).unwrap();
            MockProver::run(k, &circuit, instances.clone()).unwrap().assert_satisfied();
            for value in 0..PUBLIC_ROWS {
                let mut wrong = instances.clone();
                wrong[0][value] += Fr::ONE;
                MockProver::run(k, &circuit, wrong).unwrap().verify().unwrap_err();
            }
        }
    }
}
