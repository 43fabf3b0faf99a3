//! Tables of bases: multiples of each by powers of two, made once for many multiplications.
//!
//! Windows of a scalar whose bases are in a table need no doublings between them, so they share their buckets: with a
//! base for each window, a multiplication is one pass over all digits, and buckets are joined once. That
//! pays for wider windows. (Brickell, Gordon, McCurley, Wilson: Fast exponentiation with precomputation, EUROCRYPT '92.)

use std::fmt;

use super::digits::{MAX_WINDOW, windows};
use crate::scratch::{Line, lines_of};
use crate::{Affine, CurveSpec, FieldSpec, Fp, Kernels};

/// Which multiples of bases are in a table: for base b those by 2^(window·stride·i), i = 0, 1, ...
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shifts {
    /// Bits of a window.
    pub(super) window: u32,
    /// Windows between one multiple and the next: so many passes a multiplication takes.
    pub(super) stride: u32,
    /// How many bases there are: all multiples of one kind, then those of the next.
    pub(super) bases: u32,
}

impl Shifts {
    /// The fewest additions for scalars of `bits` bits, with up to `most` multiples of each base. `None` if a
    /// table gains nothing.
    fn best(bases: usize, bits: u32, most: usize) -> Option<Self> {
        let plain = super::digits::cost(bases, bits);
        let stride =
            |window: u32| windows(bits, window).div_ceil(u32::try_from(most).unwrap_or(u32::MAX).max(1));
        let all = (2..=MAX_WINDOW).map(|window| Self { window, stride: stride(window), bases: bases as u32 });
        // Not more buckets than half as many as points, as for windows without a table.
        let all = all.filter(|shifts| 1usize << (shifts.window - 1) <= bases.saturating_mul(most) / 2);
        let best = all.min_by_key(|shifts| shifts.cost(bases, bits))?;
        (most > 1 && best.cost(bases, bits) < plain).then_some(best)
    }

    /// How many multiples of each base scalars of `bits` bits take.
    fn multiples(self, bits: u32) -> u32 {
        windows(bits, self.window).div_ceil(self.stride)
    }

    /// How many windows of `bits` bits are in pass `pass`.
    pub(super) fn windows_of(self, bits: u32, pass: u32) -> u32 {
        windows(bits, self.window).saturating_sub(pass).div_ceil(self.stride)
    }

    /// How many passes scalars of `bits` bits take.
    pub(super) fn passes(self, bits: u32) -> u32 {
        self.stride.min(windows(bits, self.window))
    }

    /// The cost of `count` scalars of `bits` bits, as in `digits.rs`.
    pub(super) fn cost(self, count: usize, bits: u32) -> u64 {
        let passes = u64::from(self.passes(bits));
        let points = count as u64 * u64::from(windows(bits, self.window));
        points + passes * ((1 << (self.window - 1)) + 60) + (passes - 1) * u64::from(self.window)
    }
}

/// What scalars are multiplied with: bases, or a table of them.
pub struct Bases<'a, C: CurveSpec> {
    /// All bases; then, in a table, their multiples.
    pub(super) points: &'a [Affine<C>],
    pub(super) shifts: Option<Shifts>,
}

impl<'a, C: CurveSpec> Bases<'a, C> {
    /// The bases themselves.
    #[must_use]
    pub fn points(self) -> &'a [Affine<C>] {
        self.shifts.map_or(self.points, |shifts| &self.points[..shifts.bases as usize])
    }
}

impl<C: CurveSpec> Clone for Bases<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: CurveSpec> Copy for Bases<'_, C> {}

impl<'a, C: CurveSpec> From<&'a [Affine<C>]> for Bases<'a, C> {
    fn from(points: &'a [Affine<C>]) -> Self {
        Self { points, shifts: None }
    }
}

impl<C: CurveSpec> fmt::Debug for Bases<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bases").field("bases", &self.points().len()).field("shifts", &self.shifts).finish()
    }
}

/// Bases with a table of their multiples, from [`Kernels::shift_bases`].
pub struct ShiftedBases<C: CurveSpec> {
    /// Whole cache lines, each of which holds a point.
    lines: Vec<Line>,
    points: usize,
    shifts: Shifts,
    curve: std::marker::PhantomData<C>,
}

impl<C: CurveSpec> ShiftedBases<C> {
    /// To multiply with.
    #[must_use]
    pub fn bases(&self) -> Bases<'_, C> {
        let bytes: &[u8] = bytemuck::cast_slice(&self.lines);
        let points = bytemuck::cast_slice(&bytes[..self.points * size_of::<Affine<C>>()]);
        Bases { points, shifts: Some(self.shifts) }
    }

    /// What the table takes, the bases included.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.lines.len() * size_of::<Line>()
    }
}

impl<C: CurveSpec> fmt::Debug for ShiftedBases<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ShiftedBases").field("shifts", &self.shifts).field("bytes", &self.bytes()).finish()
    }
}

