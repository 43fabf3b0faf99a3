//! Element-wise operations.

use super::field::split;
use super::lanes::{Factor, Loose, Products, Tight, Writer};
use super::{Ifma, with_features};
use crate::contract::Elementwise;
use crate::{FieldSpec, Fp};

/// Lanes of a register.
const LANES: usize = 8;

/// Eight neighbours.
type Eight<S> = [Fp<S>; LANES];

/// Splits into whole eights, and what is left filled up with zeros.
#[inline(always)]
pub(super) fn padded<S>(values: &[Fp<S>]) -> (&[Eight<S>], Eight<S>) {
    let (eights, rest) = values.as_chunks::<LANES>();
    let mut last = [Fp::ZERO; LANES];
    last[..rest.len()].copy_from_slice(rest);
    (eights, last)
}

/// The limbs of value·2^260, reduced.
pub(super) fn shifted_limbs<S: FieldSpec>(value: Fp<S>) -> [u64; 5] {
    split(value.double().double().double().double().0)
}

/// Sums or differences of elements and others, most probably of 0 to p.
trait Add<S: FieldSpec>: Copy {
    fn apply(self, a: Tight<S>, b: Tight<S>) -> Loose<S>;
}

/// a + b
#[derive(Clone, Copy)]
struct Sum;

impl<S: FieldSpec> Add<S> for Sum {
    #[inline(always)]
    fn apply(self, a: Tight<S>, b: Tight<S>) -> Loose<S> {
        (a.loose() + b.loose()).minus_modulus_where_beyond()
    }
}

/// a - b
#[derive(Clone, Copy)]
struct Difference;

impl<S: FieldSpec> Add<S> for Difference {
    #[inline(always)]
    fn apply(self, a: Tight<S>, b: Tight<S>) -> Loose<S> {
        (a.loose() - b.loose()).plus_modulus_where_negative()
    }
}

