//! Advice columns in later phases, constrained with challenges.

use ff::Field;
use halo2_axiom::circuit::{Region, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{
    Advice, Assigned, Challenge, Column, ConstraintSystem, Error, Expression, FirstPhase, SecondPhase,
    Selector, ThirdPhase,
};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// How a circuit moves from phase to phase.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PhaseStyle {
    /// Synthesis runs once for each phase. While a challenge is unknown, the columns that
    /// depend on it are left alone.
    #[default]
    Resynthesis,
    /// Synthesis runs once for each phase. While a challenge is unknown, the columns that
    /// depend on it are filled with zeros.
    ResynthesisWithZeros,
    /// Synthesis runs once and ends each phase with `Region::next_phase`.
    Region,
    /// Synthesis runs once and ends each phase, the last one too, with `Layouter::next_phase`.
    Layouter,
}

/// A running sum over a first-phase column, weighted by challenges.
///
/// With `r`, `t` usable after phase 0 and `s` after phase 1: `sum' = r sum + a + t` in phase 1,
/// `folded = s sum + a` in phase 2, and a lookup of `r sum` in `r copy`, `copy` being the sums
/// in another order. One copy constraint joins two phases.
#[derive(Clone, Debug)]
pub struct Phases {
    /// Number of phases, 2 or 3.
    pub phases: u8,
    /// Rows of the running sum.
    pub rows: usize,
    /// Writes to a first-phase cell once more after its phase has been committed to, which
    /// provers must ignore.
    pub late_write: bool,
    /// How unknown challenges are met; the same as the recipe's.
    pub style: PhaseStyle,
}

#[derive(Clone, Debug)]
struct PhasesChip {
    shape: Phases,
    on: Selector,
    a: Column<Advice>,
    sum: Column<Advice>,
    copy: Column<Advice>,
    folded: Option<Column<Advice>>,
    r: Challenge,
    t: Challenge,
    s: Option<Challenge>,
}

impl Gadget for Phases {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let a = meta.advice_column_in(FirstPhase);
        let [r, t] = [(); 2].map(|()| meta.challenge_usable_after(FirstPhase));
        let [sum, copy] = [(); 2].map(|()| meta.advice_column_in(SecondPhase));
        let third = self.phases > 2;
        let s = third.then(|| meta.challenge_usable_after(SecondPhase));
        let folded = third.then(|| meta.advice_column_in(ThirdPhase));
        let on = meta.selector();
        for column in [sum, copy].into_iter().chain(folded) {
            meta.enable_equality(column);
        }
        meta.create_gate("running sum", |meta| {
            let [on, a] = [meta.query_selector(on), meta.query_advice(a, Rotation::cur())];
            let [r, t] = [r, t].map(|challenge| meta.query_challenge(challenge));
            let next = meta.query_advice(sum, Rotation::next());
            let sum = meta.query_advice(sum, Rotation::cur());
            let mut constraints: Vec<Expression<Fr>> =
                vec![on.clone() * (next - (r * sum.clone() + a.clone() + t))];
            if let (Some(s), Some(folded)) = (s, folded) {
                let folded = meta.query_advice(folded, Rotation::cur());
                constraints.push(on * (folded - (s.expr() * sum + a)));
            }
            constraints
        });
        meta.lookup_any("sum in copy", |meta| {
            let r = meta.query_challenge(r);
            let [sum, copy] = [sum, copy].map(|column| meta.query_advice(column, Rotation::cur()));
            vec![(r.clone() * sum, r * copy)]
        });
        Box::new(PhasesChip { shape: self.clone(), on, a, sum, copy, folded, r, t, s })
    }
}

impl PhasesChip {
    fn first(&self, witness: &Witness, row: usize) -> Fr {
        witness.scalar(self.a.index() as u64, row)
    }

    /// The running sums, `rows + 1` of them.
    fn sums(&self, witness: &Witness, r: Fr, t: Fr) -> Vec<Fr> {
        let next = |sum: &Fr, row: usize| Some(r * sum + self.first(witness, row) + t);
        let mut sums = vec![Fr::ZERO];
        for row in 0..self.shape.rows {
            sums.extend(next(&sums[row], row));
        }
        sums
    }

    /// Assigns one value of a later phase, in the way of this circuit's style.
    fn put_later(&self, region: &mut Region<'_, Fr>, witness: &Witness, at: Later, values: &Value<Vec<Fr>>) {
        let value = values.as_ref().map(|values| values[at.index]);
        let mut known = false;
        value.as_ref().map(|_| known = true);
        match self.shape.style {
            PhaseStyle::Resynthesis if !known => {}
            PhaseStyle::ResynthesisWithZeros if !known => {
                witness.put(region, at.column, at.row, Fr::ZERO);
            }
            // As a fraction, for those may come in any phase.
            _ => {
                let three = Fr::from(3);
                let fraction = value.map(|value| Assigned::Rational(value * three, three));
                witness.assign(region, at.column, at.row, fraction);
            }
        }
    }
}

struct Later {
    column: Column<Advice>,
    row: usize,
    index: usize,
}

impl Chip for PhasesChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        let rows = self.shape.rows;
        if phase == 0 {
            for row in 0..rows {
                self.on.enable(region, row)?;
                witness.put(region, self.a, row, self.first(witness, row));
            }
            return Ok(Vec::new());
        }
        let (r, t) = (region.get_challenge(self.r), region.get_challenge(self.t));
        let sums = r.zip(t).map(|(r, t)| self.sums(witness, r, t));
        if phase == 1 {
            for row in 0..=rows {
                self.put_later(region, witness, Later { column: self.sum, row, index: row }, &sums);
                let index = rows - row;
                self.put_later(region, witness, Later { column: self.copy, row, index }, &sums);
                if row == 0 {
                    let [copy, sum] = [(self.copy, 0), (self.sum, rows)].map(|(column, row_offset)| {
                        halo2_axiom::circuit::Cell { row_offset, column: column.into() }
                    });
                    region.constrain_equal(copy, sum);
                }
            }
            if self.shape.late_write {
                sums.as_ref().map(|_| witness.put(region, self.a, 0, Fr::from(12345)));
            }
        } else if let (Some(s), Some(folded)) = (self.s, self.folded) {
            let values = sums.zip(region.get_challenge(s)).map(|(sums, s)| {
                sums.iter().enumerate().map(|(row, sum)| s * sum + self.first(witness, row)).collect()
            });
            for row in 0..rows {
                self.put_later(region, witness, Later { column: folded, row, index: row }, &values);
            }
        }
        Ok(Vec::new())
    }
}
