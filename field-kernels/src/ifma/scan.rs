//! Batch inversion, powers and running products: chains of products, one a lane.

use bytemuck::{Pod, Zeroable};

use super::elementwise::scale;
use super::lanes::{Scratch, Tight, scatter_words};
use super::word::Word;
use super::{Ifma, with_features};
use crate::scratch::{Carver, lines_of};
use crate::{FieldSpec, Fp};

/// Lanes of a register.
const LANES: usize = 8;

/// Registers of independent chains, so that one's latency hides behind the others' work.
pub(super) const CHAINS: usize = 2;

/// An array of what the expression is for each chain. Steps of two chains side by side keep the
/// CPU's window of instructions filled with work that does not wait for one another.
macro_rules! each_chain {
    ($chain:ident => $value:expr) => {
        [
            {
                const $chain: usize = 0;
                $value
            },
            {
                const $chain: usize = 1;
                $value
            },
        ]
    };
}

/// Chains in all.
const WIDTH: usize = CHAINS * LANES;

/// Elements that share an inversion: their running products fit the second-level cache.
const INVERTED_TOGETHER: usize = 2048;

#[inline(always)]
fn gather<S: FieldSpec>(token: Ifma, [a, b, c, d, e, f, g, h]: &[Fp<S>; LANES]) -> [Word; 4] {
    token.gather_words([a, b, c, d, e, f, g, h])
}

/// The inverses of all lanes, none of which is 0: values times 2^256, inverses times 2^260 and below
/// 16p.
#[inline(always)]
pub(super) fn invert_lanes<S: FieldSpec>(token: Ifma, values: [Tight<S>; CHAINS]) -> [Tight<S>; CHAINS] {
    let mut lanes = [[Fp::<S>::ZERO; LANES]; CHAINS];
    for (values, lanes) in values.iter().zip(&mut lanes) {
        *lanes = scatter_words(values.canonical().to_words());
    }
    invert_all(&mut lanes);
    let mut inverses = values;
    for (inverses, lanes) in inverses.iter_mut().zip(&lanes) {
        *inverses = Tight::from_words_shifted(gather(token, lanes));
    }
    inverses
}

#[inline(never)]
fn invert_all<S: FieldSpec>(lanes: &mut [[Fp<S>; LANES]; CHAINS]) {
    crate::scalar::scan::invert(lanes.as_flattened_mut(), &mut [Fp::ZERO; WIDTH]);
}

/// What the first pass over eight elements leaves for the second.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
struct Inverting {
    /// The products of the chain's elements before, times 2^256.
    products: Scratch,
    /// The elements that are 0, as bits.
    zeros: u8,
    padding: [u8; 63],
}

// SAFETY: integers, which may be zero.
unsafe impl Zeroable for Inverting {}
// SAFETY: integers of any value that fill all of it: what would be padding has a name.
unsafe impl Pod for Inverting {}

/// How many steps of all chains share an inversion of `len` elements.
fn steps(len: usize) -> usize {
    INVERTED_TOGETHER.min(len) / WIDTH
}

/// Lines of memory that the inversion of `len` elements takes.
pub(super) fn invert_lines(len: usize) -> usize {
    lines_of::<[Inverting; CHAINS]>(steps(len))
}

