//! Deterministic witness values, and the one place where they can be tampered with.

use ff::Field;
use halo2_axiom::circuit::{AssignedCell, Region, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Assigned, Column};

/// One advice cell to which 1 is added, whatever the circuit assigns there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Index of the advice column.
    pub column: usize,
    /// Absolute row.
    pub row: usize,
}

/// Where a circuit's advice values come from.
#[derive(Clone, Copy, Debug)]
pub struct Witness {
    /// Varies the advice and instance values, never the keys.
    pub seed: u64,
    /// Whether the values are known: a circuit for key generation has none.
    pub known: bool,
    /// A cell to spoil.
    pub fault: Option<Fault>,
}

impl Witness {
    /// Any 64 bits, the same for the same seed, tag and index (splitmix64 of the three).
    #[must_use]
    pub fn bits(&self, tag: u64, index: usize) -> u64 {
        let mut z = self.seed ^ tag.rotate_left(40) ^ (index as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A value of up to 253 bits, a small one, 0 or 1: witnesses are mostly small, and the
    /// prover treats small scalars apart.
    #[must_use]
    pub fn scalar(&self, tag: u64, index: usize) -> Fr {
        let bits = self.bits(tag, index);
        match bits % 8 {
            0 => Fr::ZERO,
            1 => Fr::ONE,
            2 | 3 => Fr::from(bits >> 48),
            4 => -Fr::from(bits >> 56),
            _ => {
                let limb = |i: u64| self.bits(tag + (i << 32), index);
                Fr::from_raw([limb(1), limb(2), limb(3), limb(4) >> 3])
            }
        }
    }

    /// An index below `bound`.
    #[must_use]
    pub fn below(&self, tag: u64, index: usize, bound: usize) -> usize {
        (self.bits(tag, index) % bound as u64) as usize
    }

    /// `value` if this witness is known.
    #[must_use]
    pub fn value<V>(&self, value: V) -> Value<V> {
        if self.known { Value::known(value) } else { Value::unknown() }
    }

    /// Assigns `value` to a cell, spoilt if the fault sits there.
    pub fn assign<'v>(
        &self,
        region: &mut Region<'_, Fr>,
        column: Column<Advice>,
        row: usize,
        value: Value<impl Into<Assigned<Fr>>>,
    ) -> AssignedCell<&'v Assigned<Fr>, Fr> {
        let spoilt = self.fault == Some(Fault { column: column.index(), row });
        let value = value.map(|v| if spoilt { v.into() + Fr::ONE } else { v.into() });
        region.assign_advice(column, row, value)
    }

    /// Assigns a known number, as [`Self::assign`] does.
    pub fn put<'v>(
        &self,
        region: &mut Region<'_, Fr>,
        column: Column<Advice>,
        row: usize,
        value: Fr,
    ) -> AssignedCell<&'v Assigned<Fr>, Fr> {
        self.assign(region, column, row, self.value(value))
    }
}
