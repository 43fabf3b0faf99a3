//! Transforms of eight columns of a matrix at a time.
//!
//! n coefficients are a matrix of n = rows·columns elements, row by row. Its columns are transformed,
//! then multiplied by twiddles, then its rows are transformed, which leaves the values transposed
//! (Bailey, "FFTs in external or hierarchical memory", 1990). The lanes of a register are eight
//! columns, or eight rows, so no step moves data between lanes but for the transpositions on loading
//! and storing, which also put everything in natural order. A shift of the coset and the factor 1/n
//! of the inverse are folded into twiddles.
//!
//! Within a column or row, layers split X^(2t) - r² into X^t - r and X^t + r as in
//! `ntt/transform.rs`, two layers at a time.

use std::borrow::Cow;

use parhelion_scheduler::{Executor, ExecutorExt, checkpoint};

use super::field::split;
use super::lanes::{Loose, Scratch, Tight};
use super::vector::combine;
use super::{Ifma, with_features};
use crate::contract::Elementwise;
use crate::ntt::{Kind, bit_reversed_powers};
use crate::poly::powers;
use crate::scalar::prefetch;
use crate::{Domain, FieldSpec, Fp};

/// Smaller transforms than 2^MIN_K have no matrix of at least eight rows and columns.
pub(crate) const MIN_K: u32 = 6;

/// Bits of the longest row or column. Values grow by 2p in each of its layers, and must stay below
/// 2^260, which is 63p at least.
const MAX_SIDE: u32 = 13;

/// Lanes of a register.
const LANES: usize = 8;

/// Which way a transform goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    /// Coefficients to values.
    Forward,
    /// Values to coefficients, 1/n included.
    Inverse,
}

/// The twiddles of one kind of transform.
#[derive(Clone, Debug)]
pub(crate) struct Plan<S: FieldSpec> {
    rows: usize,
    columns: usize,
    /// Of the layers over a column. Layer by layer, and within a layer by block: m - 1 + b is that of
    /// block b out of m. In limbs of 52 bits, times 2^260.
    down: Vec<[u64; 5]>,
    /// Of the layers over a row.
    across: Vec<[u64; 5]>,
    /// Whether `down` is that of a coset, so that even the first twiddle is not 1.
    shifted: bool,
    /// Between the two, times 2^260: for each group of eight columns, those of the rows in the order
    /// in which the layers leave them.
    between: Vec<Fp<S>>,
}

/// 16·value, so that in memory it is value·2^260.
fn shifted_form<S: FieldSpec>(value: Fp<S>) -> Fp<S> {
    value.double().double().double().double()
}

/// The twiddles of all layers of a transform of size 2^k, from those of its last layer: layer l's are
/// the first 2^l, times powers\[l\] if there are some.
fn layers<S: FieldSpec>(k: u32, last: &[Fp<S>], factor: impl Fn(u32) -> Fp<S>) -> Vec<[u64; 5]> {
    (0..k)
        .flat_map(|layer| {
            let factor = shifted_form(factor(layer));
            last[..1 << layer].iter().map(move |twiddle| split((*twiddle * factor).0))
        })
        .collect()
}

impl<S: FieldSpec> Plan<S> {
    /// The plan for a domain of at least 2^[`MIN_K`] points.
    pub(crate) fn new(domain: &Domain<S>, direction: Direction) -> Self {
        let (down_k, across_k) = (domain.k().div_ceil(2), domain.k() / 2);
        let (rows, columns) = (1usize << down_k, 1usize << across_k);
        assert!(domain.k() >= MIN_K && down_k <= MAX_SIDE, "2^{} points have no plan", domain.k());
        let (omega, factor) = match direction {
            Direction::Forward => (domain.omega(), Fp::ONE),
            Direction::Inverse => (domain.omega_inv(), domain.size_inv()),
        };
        let twiddles = bit_reversed_powers(omega.pow((domain.size() >> down_k) as u64), down_k);
        // In row j1 and column i2: omega^(j1·i2).
        let mut between = vec![Fp::ZERO; domain.size()];
        let by_column: Vec<Fp<S>> =
            std::iter::successors(Some(Fp::ONE), |power| Some(*power * omega)).take(columns).collect();
        let groups = between.chunks_exact_mut(rows * LANES).zip(by_column.chunks_exact(LANES));
        for (group, steps) in groups {
            let mut powers = [shifted_form(factor); LANES];
            for row in 0..rows {
                let position = reverse(row, down_k) * LANES;
                group[position..position + LANES].copy_from_slice(&powers);
                powers.iter_mut().zip(steps).for_each(|(power, step)| *power *= *step);
            }
        }
        let down = layers(down_k, &twiddles, |_| Fp::ONE);
        let across = layers(across_k, &twiddles, |_| Fp::ONE);
        Self { rows, columns, down, across, shifted: false, between }
    }

