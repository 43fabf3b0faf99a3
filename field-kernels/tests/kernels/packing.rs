//! Vectors in few bytes.

use parhelion_field_kernels::Fp;

use crate::common::{LENGTHS, Mirror, Suite, cycled, edges, random};

fn round_trip<S: Mirror>(suite: &Suite, values: &[Fp<S>]) -> usize {
    for kernels in suite.both() {
        let packed = kernels.pack(values);
        let Some(packed) = packed else { continue };
        assert_eq!(packed.len(), values.len());
        assert!(packed.size() <= 25 * values.len() + values.len() / 16 + 64, "{packed:?}");
        for first in [0, 64, 128].into_iter().filter(|first| *first <= values.len()) {
            for last in [first, first + 1, first + 63, first + 64, values.len()] {
                let last = last.min(values.len());
                let mut out = vec![Fp::ONE; last.saturating_sub(first)];
                kernels.unpack(&packed, first, &mut out);
                assert_eq!(out, values[first..first + out.len()], "{first}..{last}");
            }
        }
    }
    let packed = suite.both().map(|kernels| kernels.pack(values));
    assert_eq!(packed[0], packed[1], "the same bytes from every backend");
    packed[0].as_ref().map_or(usize::MAX, |packed| packed.size())
}

/// 2^bits - 1.
fn ones<S: Mirror>(bits: u64) -> Fp<S> {
    Fp::from_u64(2).pow(bits) - Fp::ONE
}

fn every_length_and_width<S: Mirror>(suite: &Suite) {
    let widths: Vec<Fp<S>> = (0..=253).map(ones).collect();
    for len in LENGTHS {
        round_trip(suite, &cycled(&widths, len));
        round_trip(suite, &vec![Fp::<S>::ZERO; len]);
        // One element of full size among small ones, at every place in a tile.
        let mut values = cycled(&widths[..9], len);
        for at in 0..len.min(70) {
            values[at] = -Fp::ONE;
            round_trip(suite, &values);
            values[at] = Fp::ZERO;
        }
    }
    for bits in 0..=180 {
        let size = round_trip(suite, &vec![ones::<S>(bits); 256]);
        assert_eq!(size, 256 + 256 * (bits as usize).div_ceil(8) + 32 + 16, "{bits} bits");
    }
}

fn what_is_not_small_is_refused<S: Mirror>(suite: &Suite) {
    for values in [random::<S>(300, 5), vec![-Fp::ONE; 64], cycled(&edges::<S>()[..1], 0)] {
        let small = values.is_empty();
        assert_eq!(round_trip(suite, &values) != usize::MAX, small);
    }
}

on_fields! { every_length_and_width, what_is_not_small_is_refused }
