//! What goes into the benchmarks: scalars of several kinds, and points.

use parhelion_field_kernels::{Affine, CurveSpec, FieldSpec, Fp, Kernels, Projective};

use crate::widths::{FULL, PAIRING, POSEIDON, Widths};

/// What the scalars of a multi-scalar multiplication look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scalars {
    /// Uniform field elements.
    Uniform,
    /// Uniform integers of 64 bits.
    Words,
    /// Uniform bytes, as in range-checked columns.
    Bytes,
    /// 0 or 1, as in selectors.
    Bits,
    /// As wide as the advice values of the demo circuit `pairing` ([`PAIRING`]).
    Pairing,
    /// As wide as the advice values of the demo circuit `poseidon` ([`POSEIDON`]).
    Poseidon,
    /// -1 throughout.
    MinusOne,
    /// The same uniform element throughout, so that all points fall into one bucket a window.
    Equal,
}

impl Scalars {
    /// All kinds.
    pub const ALL: [Self; 8] = [
        Self::Uniform,
        Self::Words,
        Self::Bytes,
        Self::Bits,
        Self::Pairing,
        Self::Poseidon,
        Self::MinusOne,
        Self::Equal,
    ];

    /// The kind in a few words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Words => "64-bit",
            Self::Bytes => "8-bit",
            Self::Bits => "boolean",
            Self::Pairing => "as in pairing",
            Self::Poseidon => "as in poseidon",
            Self::MinusOne => "all r-1",
            Self::Equal => "all equal",
        }
    }

    /// `n` scalars of this kind; the same at every call.
    #[must_use]
    pub fn draw<S: FieldSpec>(self, n: usize) -> Vec<Fp<S>> {
        let mut words = Words::default();
        let equal = words.uniform();
        (0..n)
            .map(|_| match self {
                Self::Uniform => words.uniform(),
                Self::Words => Fp::from_u64(words.next()),
                Self::Bytes => Fp::from_u64(words.next() & 0xff),
                Self::Bits => Fp::from_u64(words.next() & 1),
                Self::Pairing => words.like(PAIRING),
                Self::Poseidon => words.like(POSEIDON),
                Self::MinusOne => -Fp::ONE,
                Self::Equal => equal,
            })
            .collect()
    }
}

/// `n` points that are no small multiples of each other; the same at every call, a prefix of them
/// for a smaller n.
#[must_use]
pub fn points<C: CurveSpec>(kernels: &Kernels, n: usize) -> Vec<Affine<C>> {
    let generator = C::generator();
    let mut point = Projective::from(generator);
    let points: Vec<Projective<C>> = (0..n)
        .map(|_| {
            point = point.double().add_affine(generator);
            point
        })
        .collect();
    kernels.normalize(&points)
}

/// A xorshift generator: inputs need to be spread, not secret.
#[derive(Clone, Debug)]
struct Words(u64);

impl Default for Words {
    fn default() -> Self {
        Self(0x9e37_79b9_7f4a_7c15)
    }
}

impl Words {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn limbs(&mut self) -> [u64; 4] {
        std::array::from_fn(|_| self.next())
    }

    /// A uniform element: by rejection.
    fn uniform<S: FieldSpec>(&mut self) -> Fp<S> {
        let unused = S::MODULUS[3].leading_zeros();
        loop {
            let [a, b, c, d] = self.limbs();
            if let Some(element) = Fp::from_canonical([a, b, c, d >> unused]) {
                return element;
            }
        }
    }

    /// An element whose class is drawn from a histogram.
    fn like<S: FieldSpec>(&mut self, widths: Widths) -> Fp<S> {
        let total: u64 = widths.iter().map(|(_, count)| u64::from(*count)).sum();
        let mut position = self.next() % total;
        for (class, count) in widths {
            match position.checked_sub(u64::from(*count)) {
                Some(rest) => position = rest,
                None => return self.of_class(*class),
            }
        }
        unreachable!("the position is less than the sum of all counts")
    }

    /// A uniform element of |class| bits at most, negated for a negative class.
    fn of_class<S: FieldSpec>(&mut self, class: i32) -> Fp<S> {
        if class == FULL {
            return self.uniform();
        }
        let mut limbs = self.limbs();
        for (limb, below) in limbs.iter_mut().zip([0, 64, 128, 192]) {
            let kept = class.unsigned_abs().saturating_sub(below);
            if kept < 64 {
                *limb &= (1 << kept) - 1;
            }
        }
        // Class 1 stands for 1: 0 has a class of its own.
        limbs[0] |= u64::from(class.abs() == 1);
        let element = Fp::from_canonical(limbs).expect("narrower than the modulus");
        if class < 0 { -element } else { element }
    }
}

#[cfg(test)]
mod tests {
    use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Bn254G1Spec, PastaFqSpec};

    use super::*;

    fn all_below(kind: Scalars, limit: u64) -> bool {
        let scalars = kind.draw::<Bn254FrSpec>(100);
        scalars.iter().all(|s| s.to_canonical()[1..] == [0; 3] && s.to_canonical()[0] < limit)
    }

    #[test]
    fn kinds_are_what_they_say() {
        assert!(all_below(Scalars::Words, u64::MAX) && !all_below(Scalars::Words, 1 << 60));
        assert!(all_below(Scalars::Bytes, 256) && !all_below(Scalars::Bytes, 128));
        assert!(all_below(Scalars::Bits, 2) && !all_below(Scalars::Bits, 1));
        assert!(Scalars::Equal.draw::<Bn254FrSpec>(3).windows(2).all(|pair| pair[0] == pair[1]));
        assert_eq!(Scalars::MinusOne.draw::<PastaFqSpec>(1)[0] + Fp::ONE, Fp::ZERO);
        let uniform = Scalars::Uniform.draw::<Bn254FrSpec>(100);
        assert!(uniform.iter().filter(|s| s.to_canonical()[3] != 0).count() > 90);
    }

    #[test]
    fn classes_are_as_wide_as_they_say() {
        let mut words = Words::default();
        for class in [0, 1, 2, 63, 64, 65, 128, 129, 192, 193, 252] {
            for sign in [1, -1] {
                let widest = (0..100).map(|_| {
                    let element: Bn254Fr = words.of_class(sign * class);
                    let limbs = if sign < 0 { -element } else { element }.to_canonical();
                    let top = limbs.iter().rposition(|limb| *limb != 0);
                    top.map_or(0, |top| 64 * (top as u32 + 1) - limbs[top].leading_zeros())
                });
                assert_eq!(widest.max(), Some(class as u32));
            }
        }
    }

    #[test]
    fn witnesses_have_the_shares_of_the_histograms() {
        for (kind, widths) in [(Scalars::Pairing, PAIRING), (Scalars::Poseidon, POSEIDON)] {
            let total: u32 = widths.iter().map(|(_, count)| count).sum();
            let zeros: u32 = widths.iter().filter(|(width, _)| *width == 0).map(|(_, count)| count).sum();
            let scalars = kind.draw::<Bn254FrSpec>(10_000);
            let drawn = scalars.iter().filter(|s| s.is_zero()).count() as f64 / 10_000.0;
            assert!((drawn - f64::from(zeros) / f64::from(total)).abs() < 0.02, "{kind:?}: {drawn}");
        }
    }

    #[test]
    fn points_are_on_the_curve_and_differ() {
        let points = points::<Bn254G1Spec>(&Kernels::sequential(), 50);
        assert!(points.iter().all(|point| point.is_on_curve() && !point.is_identity()));
        assert!(points.windows(2).all(|pair| pair[0].x != pair[1].x));
    }
}