    /// The plan of the same transform for coefficients of f(shift·X).
    pub(crate) fn on_coset(&self, token: Ifma, domain: &Domain<S>, shift: Fp<S>) -> Self {
        let down_k = self.rows.trailing_zeros();
        // A column is a polynomial in shift^columns·X; the rest of the shift is one factor a column.
        let shift_down = shift.pow(self.columns as u64);
        let down = layers(down_k, domain.twiddles(), |layer| shift_down.pow(1 << (down_k - 1 - layer)));
        let by_column: Vec<Fp<S>> =
            std::iter::successors(Some(Fp::ONE), |power| Some(*power * shift)).take(self.columns).collect();
        let mut between = vec![Fp::ZERO; self.between.len()];
        scale_groups(token, &self.between, self.rows, &by_column, &mut between);
        Self { down, across: self.across.clone(), shifted: true, between, ..*self }
    }
}

/// The reverse of the low `bits` bits.
fn reverse(index: usize, bits: u32) -> usize {
    if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS - bits) }
}

with_features! {
    /// out = from, each column times its factor, in the layout of [`Plan::between`].
    fn scale_groups<S: FieldSpec>(token: Ifma, from: &[Fp<S>], rows: usize, factors: &[Fp<S>], out: &mut [Fp<S>]) {
        let groups = from.chunks_exact(rows * LANES).zip(out.chunks_exact_mut(rows * LANES));
        for ((from, out), factors) in groups.zip(factors.as_chunks().0) {
            let factors = Tight::load_shifted(token, factors);
            for (from, out) in from.as_chunks().0.iter().zip(out.as_chunks_mut().0) {
                Tight::load(token, from).mul(factors).store(out);
            }
        }
    }
}

