//! Classes of scalars by size.

use bytemuck::{Pod, Zeroable};

use super::digits::cost;
use crate::contract::{Backend, NEGATIVE};
use crate::scalar::limbs::{less_than, sub_limbs};
use crate::scratch::{Carver, Line, lines_of};
use crate::{FieldSpec, Fp};

/// Upper limits of the classes in bits; the last holds any magnitude (at most (p - 1) / 2).
pub(super) const CLASS_BITS: [u32; 8] = [1, 8, 16, 32, 64, 96, 160, 255];

/// Scalars that are converted at a time.
const TILE: usize = 256;

/// Marks negative scalars beside their numbers of bits.
const MINUS: u16 = 1 << 15;

/// Scalars of similar size, by their magnitudes: whichever of s and p - s is smaller.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C)]
pub(super) struct Class {
    /// Bits of the largest magnitude.
    pub(super) bits: u32,
    pub(super) count: u32,
    /// Where their bases begin among the column's.
    pub(super) first: u32,
    /// Where their limbs begin: the lowest of all, then the next of all.
    pub(super) limbs: u32,
}

/// The classes of a column. Some may be empty.
pub(super) type Classes = [Class; CLASS_BITS.len()];

// SAFETY: four integers, which may be zero.
unsafe impl Zeroable for Class {}
// SAFETY: integers of the same size and any value, without padding.
unsafe impl Pod for Class {}

impl Class {
    /// Whether all scalars are 1 or -1.
    pub(super) fn is_unit(self) -> bool {
        self.bits == 1
    }

    /// Limbs of each magnitude. If all are 1, none is stored.
    pub(super) fn words(self) -> usize {
        if self.is_unit() { 0 } else { self.bits.div_ceil(64) as usize }
    }
}

/// The scalars of a column by class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column<'a> {
    pub(super) classes: &'a Classes,
    /// Indices of bases, marked [`NEGATIVE`] where they are subtracted.
    places: &'a [u32],
    limbs: &'a [u64],
}

/// Lines of memory that a column of `count` scalars takes.
pub(super) fn column_lines(count: usize) -> usize {
    lines_of::<Classes>(1) + lines_of::<u32>(count) + lines_of::<[u64; 4]>(count)
}

impl<'a> Column<'a> {
    /// What [`classify`] has left of `count` scalars.
    pub(super) fn read(memory: &'a [Line], count: usize) -> Self {
        let (classes, rest) = memory.split_at(lines_of::<Classes>(1));
        let (places, limbs) = rest.split_at(lines_of::<u32>(count));
        let classes: &[Classes] = bytemuck::cast_slice(classes);
        Self {
            classes: &classes[0],
            places: bytemuck::cast_slice(places),
            limbs: bytemuck::cast_slice(limbs),
        }
    }

    /// Some scalars of a class.
    pub(super) fn piece(self, class: Class, first: u32, count: u32) -> Piece<'a> {
        let places = &self.places[(class.first + first) as usize..][..count as usize];
        Piece { class, first: first as usize, places, limbs: &self.limbs[class.limbs as usize..] }
    }
}

/// Some scalars of a class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) class: Class,
    /// Which scalar of the class is the first.
    pub(super) first: usize,
    pub(super) places: &'a [u32],
    /// From the first limbs of the class on.
    pub(super) limbs: &'a [u64],
}

impl<'a> Piece<'a> {
    /// Limb `number` of each magnitude; none beyond the highest.
    pub(super) fn limb(self, number: usize) -> Option<&'a [u64]> {
        let start = number * self.class.count as usize + self.first;
        (number < self.class.words()).then(|| &self.limbs[start..start + self.places.len()])
    }
}

/// Lines of memory that [`classify`] takes for `count` scalars, beside what it fills.
pub(super) fn lines(count: usize) -> usize {
    lines_of::<u64>(count) + lines_of::<u16>(count)
}

