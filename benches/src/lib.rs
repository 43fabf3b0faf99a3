//! Inputs that the benchmarks share.
//!
//! Run one with `cargo bench -p parhelion-benches --features peers --bench axiom`; add a name to
//! run a part, and set `RAYON_NUM_THREADS` for the number of threads of both sides.

use parhelion_field_kernels::{Bn254Fr, Fp};

/// What the scalars of a multi-scalar multiplication look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// Uniform field elements.
    Uniform,
    /// Uniform bytes, as in range-checked columns.
    Bytes,
    /// 0 or 1, as in selectors.
    Bits,
    /// The same element throughout, so that all points fall into one bucket per window.
    Equal,
}

impl Scalars {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Uniform, Self::Bytes, Self::Bits, Self::Equal];

    /// `n` scalars of this kind; the same at every call.
    #[must_use]
    pub fn draw(self, n: usize) -> Vec<Bn254Fr> {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        // Multiplying by a fixed element spreads words over the field.
        let spread = Fp::from_u64(state).invert().unwrap_or(Fp::ONE);
        let mut word = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        (0..n)
            .map(|_| match self {
                Self::Uniform => Fp::from_u64(word()) * spread,
                Self::Bytes => Fp::from_u64(word() & 0xff),
                Self::Bits => Fp::from_u64(word() & 1),
                Self::Equal => spread,
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_what_they_say() {
        let bound = |kind: Scalars, limit: u64| {
            kind.draw(100).iter().all(|s| s.to_canonical()[1..] == [0; 3] && s.to_canonical()[0] < limit)
        };
        assert!(bound(Scalars::Bytes, 256));
        assert!(bound(Scalars::Bits, 2));
        assert!(Scalars::Equal.draw(3).windows(2).all(|pair| pair[0] == pair[1]));
        let uniform = Scalars::Uniform.draw(100);
        assert!(uniform.iter().filter(|s| s.to_canonical()[3] != 0).count() > 90);
    }
}