with_features! {
    /// Replaces each element by its inverse; zeros stay.
    pub(super) fn invert<S: FieldSpec>(token: Ifma, carver: &mut Carver<'_>, values: &mut [Fp<S>]) {
        let work = carver.cut::<[Inverting; CHAINS]>(steps(values.len()));
        let (whole, rest) = values.as_chunks_mut::<WIDTH>();
        let plain_one = token.splat_element(Fp::<S>::ONE);
        let shifted_one = token.splat_shifted(Fp::<S>::ONE);
        for batch in whole.chunks_mut(INVERTED_TOGETHER / WIDTH) {
            let mut products = [plain_one; CHAINS];
            for (values, work) in batch.iter().zip(work.iter_mut()) {
                let values = each_chain!(C => Tight::load_shifted(token, &values.as_chunks().0[C]));
                for chain in 0..CHAINS {
                    work[chain].zeros = values[chain].is_zero();
                    products[chain].to_scratch(&mut work[chain].products);
                }
                let factors = each_chain!(C => values[C].replace(work[C].zeros, shifted_one));
                // Below 2p times 16p.
                products = each_chain!(C => products[C].mul(factors[C]).carry());
            }
            let mut inverses = invert_lanes(token, products);
            for (values, work) in batch.iter_mut().zip(work.iter()).rev() {
                let values = values.as_chunks_mut::<LANES>().0;
                let factors = each_chain!(C => {
                    Tight::load_shifted(token, &values[C]).replace(work[C].zeros, shifted_one)
                });
                let before = each_chain!(C => Tight::from_scratch(token, &work[C].products));
                // Below 16p times 2p.
                let results = each_chain!(C => inverses[C].mul(before[C]).carry());
                inverses = each_chain!(C => inverses[C].mul(factors[C]).carry());
                for chain in 0..CHAINS {
                    results[chain].replace(work[chain].zeros, Tight::zero(token)).store(&mut values[chain]);
                }
            }
        }
        crate::scalar::scan::invert(rest, &mut [Fp::ZERO; WIDTH]);
    }
}

with_features! {
    /// out\[i\] = first·base^i.
    pub(super) fn powers<S: FieldSpec>(token: Ifma, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
        /// Chains of products, so that they do not wait for each other.
        const CHAINS: usize = 4;
        let mut start = [[Fp::ZERO; LANES]; CHAINS];
        let mut power = first;
        for value in start.as_flattened_mut() {
            *value = power;
            power *= base;
        }
        let step = token.splat_shifted(base.pow((CHAINS * LANES) as u64));
        let mut powers = [Tight::load(token, &start[0]); CHAINS];
        for (powers, start) in powers.iter_mut().zip(&start) {
            *powers = Tight::load(token, start);
        }
        for block in out.chunks_mut(CHAINS * LANES) {
            for (powers, out) in powers.iter_mut().zip(block.chunks_mut(LANES)) {
                match out.as_mut_array() {
                    Some(out) => powers.store(out),
                    None => {
                        let mut last = [Fp::ZERO; LANES];
                        powers.store(&mut last);
                        out.copy_from_slice(&last[..out.len()]);
                    }
                }
                // Below 2p·16p.
                *powers = powers.mul(step).carry();
            }
        }
    }
}

with_features! {
    /// values\[i\] *= first·base^i.
    pub(super) fn scale_by_powers<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>], base: Fp<S>, first: Fp<S>) {
        let mut power = first;
        let mut start = [[Fp::ZERO; LANES]; CHAINS];
        for value in start.as_flattened_mut() {
            *value = power;
            power *= base;
        }
        let step = token.splat_shifted(base.pow(WIDTH as u64));
        let mut powers = each_chain!(C => Tight::load_shifted(token, &start[C]));
        for block in values.chunks_mut(WIDTH) {
            for (powers, values) in powers.iter_mut().zip(block.chunks_mut(LANES)) {
                // Below 16p times p.
                match values.as_mut_array() {
                    Some(values) => Tight::load(token, values).mul(*powers).store(values),
                    None => {
                        let mut last = [Fp::ZERO; LANES];
                        last[..values.len()].copy_from_slice(values);
                        Tight::load(token, &last).mul(*powers).store(&mut last);
                        values.copy_from_slice(&last[..values.len()]);
                    }
                }
                // Below 16p times 16p the first time, which leaves less than 6p.
                *powers = powers.mul(step).carry();
            }
        }
    }
}

