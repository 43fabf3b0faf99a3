//! Field elements against the library's.

mod common;

use common::{Mirror, edges, random};
use parhelion_field_kernels::{Bn254FqSpec, Bn254FrSpec, Fp, PastaFpSpec, PastaFqSpec};

fn inputs<S: Mirror>() -> Vec<Fp<S>> {
    [edges(), random(40, 1)].concat()
}

fn arithmetic<S: Mirror>() {
    for a in inputs::<S>() {
        let x = S::theirs(a);
        assert_eq!(S::theirs(a.square()), x * x);
        assert_eq!(S::theirs(a.double()), x + x);
        assert_eq!(S::theirs(-a), -x);
        assert_eq!(a.is_zero(), x == S::NOTHING);
        for b in inputs::<S>() {
            let y = S::theirs(b);
            assert_eq!(S::theirs(a + b), x + y, "{a:?} + {b:?}");
            assert_eq!(S::theirs(a - b), x - y, "{a:?} - {b:?}");
            assert_eq!(S::theirs(a * b), x * y, "{a:?} * {b:?}");
        }
    }
}

fn inversion<S: Mirror>() {
    for a in [inputs::<S>(), random(500, 2)].concat() {
        assert_eq!(a.invert().map(S::theirs), S::inverse(S::theirs(a)), "1/{a:?}");
    }
}

fn powers<S: Mirror>() {
    for a in inputs::<S>() {
        for exponent in [0, 1, 2, 3, 64, u64::MAX] {
            assert_eq!(S::theirs(a.pow(exponent)), S::power(S::theirs(a), &[exponent]));
        }
        let long = [0, 5, 0, 1 << 63];
        assert_eq!(S::theirs(a.pow_limbs(&long)), S::power(S::theirs(a), &long));
    }
}

fn constants<S: Mirror>() {
    let max = S::to_bytes(-S::UNIT);
    let mut modulus: [u64; 4] = std::array::from_fn(|i| u64::from_le_bytes(max.as_chunks().0[i]));
    modulus[0] += 1;
    assert_eq!(S::MODULUS, modulus);
    assert_eq!(S::theirs(Fp::ONE), S::UNIT);
    // The library gives 0 for BN254's Fq, whose order minus 1 is twice an odd number.
    assert_eq!(S::TWO_ADICITY, S::LIBRARY_TWO_ADICITY.max(1));
    let [root_of_unity, generator, delta] = S::CHOICES;
    assert_eq!(S::theirs(Fp::generator()), generator);
    assert_eq!(S::theirs(Fp::delta()), delta);
    assert_eq!(Fp::<S>::generator().pow(1 << S::TWO_ADICITY), Fp::delta());
    for k in 0..=S::TWO_ADICITY {
        let root = (k..S::TWO_ADICITY).fold(root_of_unity, |root, _| root * root);
        assert_eq!(Fp::root_of_unity(k).map(S::theirs), Some(root));
    }
    assert_eq!(Fp::<S>::root_of_unity(1), Some(-Fp::ONE));
    assert_eq!(Fp::<S>::root_of_unity(S::TWO_ADICITY + 1), None);
}

fn limbs<S: Mirror>() {
    let [low, rest @ ..] = S::MODULUS;
    let join = |low, [b, c, d]: [u64; 3]| [low, b, c, d];
    for too_large in [S::MODULUS, join(low + 1, rest), [u64::MAX; 4], [0, 0, 0, rest[2] + 1]] {
        assert_eq!(Fp::<S>::from_canonical(too_large), None);
        assert_eq!(Fp::<S>::from_montgomery(too_large), None);
    }
    let largest = join(low - 1, rest);
    assert_eq!(Fp::<S>::from_canonical(largest), Some(-Fp::ONE));
    assert_eq!(Fp::<S>::from_montgomery(largest).map(Fp::to_montgomery), Some(largest));
    for a in inputs::<S>() {
        assert_eq!(Fp::from_canonical(a.to_canonical()), Some(a));
        assert_eq!(Fp::from_montgomery(a.to_montgomery()), Some(a));
    }
}

fn order<S: Mirror>() {
    let mut sorted = inputs::<S>();
    sorted.sort();
    for pair in sorted.windows(2) {
        let [a, b] = [pair[0], pair[1]].map(|x| x.to_canonical());
        assert!(a.iter().rev().le(b.iter().rev()));
    }
    assert_eq!(sorted[0], Fp::ZERO);
    assert_eq!(sorted[sorted.len() - 1], -Fp::ONE);
}

fn slices<S: Mirror>() {
    let mut values = inputs::<S>();
    let limbs: Vec<[u64; 4]> = values.iter().map(|value| value.to_montgomery()).collect();
    assert_eq!(Fp::as_limbs(&values), limbs);
    // SAFETY: the limbs are those of elements.
    assert_eq!(unsafe { Fp::from_limbs_unchecked(&limbs) }, values);
    // SAFETY: 1 is less than the modulus.
    unsafe { Fp::as_limbs_mut(&mut values)[0] = [1, 0, 0, 0] };
    assert_eq!(values[0].to_montgomery(), [1, 0, 0, 0]);
}

macro_rules! stamp_elements {
    ($field:ident, $spec:ty) => {
        mod $field {
            use super::*;

            #[test]
            fn arithmetic_is_the_librarys() {
                arithmetic::<$spec>();
            }
            #[test]
            fn inverses_are_the_librarys() {
                inversion::<$spec>();
            }
            #[test]
            fn powers_are_the_librarys() {
                powers::<$spec>();
            }
            #[test]
            fn constants_are_the_librarys() {
                constants::<$spec>();
            }
            #[test]
            fn limbs_that_are_not_reduced_are_rejected() {
                limbs::<$spec>();
            }
            #[test]
            fn order_is_that_of_canonical_integers() {
                order::<$spec>();
            }
            #[test]
            fn slices_are_seen_in_place() {
                slices::<$spec>();
            }
        }
    };
}

stamp_elements!(bn254_fr, Bn254FrSpec);
stamp_elements!(bn254_fq, Bn254FqSpec);
stamp_elements!(pasta_fp, PastaFpSpec);
stamp_elements!(pasta_fq, PastaFqSpec);
