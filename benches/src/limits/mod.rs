//! What the machine can do at most: its clock, its multiplications, its memory; and how much of it a
//! kernel takes at least.
//!
//! A limit is measured by doing just the scarce thing, as often as the kernel has to at least, in turn
//! with the kernel: `share = time of the limit / time of the kernel`.

mod ifma;

use std::hint::black_box;
use std::time::Instant;

use parhelion_field_kernels::FieldSpec;

pub use ifma::Ifma;

/// IFMA instructions for eight products at least (25 low and 25 high halves of limb products, and the
/// reduction). Limbs 3 and 4 of the Pasta moduli, 0 and 2^46, need no multiplication.
#[must_use]
pub fn ifma_of_product<S: FieldSpec>() -> f64 {
    if sparse::<S>() { 80.0 } else { 101.0 }
}

/// IFMA instructions for eight squares at least: 15 limb products instead of 25.
#[must_use]
pub fn ifma_of_square<S: FieldSpec>() -> f64 {
    ifma_of_product::<S>() - 20.0
}

/// Whether the modulus is 2^254 and something below 2^128.
fn sparse<S: FieldSpec>() -> bool {
    S::MODULUS[2] == 0 && S::MODULUS[3] == 1 << 62
}

/// Products in a transform of 2^k elements at least: twiddles other than 1.
#[must_use]
pub fn products_of_ntt(k: u32) -> f64 {
    let n = f64::from(k).exp2();
    n / 2.0 * f64::from(k) - (n - 1.0)
}

/// Affine additions in a multi-scalar multiplication of `n` scalars of `bits` bits at least, with the best
/// width of window: in each window n points go into 2^(c-1) buckets, which take two additions each to join.
#[must_use]
pub fn additions_of_msm(n: usize, bits: u32) -> Additions {
    let of_width = |width: u32| {
        // The sign of a digit carries into the next one, so the top digit needs a bit more.
        let windows = f64::from((bits + 1).div_ceil(width));
        let buckets = f64::from(width - 1).exp2();
        Additions { windows, additions: windows * (n as f64 - buckets).max(0.0) + windows * 2.0 * buckets }
    };
    (2..=24).map(of_width).min_by(|a, b| a.additions.total_cmp(&b.additions)).expect("some width")
}

/// What [`additions_of_msm`] finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Additions {
    /// How many windows.
    pub windows: f64,
    /// Additions in all of them.
    pub additions: f64,
}

/// IFMA instructions for eight affine additions at least: five products and a square, three of the products
/// being for the shared inversion.
#[must_use]
pub fn ifma_of_addition<S: FieldSpec>() -> f64 {
    5.0 * ifma_of_product::<S>() + ifma_of_square::<S>()
}

/// The clock in GHz, from a chain of dependent rotations and additions, a cycle each.
#[must_use]
pub fn clock() -> f64 {
    const STEPS: u32 = 20_000_000;
    let best = (0..5).map(|_| {
        let start = Instant::now();
        let sum = (0..STEPS).fold(black_box(1u64), |sum, _| sum.wrapping_add(sum.rotate_left(7)));
        black_box(sum);
        start.elapsed().as_secs_f64()
    });
    2.0 * f64::from(STEPS) / best.fold(f64::INFINITY, f64::min) * 1e-9
}

/// A buffer that no cache holds, read and written from end to end.
#[derive(Debug)]
pub struct Stream {
    buffer: Vec<u64>,
    position: usize,
}

impl Stream {
    /// Bytes of the buffer.
    const SIZE: usize = 512 << 20;

    /// A buffer in memory.
    #[must_use]
    pub fn new() -> Self {
        Self { buffer: vec![1; Self::SIZE / 8], position: 0 }
    }

    /// Reads and writes back `bytes` bytes in total (half of them each way), in pieces with all threads of
    /// the pool.
    pub fn run(&mut self, bytes: usize) {
        use rayon::prelude::*;

        let mut words = bytes / 16;
        while words > 0 {
            let end = (self.position + words).min(self.buffer.len());
            let part = &mut self.buffer[self.position..end];
            words -= part.len();
            self.position = if end == Self::SIZE / 8 { 0 } else { end };
            let piece = part.len().div_ceil(rayon::current_num_threads()).max(1);
            part.par_chunks_mut(piece).for_each(|piece| {
                piece.iter_mut().for_each(|word| *word = word.wrapping_add(0x0123_4567_89ab_cdef));
            });
        }
        black_box(&mut self.buffer[0]);
    }

    /// Bytes a second in GB: read and written together.
    #[must_use]
    pub fn bandwidth(&mut self) -> f64 {
        let best = (0..3).map(|_| {
            let start = Instant::now();
            self.run(2 * Self::SIZE);
            start.elapsed().as_secs_f64()
        });
        2.0 * Self::SIZE as f64 / best.fold(f64::INFINITY, f64::min) * 1e-9
    }
}

impl Default for Stream {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use parhelion_field_kernels::{Bn254FqSpec, PastaFpSpec};

    use super::*;

    #[test]
    fn counts_are_those_made_by_hand() {
        // (n/2) log n - (n - 1) for n = 8: 12 butterflies, of which 7 with a twiddle of 1.
        assert_eq!(products_of_ntt(3), 5.0);
        assert_eq!(ifma_of_addition::<Bn254FqSpec>(), 586.0);
        assert_eq!(ifma_of_addition::<PastaFpSpec>(), 460.0);
        let Additions { windows, additions } = additions_of_msm(1 << 20, 254);
        // 255 bits are 15 windows of 17, which beats 16 windows of 16.
        assert_eq!(windows, 15.0);
        assert_eq!(additions, 15.0 * f64::from((1 << 20) + (1 << 16)));
    }
}