with_features! {
    /// Replaces each element of `acc` by its sum with that of `rhs`, or the difference.
    fn add<S: FieldSpec, A: Add<S>>(token: Ifma, acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: A) {
        let mut last = padded(acc).1;
        let (others, last_other) = padded(rhs);
        let (eights, rest) = acc.as_chunks_mut::<LANES>();
        let mut writer = Writer::new(token);
        let count = eights.len() + usize::from(!rest.is_empty());
        for (eight, other) in eights.iter_mut().zip(others).chain([(&mut last, &last_other)]).take(count) {
            let sum = operation.apply(Tight::load(token, eight), Tight::load(token, other));
            writer.write(sum.to_words(), eight);
        }
        writer.settle(eights);
        writer.settle(std::slice::from_mut(&mut last));
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

/// A value times 2^260 and two factors, whose product is added to it and the sum divided by 2^260: by then 0 to
/// a little more than 2p.
type Terms<S> = (Products<S>, Factor<S>, Factor<S>);

/// What becomes of eight elements a and eight others b.
trait Multiply<S: FieldSpec>: Copy {
    fn load(self, token: Ifma, a: &Eight<S>, b: &Eight<S>) -> Terms<S>;
}

/// a·b
#[derive(Clone, Copy)]
struct Product;

impl<S: FieldSpec> Multiply<S> for Product {
    #[inline(always)]
    fn load(self, token: Ifma, a: &Eight<S>, b: &Eight<S>) -> Terms<S> {
        (Products::none(token), Factor::load_times_16(token, a), Factor::load(token, b))
    }
}

/// a²
#[derive(Clone, Copy)]
struct Square;

impl<S: FieldSpec> Multiply<S> for Square {
    #[inline(always)]
    fn load(self, token: Ifma, a: &Eight<S>, _: &Eight<S>) -> Terms<S> {
        Product.load(token, a, a)
    }
}

/// a·factor, for a factor times 2^260.
#[derive(Clone, Copy)]
struct Scaled<S>(Tight<S>);

impl<S: FieldSpec> Multiply<S> for Scaled<S> {
    #[inline(always)]
    fn load(self, token: Ifma, a: &Eight<S>, _: &Eight<S>) -> Terms<S> {
        (Products::none(token), Factor::load(token, a), self.0.into())
    }
}

/// a + b·factor, for a factor times 2^260.
#[derive(Clone, Copy)]
struct PlusScaled<S>(Tight<S>);

impl<S: FieldSpec> Multiply<S> for PlusScaled<S> {
    #[inline(always)]
    fn load(self, token: Ifma, a: &Eight<S>, b: &Eight<S>) -> Terms<S> {
        (Products::of_shifted(Tight::load(token, a)), Factor::load(token, b), self.0.into())
    }
}

/// a·factor + b, for a factor times 2^260.
#[derive(Clone, Copy)]
struct ScaledPlus<S>(Tight<S>);

impl<S: FieldSpec> Multiply<S> for ScaledPlus<S> {
    #[inline(always)]
    fn load(self, token: Ifma, a: &Eight<S>, b: &Eight<S>) -> Terms<S> {
        PlusScaled(self.0).load(token, b, a)
    }
}

/// Rounds that eight products take: rows, reduction, the way to memory.
const ROUNDS: usize = 3;

with_features! {
    /// Replaces each element of `acc` by what becomes of it and of that of `rhs`, which may be empty if nothing does.
    ///
    /// The steps of a product wait for each other some four times as long as the multipliers are busy with it, and the CPU
    /// does not look far enough ahead to find work for them in later products. So three eights are on their way at a time,
    /// one in each round, and take turns. No branch parts their steps: what is still off by p is settled at the end.
    fn multiply<S: FieldSpec, M: Multiply<S>>(token: Ifma, acc: &mut [Fp<S>], rhs: &[Fp<S>], map: M) {
        let (mut last, mut nowhere) = (padded(acc).1, [Fp::ZERO; LANES]);
        let (others, last_other) = padded(rhs);
        let (eights, rest) = acc.as_chunks_mut::<LANES>();
        let count = eights.len() + usize::from(!rest.is_empty());

        let mut writer = Writer::new(token);
        let (mut first, mut second) = (Tight::<S>::zero(token).loose(), Products::<S>::none(token));
        for round in 0..count + ROUNDS - 1 {
            // The last rounds have nothing to begin with any more, and do not need what they load.
            let (a, b) = (eights.get(round).unwrap_or(&last), others.get(round).unwrap_or(&last_other));
            let (mut third, a, b) = map.load(token, a, b);
            let to = match round.checked_sub(ROUNDS - 1) {
                Some(index) => eights.get_mut(index).unwrap_or(&mut last),
                None => &mut nowhere,
            };

            let first_below_p = first.minus_modulus_where_beyond();
            second.reduce_step::<0>();
            let first_tight = first_below_p.carry();
            second.reduce_step::<1>();
            let first_words = first_tight.to_words();
            second.reduce_step::<2>();
            third.add_row::<0>(a, b);
            writer.write(first_words, to);
            second.reduce_step::<3>();
            third.add_row::<1>(a, b);
            second.reduce_step::<4>();
            third.add_row::<2>(a, b);
            third.add_row::<3>(a, b);
            third.add_row::<4>(a, b);
            (first, second) = (second.reduced(), third);
        }
        writer.settle(eights);
        writer.settle(std::slice::from_mut(&mut last));
        rest.copy_from_slice(&last[..rest.len()]);
    }
}

with_features! {
    /// `value`·2^260, reduced.
    fn shifted_factor<S: FieldSpec>(token: Ifma, value: Fp<S>) -> Tight<S> {
        token.splat_limbs(shifted_limbs(value))
    }
}

/// Elements that are settled together, while they are still in a near cache.
const PIECE: usize = 2048;

/// acc\[i\] = acc\[i\] (operation) rhs\[i\].
pub(super) fn combine<S: FieldSpec>(
    token: Ifma,
    acc: &mut [Fp<S>],
    rhs: &[Fp<S>],
    operation: Elementwise<S>,
) {
    let factor = |by| shifted_factor(token, by);
    for (acc, rhs) in acc.chunks_mut(PIECE).zip(rhs.chunks(PIECE)) {
        match operation {
            Elementwise::Add => add(token, acc, rhs, Sum),
            Elementwise::Sub => add(token, acc, rhs, Difference),
            Elementwise::Mul => multiply(token, acc, rhs, Product),
            Elementwise::AddScaled(by) => multiply(token, acc, rhs, PlusScaled(factor(by))),
            Elementwise::HornerStep(by) => multiply(token, acc, rhs, ScaledPlus(factor(by))),
        }
    }
}

/// values\[i\] *= by.
pub(super) fn scale<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>], by: Fp<S>) {
    let factor = Scaled(shifted_factor(token, by));
    for piece in values.chunks_mut(PIECE) {
        multiply(token, piece, &[], factor);
    }
}

/// values\[i\] = values\[i\]².
pub(super) fn square<S: FieldSpec>(token: Ifma, values: &mut [Fp<S>]) {
    for piece in values.chunks_mut(PIECE) {
        multiply(token, piece, &[], Square);
    }
}