/// Sorts the nonzero scalars of a column into classes, so that each is only scanned for as many
/// windows as it has. Classes too small to be worth a pass of their own join the next wider one. The
/// result is to be read from `column`.
pub(super) fn classify<S: FieldSpec>(
    backend: impl Backend,
    scalars: &[Fp<S>],
    column: &mut [Line],
    carver: &mut Carver<'_>,
) {
    let mut column = Carver::new(column);
    let stored = column.cut::<Classes>(1);
    let (places, limbs) = (column.cut::<u32>(scalars.len()), column.cut::<u64>(4 * scalars.len()));
    let (lowest, sizes) = (carver.cut::<u64>(scalars.len()), carver.cut::<u16>(scalars.len()));
    let mut of_size = [0u32; 256];
    let mut integers = [[0; 4]; TILE];
    let tiles = lowest.chunks_mut(TILE).zip(sizes.chunks_mut(TILE));
    for (scalars, (lowest, sizes)) in scalars.chunks(TILE).zip(tiles) {
        if let Some(ones) = read_booleans(scalars, lowest, sizes) {
            of_size[0] += scalars.len() as u32 - ones;
            of_size[1] += ones;
            continue;
        }
        let integers = &mut integers[..scalars.len()];
        backend.to_integers(scalars, integers);
        for ((integer, low), size) in integers.iter().zip(lowest).zip(sizes) {
            let ([limb, ..], bits) = signed_form::<S>(*integer);
            (*low, *size) = (limb, bits);
            of_size[usize::from(bits & !MINUS)] += 1;
        }
    }
    let (classes, class_of) = assign(&of_size);
    stored[0] = classes;

    let mut filled = [0usize; CLASS_BITS.len()];
    // Where ones go, if nothing but ones and minus ones goes there.
    let units = classes.iter().position(|class| class.is_unit());
    for (start, scalars) in (0..).step_by(TILE).zip(scalars.chunks(TILE)) {
        let tile = start..start + scalars.len();
        let (lowest, sizes) = (&lowest[tile.clone()], &sizes[tile]);
        if let Some(number) = units.filter(|_| sizes.iter().all(|size| *size <= 1)) {
            let position = &mut filled[number];
            let places = &mut places[classes[number].first as usize + *position..];
            *position += pick_ones(start as u32, sizes, places);
            continue;
        }
        let integers = &mut integers[..scalars.len()];
        // Few columns have any that are longer than a limb.
        let long = sizes.iter().any(|size| size & !MINUS > 64);
        if long {
            backend.to_integers(scalars, integers);
        }
        for (index, (low, size)) in lowest.iter().zip(sizes).enumerate() {
            let number = class_of[usize::from(size & !MINUS)];
            let Some(class) = classes.get(usize::from(number)) else { continue };
            let position = filled[usize::from(number)];
            filled[usize::from(number)] += 1;
            let sign = if size & MINUS == 0 { 0 } else { NEGATIVE };
            places[class.first as usize + position] = (start + index) as u32 | sign;
            let magnitude = if long { signed_form::<S>(integers[index]).0 } else { [*low, 0, 0, 0] };
            for (number, limb) in magnitude.iter().enumerate().take(class.words()) {
                limbs[class.limbs as usize + number * class.count as usize + position] = *limb;
            }
        }
    }
}

/// If all scalars are 0 or 1, writes them and their numbers of bits, and tells how many are 1. Most columns of booleans
/// are long; of others, the first few scalars tell.
fn read_booleans<S: FieldSpec>(scalars: &[Fp<S>], lowest: &mut [u64], sizes: &mut [u16]) -> Option<u32> {
    let differs = |a: Fp<S>, b: Fp<S>| a.0.iter().zip(b.0).fold(0, |bits, (a, b)| bits | (a ^ b)) != 0;
    let mut ones = 0;
    for (scalars, (lowest, sizes)) in scalars.chunks(8).zip(lowest.chunks_mut(8).zip(sizes.chunks_mut(8))) {
        let mut other = false;
        for (scalar, (low, size)) in scalars.iter().zip(lowest.iter_mut().zip(sizes)) {
            let no_one = differs(*scalar, Fp::ONE);
            other |= no_one & differs(*scalar, Fp::ZERO);
            (*low, *size) = (u64::from(!no_one), u16::from(!no_one));
            ones += u32::from(!no_one);
        }
        if other {
            return None;
        }
    }
    Some(ones)
}

/// Writes which scalars of a tile, numbered from `start` on, have a bit, without a branch on each, and tells how many
/// there are. Their numbers of bits are 0 or 1.
fn pick_ones(start: u32, sizes: &[u16], places: &mut [u32]) -> usize {
    let (mut picked, mut count) = ([0; TILE], 0);
    for (index, size) in (start..).zip(sizes) {
        picked[count % TILE] = index;
        count += usize::from(*size);
    }
    places[..count].copy_from_slice(&picked[..count]);
    count
}