impl Kernels {
    /// A table of these bases that takes at most `bytes`, the bases included, for multiplications with scalars of any
    /// size. `None` if so few bytes, or so few bases, gain nothing.
    ///
    /// # Panics
    /// If there are 2^30 bases or more.
    #[must_use]
    pub fn shift_bases<C: CurveSpec>(&self, bases: &[Affine<C>], bytes: usize) -> Option<ShiftedBases<C>> {
        assert!(bases.len() < 1 << 30, "{} bases, 2^30 or more", bases.len());
        let bits = magnitude_bits::<C::Scalar>();
        let room = bytes / size_of::<Affine<C>>() / bases.len().max(1);
        // Places in a table have 30 bits.
        let most = room.min(((1 << 30) - 1) / bases.len().max(1));
        let shifts = Shifts::best(bases.len(), bits, most)?;
        let points = bases.len() * shifts.multiples(bits) as usize;
        let mut lines = vec![Line::default(); lines_of::<Affine<C>>(points)];
        let table: &mut [u8] = bytemuck::cast_slice_mut(&mut lines);
        let table: &mut [Affine<C>] = bytemuck::cast_slice_mut(&mut table[..points * size_of::<Affine<C>>()]);
        let mut rows = table.chunks_mut(bases.len());
        if let Some(first) = rows.next() {
            first.copy_from_slice(bases);
        }
        let mut doubled = Coordinates {
            x: bases.iter().map(|base| base.x).collect(),
            y: bases.iter().map(|base| base.y).collect(),
        };
        for row in rows {
            (0..shifts.window * shifts.stride).for_each(|_| doubled.double(self));
            for (point, (x, y)) in row.iter_mut().zip(doubled.x.iter().zip(&doubled.y)) {
                *point = Affine { x: *x, y: *y };
            }
        }
        Some(ShiftedBases { lines, points, shifts, curve: std::marker::PhantomData })
    }
}

/// Bits of the largest magnitude: whichever of s and p - s is smaller.
///
/// No p here is a power of two, so that (p - 1)/2 has one bit less than p.
fn magnitude_bits<S: FieldSpec>() -> u32 {
    let [.., high] = S::MODULUS;
    256 - high.leading_zeros() - 1
}

/// Points in affine coordinates, by coordinate.
struct Coordinates<S: FieldSpec> {
    x: Vec<Fp<S>>,
    y: Vec<Fp<S>>,
}

impl<S: FieldSpec> Coordinates<S> {
    /// Doubles each point of a curve y² = x³ + b, all with one inversion. The identity, (0, 0), stays: its slope is
    /// 0 times 0. No other point has y = 0, as the orders of these curves are odd.
    fn double(&mut self, kernels: &Kernels) {
        let Self { x, y } = self;
        let mut slope = x.clone();
        kernels.square(&mut slope);
        kernels.scale(&mut slope, Fp::from_u64(3));
        let mut inverses = y.clone();
        kernels.add_assign(&mut inverses, y);
        kernels.batch_invert(&mut inverses);
        kernels.mul_assign(&mut slope, &inverses);
        // x' = λ² - 2x, y' = λ(x - x') - y.
        let mut third = slope.clone();
        kernels.square(&mut third);
        kernels.sub_assign(&mut third, x);
        kernels.sub_assign(&mut third, x);
        kernels.sub_assign(x, &third);
        kernels.mul_assign(x, &slope);
        kernels.sub_assign(x, y);
        (*x, *y) = (third, std::mem::take(x));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Bn254G1Spec, PallasSpec};

    #[test]
    fn a_table_keeps_to_its_bytes_and_holds_what_it_says() {
        fn check<C: CurveSpec>() {
            let kernels = Kernels::sequential();
            let generator = C::generator();
            let multiple = |i: u64| generator.to_projective().mul(Fp::from_u64(i)).to_affine();
            let bases: Vec<Affine<C>> =
                (0..300).map(|i| if i == 7 { Affine::IDENTITY } else { multiple(i) }).collect();
            let size = bases.len() * size_of::<Affine<C>>();
            for multiples in [0, 1, 2, 3, 7, 16, 200] {
                let Some(table) = kernels.shift_bases(&bases, multiples * size) else {
                    assert!(multiples < 2, "{multiples}");
                    continue;
                };
                assert!(table.bytes() <= multiples * size, "{table:?}");
                let Bases { points, shifts: Some(shifts) } = table.bases() else { panic!("no table") };
                assert!(
                    shifts.multiples(magnitude_bits::<C::Scalar>()) as usize * bases.len() == points.len()
                );
                for (row, points) in points.chunks(bases.len()).enumerate() {
                    let factor = Fp::from_u64(2).pow(row as u64 * u64::from(shifts.window * shifts.stride));
                    for (base, point) in bases.iter().zip(points).step_by(7) {
                        assert!(base.to_projective().mul(factor).to_affine() == *point);
                    }
                }
            }
            assert!(kernels.shift_bases::<C>(&[], 1 << 20).is_none());
            assert!(kernels.shift_bases(&bases, usize::MAX).is_some());
        }
        check::<Bn254G1Spec>();
        check::<PallasSpec>();
    }
}