/// A kind of transform with its tables.
#[derive(Debug)]
pub(crate) enum Transform<'a, S: FieldSpec> {
    /// Too small for a plan.
    Small(crate::ntt::Transform<'a, S>),
    /// By plan, then each value times a factor if there are some.
    Planned(Cow<'a, Plan<S>>, Vec<Fp<S>>),
}

impl<'a, S: FieldSpec> Transform<'a, S> {
    pub(super) fn new(token: Ifma, executor: &dyn Executor, domain: &'a Domain<S>, kind: Kind<S>) -> Self {
        if domain.k() < MIN_K || domain.k() > 2 * MAX_SIDE {
            return Self::Small(crate::ntt::Transform::new(executor, domain, kind));
        }
        match kind {
            Kind::Forward => Self::Planned(Cow::Borrowed(domain.plan(Direction::Forward)), Vec::new()),
            Kind::Inverse => Self::Planned(Cow::Borrowed(domain.plan(Direction::Inverse)), Vec::new()),
            Kind::ForwardOnCoset(shift) => {
                let plan = domain.plan(Direction::Forward).on_coset(token, domain, shift);
                Self::Planned(Cow::Owned(plan), Vec::new())
            }
            Kind::InverseOnCoset(shift_inv) => {
                let mut factors = vec![Fp::ZERO; domain.size()];
                powers(token, executor, shift_inv, Fp::ONE, &mut factors);
                Self::Planned(Cow::Borrowed(domain.plan(Direction::Inverse)), factors)
            }
        }
    }

    /// Transforms `from`, or what `out` holds if there is none, into `out`.
    pub(super) fn run(
        &self,
        token: Ifma,
        executor: &dyn Executor,
        from: Option<&[Fp<S>]>,
        out: &mut [Fp<S>],
        workspace: &mut Workspace<S>,
    ) {
        match self {
            Self::Small(transform) => transform.run(executor, from, out),
            Self::Planned(plan, factors) => {
                transform(token, executor, plan, from, out, workspace);
                if !factors.is_empty() {
                    combine(token, out, factors, Elementwise::Mul);
                }
            }
        }
    }
}

/// Working memory of [`transform`].
#[derive(Debug)]
pub(crate) struct Workspace<S: FieldSpec> {
    /// The matrix between the two steps: for each group of eight columns, its rows.
    between: Vec<Fp<S>>,
}

impl<S: FieldSpec> Default for Workspace<S> {
    fn default() -> Self {
        Self { between: Vec::new() }
    }
}

/// Somewhere to store the elements of a matrix from several threads.
struct Matrix<S>(*mut Fp<S>);

// SAFETY: the pointer is only used by `transform`, which lets each thread write other elements.
unsafe impl<S: Sync> Sync for Matrix<S> {}

/// Transforms `from`, or what `out` holds if there is none, into `out`.
pub(super) fn transform<S: FieldSpec>(
    token: Ifma,
    executor: &dyn Executor,
    plan: &Plan<S>,
    from: Option<&[Fp<S>]>,
    out: &mut [Fp<S>],
    workspace: &mut Workspace<S>,
) {
    let size = plan.rows * plan.columns;
    assert!(out.len() == size && from.is_none_or(|from| from.len() == size), "{size} points");
    workspace.between.resize(size, Fp::ZERO);
    let between = &mut workspace.between[..size];

    let input = from.unwrap_or(out);
    let tasks = if executor.threads() == 1 { 1 } else { 4 * executor.threads() };
    let groups = (plan.columns / LANES).div_ceil(tasks);
    executor.for_each_chunk_mut(between, groups * plan.rows * LANES, |task, chunk| {
        let mut column = vec![Scratch::default(); plan.rows];
        for (index, group) in chunk.chunks_exact_mut(plan.rows * LANES).enumerate() {
            checkpoint();
            transform_columns(token, plan, input, task * groups + index, &mut column, group);
        }
    });

    let between = &*between;
    let matrix = Matrix(out.as_mut_ptr());
    let groups = (plan.rows / LANES).div_ceil(tasks);
    executor.run((plan.rows / LANES).div_ceil(groups), &|task| {
        let matrix = &matrix;
        let mut row = vec![Scratch::default(); plan.columns];
        for group in task * groups..((task + 1) * groups).min(plan.rows / LANES) {
            checkpoint();
            // SAFETY: `out` is borrowed mutably for as long as this runs and has `size` elements; each
            // group is done once, and groups write different elements.
            unsafe { transform_rows(token, plan, between, group, &mut row, matrix.0) };
        }
    });
}

with_features! {
    /// Transforms eight columns of the matrix `input` and multiplies by the twiddles between.
    fn transform_columns<S: FieldSpec>(
        token: Ifma,
        plan: &Plan<S>,
        input: &[Fp<S>],
        group: usize,
        column: &mut [Scratch],
        out: &mut [Fp<S>],
    ) {
        let rows = input.as_chunks::<LANES>().0;
        let stride = plan.columns / LANES;
        for (row, slot) in column.iter_mut().enumerate() {
            Tight::<S>::load(token, &rows[row * stride + group]).loose().to_scratch(slot);
        }
        all_layers::<S>(token, column, &plan.down, plan.shifted);
        let twiddles = plan.between[group * out.len()..].as_chunks::<LANES>().0;
        let bits = plan.rows.trailing_zeros();
        let out = out.as_chunks_mut::<LANES>().0;
        for (position, (value, twiddle)) in column.iter().zip(twiddles).enumerate() {
            // The rows are too far apart for the CPU to foresee the next group.
            prefetch_eight(rows.get(position * stride + group + 1));
            let value = Loose::<S>::from_scratch(token, value).carry();
            let product = value.mul(Tight::load(token, twiddle)).carry();
            // Below 2p.
            product.store_unreduced(&mut out[reverse(position, bits)]);
        }
    }
}

with_features! {
    /// Transforms eight rows and stores them as eight columns of `out`.
    ///
    /// # Safety
    /// `out` must be valid for writes of as many elements as `between` has, and nothing else may access
    /// elements i with i mod rows in 8·group..8·group + 8 meanwhile.
    unsafe fn transform_rows<S: FieldSpec>(
        token: Ifma,
        plan: &Plan<S>,
        between: &[Fp<S>],
        group: usize,
        row: &mut [Scratch],
        out: *mut Fp<S>,
    ) {
        let blocks = between.chunks_exact(plan.rows * LANES).zip(row.as_chunks_mut::<LANES>().0);
        for (block, slots) in blocks {
            let rows = block[group * LANES * LANES..].first_chunk::<{ LANES * LANES }>();
            let Some(rows) = rows else { unreachable!("a block has all rows") };
            for (column, slot) in slots.iter_mut().enumerate() {
                Tight::<S>::from_words(token.load_column(rows, column)).loose().to_scratch(slot);
            }
        }
        all_layers::<S>(token, row, &plan.across, false);
        let bits = plan.columns.trailing_zeros();
        for (position, value) in row.iter().enumerate() {
            let next = (position / LANES * plan.rows + (group + 1) * LANES) * LANES + position % LANES * LANES;
            prefetch_eight(between.get(next..).and_then(<[_]>::first_chunk));
            let value = Loose::<S>::from_scratch(token, value).carry();
            let start = reverse(position, bits) * plan.rows + group * LANES;
            // SAFETY: start + 8 is at most rows·columns, and these are elements of this group.
            let eight = unsafe { &mut *out.add(start).cast::<[Fp<S>; LANES]>() };
            value.store(eight);
        }
    }
}

/// Asks for eight elements.
#[inline(always)]
fn prefetch_eight<S: FieldSpec>(eight: Option<&[Fp<S>; LANES]>) {
    if let Some(eight) = eight {
        eight.iter().step_by(2).for_each(prefetch);
    }
}

/// All layers over the values of `column`, which are tight and below 2p. Leaves them below 2p for each
/// layer and 4p more, in bit-reversed order.
#[inline(always)]
fn all_layers<S: FieldSpec>(token: Ifma, column: &mut [Scratch], twiddles: &[[u64; 5]], shifted: bool) {
    let (mut blocks, mut len) = (1, column.len());
    if !shifted {
        // Block 1 of the second layer.
        let quarter_turn = token.splat_limbs(twiddles[2]);
        first_layers::<S>(token, column, quarter_turn);
        (blocks, len) = (4, len / 4);
    }
    while len >= 4 {
        for (index, block) in column.chunks_exact_mut(len).enumerate() {
            let first = token.splat_limbs(twiddles[blocks - 1 + index]);
            let left = token.splat_limbs(twiddles[2 * blocks - 1 + 2 * index]);
            let right = token.splat_limbs(twiddles[2 * blocks + 2 * index]);
            two_layers::<S>(token, block, first, left, right);
        }
        (blocks, len) = (4 * blocks, len / 4);
    }
    if len == 2 {
        for (pair, twiddle) in column.as_chunks_mut::<2>().0.iter_mut().zip(&twiddles[blocks - 1..]) {
            let [u, v] = pair;
            let product = Loose::<S>::from_scratch(token, v).carry().mul(token.splat_limbs(*twiddle));
            let upper = Loose::from_scratch(token, u);
            (upper + product).to_scratch(u);
            (upper - product).plus_modulus::<2>().to_scratch(v);
        }
    }
}

/// The first two layers, whose twiddles are 1 but for one.
#[inline(always)]
fn first_layers<S: FieldSpec>(token: Ifma, column: &mut [Scratch], quarter_turn: Tight<S>) {
    let quarter = column.len() / 4;
    let (upper, lower) = column.split_at_mut(2 * quarter);
    let ((a, b), (c, d)) = (upper.split_at_mut(quarter), lower.split_at_mut(quarter));
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let [u, v, w, x] = [&*a, &*b, &*c, &*d].map(|slot| Loose::<S>::from_scratch(token, slot));
        let turned = (v - x).plus_modulus::<2>().carry().mul(quarter_turn);
        let (even, odd, difference) = (u + w, v + x, (u - w).plus_modulus::<2>());
        (even + odd).to_scratch(a);
        (even - odd).plus_modulus::<4>().to_scratch(b);
        (difference + turned).to_scratch(c);
        (difference - turned).plus_modulus::<2>().to_scratch(d);
    }
}

