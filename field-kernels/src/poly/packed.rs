//! Vectors in as few bytes as the integers they stand for need.

use std::marker::PhantomData;

use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::{FieldSpec, Fp, Kernels};

/// Elements that are converted at a time, and found by one offset.
const TILE: usize = 64;

/// Bytes of an element.
const FULL: usize = 32;

/// Elements by their integers, without leading zero bytes.
///
/// Most cells of a witness or of a circuit's fixed columns are small: a limb, a bit, zero. An element
/// takes a byte, and one for each byte of its integer. Made by [`Kernels::pack`].
#[derive(Clone, PartialEq, Eq)]
pub struct Packed<S> {
    /// How many bytes each integer has, at most 32.
    widths: Vec<u8>,
    /// Where the integers of each tile begin.
    tiles: Vec<u32>,
    /// The integers one after the other, least significant bytes first, and room to read past the
    /// last.
    bytes: Vec<u8>,
    field: PhantomData<S>,
}

impl<S: FieldSpec> std::fmt::Debug for Packed<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Packed").field("len", &self.len()).field("bytes", &self.size()).finish()
    }
}

impl<S> Packed<S> {
    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.widths.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.widths.is_empty()
    }

    /// Bytes of memory taken.
    #[must_use]
    pub fn size(&self) -> usize {
        self.widths.len() + self.bytes.len() + size_of::<u32>() * self.tiles.len()
    }
}

impl<S> Drop for Packed<S> {
    /// A witness may be in it: nothing is left behind.
    fn drop(&mut self) {
        self.widths.fill(0);
        self.bytes.fill(0);
        // Keeps the writes above from being optimised away.
        std::hint::black_box((&self.widths, &self.bytes));
    }
}

impl Kernels {
    /// The elements in packed form, or `None` if that would take more than three quarters of their
    /// own 32 bytes each.
    #[must_use]
    pub fn pack<S: FieldSpec>(&self, values: &[Fp<S>]) -> Option<Packed<S>> {
        with_backend!(self, backend => pack(backend, values))
    }

    /// Writes the elements of `packed` from the `first` on to `out`.
    ///
    /// # Panics
    /// If `first` is no multiple of 64, or `out` goes beyond the last element.
    pub fn unpack<S: FieldSpec>(&self, packed: &Packed<S>, first: usize, out: &mut [Fp<S>]) {
        let (len, end) = (packed.len(), first + out.len());
        assert!(first.is_multiple_of(TILE) && end <= len, "elements {first}..{end} out of {len}");
        with_backend!(self, backend => unpack(backend, packed, first, out));
    }
}

/// Bytes of an integer.
fn width(integer: &[u64; 4]) -> usize {
    let bits = match *integer {
        [0, 0, 0, 0] => 0,
        [a, 0, 0, 0] => 64 - a.leading_zeros(),
        [_, b, 0, 0] => 128 - b.leading_zeros(),
        [_, _, c, 0] => 192 - c.leading_zeros(),
        [_, _, _, d] => 256 - d.leading_zeros(),
    };
    bits.div_ceil(8) as usize
}

fn pack<S: FieldSpec>(backend: impl Backend, values: &[Fp<S>]) -> Option<Packed<S>> {
    let mut integers = [[0; 4]; TILE];
    let most = values.len() * (FULL - FULL / 4);
    let (mut total, mut widths) = (0, Vec::with_capacity(values.len()));
    let mut tiles = Vec::with_capacity(values.len().div_ceil(TILE));
    for tile in values.chunks(TILE) {
        let integers = &mut integers[..tile.len()];
        backend.to_integers(tile, integers);
        tiles.push(u32::try_from(total).ok()?);
        for integer in integers {
            let width = width(integer);
            widths.push(width as u8);
            total += width;
        }
        if total + widths.len() > most {
            return None;
        }
    }
    // What is converted twice need not be kept twice, and the bytes are allocated once.
    let mut bytes = vec![0; total + FULL];
    for ((tile, widths), start) in values.chunks(TILE).zip(widths.chunks(TILE)).zip(&tiles) {
        let integers = &mut integers[..tile.len()];
        backend.to_integers(tile, integers);
        let mut place = *start as usize;
        for (integer, width) in integers.iter().zip(widths) {
            // The bytes after the integer are zeros, and the next integer's.
            if let Some(room) = bytes[place..].first_chunk_mut::<FULL>() {
                for (room, limb) in room.as_chunks_mut().0.iter_mut().zip(integer) {
                    *room = limb.to_le_bytes();
                }
            }
            place += usize::from(*width);
        }
    }
    Some(Packed { widths, tiles, bytes, field: PhantomData })
}

fn unpack<S: FieldSpec>(backend: impl Backend, packed: &Packed<S>, first: usize, out: &mut [Fp<S>]) {
    // An integer is the Montgomery form of its element over 2^256.
    let factor = Fp::from_raw(S::R2);
    let tiles = packed.tiles[first / TILE..].iter().zip(packed.widths[first..].chunks(TILE));
    for (out, (start, widths)) in out.chunks_mut(TILE).zip(tiles) {
        let mut rest = packed.bytes.get(*start as usize..).unwrap_or_default();
        for (out, width) in out.iter_mut().zip(widths) {
            let width = usize::from(*width);
            let limbs = rest.first_chunk::<FULL>().map_or([0; 4], |bytes| read(bytes, width));
            *out = Fp::from_raw(limbs);
            rest = rest.get(width..).unwrap_or_default();
        }
        backend.scale(out, factor);
    }
}

/// The integer in the first `width` bytes.
#[inline]
fn read(bytes: &[u8; FULL], width: usize) -> [u64; 4] {
    let words = bytes.as_chunks().0;
    std::array::from_fn(|limb| {
        let kept = width.saturating_sub(8 * limb).min(8);
        let mask = if kept == 8 { u64::MAX } else { (1 << (8 * kept)) - 1 };
        u64::from_le_bytes(words[limb]) & mask
    })
}
