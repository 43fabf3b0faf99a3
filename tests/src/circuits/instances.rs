//! Public inputs.

use halo2_axiom::circuit::Region;
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Column, ConstraintSystem, Error, Instance, Selector};
use halo2_axiom::poly::Rotation;

use super::{Chip, Exposed, Gadget, Witness};

/// Instance columns whose values reach the circuit in every way there is: copied in, exposed
/// from an advice cell, read without a constraint, and queried by a gate.
#[derive(Clone, Debug)]
pub struct Instances {
    /// Number of values of each instance column; 0 is allowed.
    pub lengths: Vec<usize>,
    /// A rotation at which a gate queries each column.
    pub rotation: i32,
}

#[derive(Clone, Debug)]
struct InstancesChip {
    shape: Instances,
    on: Selector,
    columns: Vec<(Column<Instance>, Column<Advice>)>,
}

impl Gadget for Instances {
    fn configure(&self, meta: &mut ConstraintSystem<Fr>) -> Box<dyn Chip> {
        let on = meta.complex_selector();
        let columns: Vec<_> =
            self.lengths.iter().map(|_| (meta.instance_column(), meta.advice_column())).collect();
        for (instance, advice) in &columns {
            meta.enable_equality(*instance);
            meta.enable_equality(*advice);
            meta.create_gate("same as instance", |meta| {
                let on = meta.query_selector(on);
                let public = meta.query_instance(*instance, Rotation(self.rotation));
                let private = meta.query_advice(*advice, Rotation(self.rotation));
                vec![on * (public - private)]
            });
        }
        Box::new(InstancesChip { shape: self.clone(), on, columns })
    }

    fn instances(&self, witness: &Witness) -> Vec<Vec<Fr>> {
        let value = |column: usize, row| witness.scalar(0x1257 + column as u64, row);
        let columns = self.lengths.iter().enumerate();
        columns.map(|(column, length)| (0..*length).map(|row| value(column, row)).collect()).collect()
    }
}

impl Chip for InstancesChip {
    fn assign(
        &self,
        phase: u8,
        region: &mut Region<'_, Fr>,
        witness: &Witness,
    ) -> Result<Vec<Exposed>, Error> {
        let mut exposed = Vec::new();
        if phase > 0 {
            return Ok(exposed);
        }
        let values = self.shape.instances(witness);
        let longest = values.iter().map(Vec::len).max().unwrap_or(0);
        for row in 0..longest {
            self.on.enable(region, row + self.shape.rotation.min(0).unsigned_abs() as usize)?;
        }
        for ((instance, advice), values) in self.columns.iter().zip(&values) {
            for (row, value) in values.iter().enumerate() {
                match row % 3 {
                    0 => {
                        region.assign_advice_from_instance(|| "copied in", *instance, row, *advice, row)?;
                    }
                    1 => {
                        let cell = witness.put(region, *advice, row, *value);
                        exposed.push((cell.cell(), *instance, row));
                    }
                    _ => {
                        let public = region.instance_value(*instance, row)?;
                        witness.assign(region, *advice, row, public);
                    }
                }
            }
        }
        Ok(exposed)
    }
}