with_features! {
    /// Replaces each factor by the product of `first` and the factors before it, and returns the
    /// product of `first` and all factors.
    ///
    /// A lane is a segment of the factors: products within segments first, then each segment times
    /// what is before it.
    pub(super) fn running_product<S: FieldSpec>(token: Ifma, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S> {
        let len = factors.len() / WIDTH;
        if len < LANES {
            return crate::scalar::scan::running_product(factors, first);
        }
        let (segments, rest) = factors.split_at_mut(len * WIDTH);
        let mut products = [token.splat_element(Fp::<S>::ONE); CHAINS];
        for index in 0..len {
            for (chain, products) in products.iter_mut().enumerate() {
                let places = places(chain, len, index);
                let words = gather_places(token, segments, &places);
                // Below 2p; reduced in the second pass.
                scatter_places(*products, segments, &places);
                *products = products.mul(Tight::from_words_shifted(words)).carry();
            }
        }
        let mut total = first;
        let mut chunks = segments.chunks_exact_mut(len);
        for products in products {
            let lanes: [Fp<S>; LANES] = scatter_words(products.canonical().to_words());
            for (segment, product) in chunks.by_ref().take(LANES).zip(lanes) {
                scale(token, segment, total);
                total *= product;
            }
        }
        crate::scalar::scan::running_product(rest, total)
    }
}

/// Where the lanes of a chain are in their segments of `len` elements.
#[inline(always)]
fn places(chain: usize, len: usize, index: usize) -> [usize; LANES] {
    let mut places = [0; LANES];
    for (lane, place) in places.iter_mut().enumerate() {
        *place = (chain * LANES + lane) * len + index;
    }
    places
}

#[inline(always)]
fn gather_places<S>(token: Ifma, from: &[Fp<S>], places: &[usize; LANES]) -> [Word; 4] {
    let [a, b, c, d, e, f, g, h] = *places;
    token.gather_words([&from[a], &from[b], &from[c], &from[d], &from[e], &from[f], &from[g], &from[h]])
}

#[inline(always)]
fn scatter_places<S: FieldSpec>(values: Tight<S>, to: &mut [Fp<S>], places: &[usize; LANES]) {
    for (place, value) in places.iter().zip(scatter_words(values.to_words())) {
        to[*place] = value;
    }
}

with_features! {
    /// Divides by X - `root` as `scalar::scan::divide_by_linear` does.
    ///
    /// A lane is a segment of the coefficients: quotients of the segments first, as if nothing came
    /// from above; then what comes from above, times a power of the root.
    pub(super) fn divide_by_linear<S: FieldSpec>(token: Ifma, poly: &mut [Fp<S>], root: Fp<S>) -> Fp<S> {
        let len = poly.len() / WIDTH;
        if len < LANES {
            return crate::scalar::scan::divide_by_linear(poly, root, Fp::ZERO);
        }
        let (segments, rest) = poly.split_at_mut(len * WIDTH);
        let mut incoming = crate::scalar::scan::divide_by_linear(rest, root, Fp::ZERO);
        let factor = token.splat_shifted(root);
        let mut carries = [Tight::<S>::zero(token); CHAINS];
        for index in (0..len).rev() {
            for (chain, carry) in carries.iter_mut().enumerate() {
                let places = places(chain, len, index);
                let coefficient = Tight::from_words(gather_places(token, segments, &places));
                // Below 3p; reduced in the second pass.
                scatter_places(*carry, segments, &places);
                *carry = (carry.mul(factor) + coefficient.loose()).carry();
            }
        }
        let over_segment = root.pow(len as u64);
        let mut lanes = [[Fp::ZERO; LANES]; CHAINS];
        for (carries, lanes) in carries.iter().zip(&mut lanes) {
            *lanes = scatter_words(carries.canonical().to_words());
        }
        for carry in lanes.as_flattened_mut().iter_mut().rev() {
            (*carry, incoming) = (incoming, *carry + over_segment * incoming);
        }
        let carries = each_chain!(C => Tight::from_words_shifted(gather(token, &lanes[C])));
        let mut power = Fp::ONE;
        for index in (0..len).rev() {
            let factor = token.splat_element(power);
            for (chain, carry) in carries.iter().enumerate() {
                let places = places(chain, len, index);
                let quotient = Tight::from_words(gather_places(token, segments, &places));
                scatter_places((quotient.loose() + carry.mul(factor)).canonical(), segments, &places);
            }
            power *= root;
        }
        incoming
    }
}