/// Two layers over a block, which split it in four.
#[inline(always)]
fn two_layers<S: FieldSpec>(
    token: Ifma,
    block: &mut [Scratch],
    first: Tight<S>,
    left: Tight<S>,
    right: Tight<S>,
) {
    let quarter = block.len() / 4;
    let (upper, lower) = block.split_at_mut(2 * quarter);
    let ((a, b), (c, d)) = (upper.split_at_mut(quarter), lower.split_at_mut(quarter));
    for (((a, b), c), d) in a.iter_mut().zip(b).zip(c).zip(d) {
        let w = Loose::<S>::from_scratch(token, c).carry().mul(first);
        let x = Loose::<S>::from_scratch(token, d).carry().mul(first);
        let (u, v) = (Loose::from_scratch(token, a), Loose::from_scratch(token, b));
        let odd_sum = (v + x).carry().mul(left);
        let odd_difference = (v - x).plus_modulus::<2>().carry().mul(right);
        let (sum, difference) = (u + w, (u - w).plus_modulus::<2>());
        (sum + odd_sum).to_scratch(a);
        (sum - odd_sum).plus_modulus::<2>().to_scratch(b);
        (difference + odd_difference).to_scratch(c);
        (difference - odd_difference).plus_modulus::<2>().to_scratch(d);
    }
}
