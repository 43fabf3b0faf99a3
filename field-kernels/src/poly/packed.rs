//! Vectors in as few bytes as the integers they stand for need.

use std::convert::Infallible;
use std::fmt;
use std::marker::PhantomData;

use crate::contract::Backend;
use crate::dispatch::with_backend;
use crate::{FieldSpec, Fp, Kernels};

/// Elements that are converted at a time, and found by one offset.
const TILE: usize = 64;

/// Bytes of the start of a tile.
const OFFSET: usize = 4;

/// Bytes of an element.
const FULL: usize = 32;

/// Elements by their integers, without leading zero bytes.
///
/// Most cells of a witness or of a circuit's fixed columns are small: a limb, a bit, zero. An element
/// takes a byte, and one for each byte of its integer. Made by [`Kernels::pack`]; the bytes are in a
/// `B`, such as a vector or a lease of a pool.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed<S, B = Vec<u8>> {
    len: usize,
    /// How many bytes each integer has, at most 32; where the integers of each tile begin, in four
    /// bytes each; the integers one after the other, least significant bytes first; and room to read
    /// past the last.
    bytes: B,
    field: PhantomData<S>,
}

impl<S, B: AsRef<[u8]>> fmt::Debug for Packed<S, B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").field("len", &self.len).field("bytes", &self.size()).finish()
    }
}

impl<S, B: AsRef<[u8]>> Packed<S, B> {
    /// How many elements there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Bytes taken.
    #[must_use]
    pub fn size(&self) -> usize {
        self.bytes.as_ref().len()
    }

    /// The widths, the starts of tiles, the integers.
    fn parts(&self) -> (&[u8], &[[u8; OFFSET]], &[u8]) {
        let (widths, rest) = self.bytes.as_ref().split_at(self.len);
        let (tiles, integers) = rest.split_at(OFFSET * self.len.div_ceil(TILE));
        (widths, tiles.as_chunks().0, integers)
    }
}

impl Kernels {
    /// The elements in packed form, or `None` if that would take more than three quarters of their
    /// own 32 bytes each.
    #[must_use]
    pub fn pack<S: FieldSpec>(&self, values: &[Fp<S>]) -> Option<Packed<S>> {
        let Ok(packed) = self.pack_in(values, |bytes| Ok::<_, Infallible>(vec![0; bytes]));
        packed
    }

    /// [`pack`](Self::pack), with as many bytes as needed from elsewhere. What they are before does
    /// not matter.
    ///
    /// # Errors
    /// Whatever `allocate` returns.
    pub fn pack_in<S: FieldSpec, B: AsRef<[u8]> + AsMut<[u8]>, E>(
        &self,
        values: &[Fp<S>],
        allocate: impl FnOnce(usize) -> Result<B, E>,
    ) -> Result<Option<Packed<S, B>>, E> {
        let Some(size) = with_backend!(self, backend => packed_size(backend, values)) else {
            return Ok(None);
        };
        let mut bytes = allocate(size)?;
        with_backend!(self, backend => pack(backend, values, bytes.as_mut()));
        Ok(Some(Packed { len: values.len(), bytes, field: PhantomData }))
    }

    /// Writes the elements of `packed` from the `first` on to `out`.
    ///
    /// # Panics
    /// If `first` is no multiple of 64, or `out` goes beyond the last element.
    pub fn unpack<S: FieldSpec, B: AsRef<[u8]>>(
        &self,
        packed: &Packed<S, B>,
        first: usize,
        out: &mut [Fp<S>],
    ) {
        let (len, end) = (packed.len(), first + out.len());
        assert!(first.is_multiple_of(TILE) && end <= len, "elements {first}..{end} out of {len}");
        with_backend!(self, backend => unpack(backend, packed.parts(), first, out));
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

/// Bytes that packed elements take, if they are few enough.
fn packed_size<S: FieldSpec>(backend: impl Backend, values: &[Fp<S>]) -> Option<usize> {
    let mut integers = [[0; 4]; TILE];
    let most = values.len() * (FULL - FULL / 4);
    let mut total = values.len();
    for tile in values.chunks(TILE) {
        let integers = &mut integers[..tile.len()];
        backend.to_integers(tile, integers);
        total += integers.iter().map(width).sum::<usize>();
        if total > most {
            return None;
        }
    }
    u32::try_from(total).ok()?;
    Some(total + OFFSET * values.len().div_ceil(TILE) + FULL)
}

fn pack<S: FieldSpec>(backend: impl Backend, values: &[Fp<S>], bytes: &mut [u8]) {
    let mut integers = [[0; 4]; TILE];
    let (widths, rest) = bytes.split_at_mut(values.len());
    let (tiles, rest) = rest.split_at_mut(OFFSET * values.len().div_ceil(TILE));
    let mut place = 0;
    for ((tile, widths), start) in
        values.chunks(TILE).zip(widths.chunks_mut(TILE)).zip(tiles.as_chunks_mut::<OFFSET>().0)
    {
        let integers = &mut integers[..tile.len()];
        backend.to_integers(tile, integers);
        *start = (place as u32).to_le_bytes();
        for (integer, size) in integers.iter().zip(widths) {
            // The bytes after the integer are zeros, and then the next integer's.
            if let Some(room) = rest[place..].first_chunk_mut::<FULL>() {
                for (room, limb) in room.as_chunks_mut().0.iter_mut().zip(integer) {
                    *room = limb.to_le_bytes();
                }
            }
            *size = width(integer) as u8;
            place += width(integer);
        }
    }
    rest[place..].fill(0);
}

fn unpack<S: FieldSpec>(
    backend: impl Backend,
    (widths, tiles, integers): (&[u8], &[[u8; OFFSET]], &[u8]),
    first: usize,
    out: &mut [Fp<S>],
) {
    // An integer is the Montgomery form of its element over 2^256.
    let factor = Fp::from_raw(S::R2);
    let tiles = tiles[first / TILE..].iter().zip(widths[first..].chunks(TILE));
    for (out, (start, widths)) in out.chunks_mut(TILE).zip(tiles) {
        let mut rest = integers.get(u32::from_le_bytes(*start) as usize..).unwrap_or_default();
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
