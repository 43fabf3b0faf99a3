//! Multiples of a point that is known long before its factors.

use std::fmt;

use parhelion_field_kernels::{Affine, CurveSpec, Fp, Kernels, Projective};

/// Bits of a scalar that one table is for.
const WINDOW: usize = 4;
/// Multiples in a table, all but that by 0.
const MULTIPLES: usize = (1 << WINDOW) - 1;
/// Tables for all bits of a scalar.
const WINDOWS: usize = 256 / WINDOW;

/// The multiples d·16^i of a point for each digit d: a multiple of the point is a sum of a few of
/// them. 60 KiB.
pub(crate) struct FixedBase<C: CurveSpec> {
    multiples: Vec<Affine<C>>,
}

impl<C: CurveSpec> fmt::Debug for FixedBase<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("FixedBase").field(&self.multiples[0]).finish()
    }
}

impl<C: CurveSpec> FixedBase<C> {
    pub(crate) fn new(kernels: &Kernels, base: Affine<C>) -> Self {
        let mut multiples = Vec::with_capacity(WINDOWS * MULTIPLES);
        let mut base = Projective::from(base);
        for _ in 0..WINDOWS {
            let mut multiple = base;
            for _ in 0..MULTIPLES {
                multiples.push(multiple);
                multiple += base;
            }
            base = multiple;
        }
        Self { multiples: kernels.normalize(&multiples) }
    }

    /// The point itself.
    #[cfg(test)]
    pub(crate) fn base(&self) -> Affine<C> {
        self.multiples[0]
    }

    /// The point added to itself `scalar` times.
    pub(crate) fn mul(&self, scalar: Fp<C::Scalar>) -> Projective<C> {
        let limbs = scalar.to_canonical();
        let digits = (0..WINDOWS).map(|window| {
            let bit = window * WINDOW;
            (limbs[bit / 64] >> (bit % 64)) as usize & MULTIPLES
        });
        let tables = self.multiples.chunks(MULTIPLES);
        digits.zip(tables).fold(Projective::IDENTITY, |sum, (digit, table)| match digit.checked_sub(1) {
            Some(index) => sum.add_affine(table[index]),
            None => sum,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parhelion_field_kernels::{PallasSpec, VestaSpec};

    fn compare<C: CurveSpec>() {
        let generator = C::generator();
        let table = FixedBase::new(&Kernels::sequential(), generator);
        assert_eq!(table.base(), generator);
        let generated = (0..20).map(|i| Fp::generator().pow(i * i + 7));
        for scalar in generated.chain([Fp::ZERO, Fp::ONE, -Fp::ONE, Fp::from_u64(16)]) {
            assert_eq!(table.mul(scalar), generator.to_projective().mul(scalar));
        }
    }

    #[test]
    fn multiples_are_those_of_double_and_add() {
        compare::<PallasSpec>();
        compare::<VestaSpec>();
    }
}