/// The classes for so many scalars of each number of bits, and the class of each number of bits: none for 0.
fn assign(of_size: &[u32; 256]) -> (Classes, [u8; 256]) {
    let class_of_size = |bits: usize| CLASS_BITS.iter().position(|&limit| bits <= limit as usize);
    let mut classes = Classes::default();
    for (bits, count) in of_size.iter().enumerate().skip(1).filter(|(_, count)| **count > 0) {
        let class = &mut classes[class_of_size(bits).unwrap_or(CLASS_BITS.len() - 1)];
        (class.bits, class.count) = (bits as u32, class.count + count);
    }
    // Which class each class ends up in.
    let mut target: [usize; CLASS_BITS.len()] = std::array::from_fn(|class| class);
    for class in 0..CLASS_BITS.len() - 1 {
        let Some(next) = (class + 1..CLASS_BITS.len()).find(|&next| classes[next].count > 0) else { break };
        let (here, there) = (classes[class], classes[next]);
        let cost = |count: u32, bits| cost(count as usize, bits);
        let apart = cost(here.count, here.bits) + cost(there.count, there.bits);
        if here.count > 0 && cost(here.count + there.count, there.bits) <= apart {
            target.iter_mut().filter(|target| **target == class).for_each(|target| *target = next);
            classes[next].count += here.count;
            classes[class] = Class::default();
        }
    }
    let (mut first, mut limbs) = (0, 0);
    for class in &mut classes {
        (class.first, class.limbs) = (first, limbs);
        first += class.count;
        limbs += class.count * class.words() as u32;
    }
    let class_of = std::array::from_fn(|bits| match class_of_size(bits) {
        Some(class) if bits > 0 => target[class] as u8,
        _ => u8::MAX,
    });
    (classes, class_of)
}

/// The magnitude of an integer less than p, and its number of bits, marked [`MINUS`] if it is p minus the
/// magnitude.
#[inline]
fn signed_form<S: FieldSpec>(integer: [u64; 4]) -> ([u64; 4], u16) {
    // Mostly the highest limb tells; p - s is computed where s might be the larger.
    let (magnitude, sign) = if integer[3] < S::MODULUS[3] / 2 {
        (integer, 0)
    } else {
        let (negated, _) = sub_limbs(S::MODULUS, integer);
        if less_than(integer, negated) { (integer, 0) } else { (negated, MINUS) }
    };
    let bits = match magnitude {
        [a, 0, 0, 0] => 64 - a.leading_zeros(),
        [_, b, 0, 0] => 128 - b.leading_zeros(),
        [_, _, c, 0] => 192 - c.leading_zeros(),
        [_, _, _, d] => 256 - d.leading_zeros(),
    };
    (magnitude, bits as u16 | sign)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Bn254Fr;
    use crate::scalar::Scalar;
    use crate::scratch::Scratch;

    #[test]
    fn every_scalar_is_in_a_class_that_holds_it() {
        check((0..2000u64).map(|i| match i % 5 {
            0 => Bn254Fr::ZERO,
            1 => -Bn254Fr::from_u64(i),
            2 => Bn254Fr::from_u64(i & 1),
            3 => Bn254Fr::from_u64(i).invert().unwrap(),
            _ => Bn254Fr::from_u64(i << 40),
        }));
    }

    #[test]
    fn booleans_are_ones_alone_and_beside_others() {
        let boolean = |i: u64| Bn254Fr::from_u64((i * i / 7) & 1);
        check((0..2000).map(boolean));
        check((0..300).map(|_| Bn254Fr::ONE));
        check((0..300).map(|_| Bn254Fr::ZERO));
        // Tiles of booleans between others: those of one bit have a class, or join a wider one.
        check((0..5000).map(|i| if i % 1000 == 999 { -boolean(i) } else { boolean(i) }));
        check((0..5000).map(|i| if i % 1000 == 999 { Bn254Fr::from_u64(i) } else { boolean(i) }));
        check((0..600).map(|i| if i < 512 { Bn254Fr::from_u64(i << 50) } else { boolean(i) }));
    }

    fn check(scalars: impl Iterator<Item = Bn254Fr>) {
        let scalars: Vec<Bn254Fr> = scalars.collect();
        Scratch::new().with(column_lines(scalars.len()) + lines(scalars.len()), |carver| {
            let memory = carver.cut(column_lines(scalars.len()));
            classify(Scalar::new(), &scalars, memory, carver);
            let column = Column::read(memory, scalars.len());
            let mut seen = vec![false; scalars.len()];
            for class in *column.classes {
                let piece = column.piece(class, 0, class.count);
                for (index, place) in piece.places.iter().enumerate() {
                    let base = (place & !NEGATIVE) as usize;
                    assert!(!std::mem::replace(&mut seen[base], true));
                    let mut magnitude = [u64::from(class.is_unit()), 0, 0, 0];
                    for (number, limb) in magnitude.iter_mut().enumerate().take(class.words()) {
                        *limb = piece.limb(number).unwrap()[index];
                    }
                    let value = Bn254Fr::from_canonical(magnitude).unwrap();
                    let value = if place & NEGATIVE == 0 { value } else { -value };
                    assert_eq!(value, scalars[base]);
                    let top = magnitude.iter().rposition(|l| *l != 0).unwrap();
                    assert!(64 * top as u32 + 64 - magnitude[top].leading_zeros() <= class.bits);
                }
            }
            assert!(seen.iter().zip(&scalars).all(|(seen, scalar)| *seen != scalar.is_zero()));
        });
    }
}
