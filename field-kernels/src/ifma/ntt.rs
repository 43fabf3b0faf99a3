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

use std::sync::atomic::AtomicUsize;

use parhelion_scheduler::{Executor, ExecutorExt, checkpoint};

use super::field::split;
use super::lanes::{Loose, Scratch, Tight};
use super::scan::scale_by_powers;
use super::{Ifma, with_features};
use crate::ntt::{Kind, bit_reversed_powers};
use crate::parallel::{claim, for_each_chunk_mut};
use crate::scalar::prefetch;
use crate::scratch::{Carver, lines_of};
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
    /// Between the two, times 2^260: for each group of eight columns, those of the rows in the order
    /// in which the layers leave them.
    between: Vec<Fp<S>>,
}

/// 16·value, so that in memory it is value·2^260.
fn shifted_form<S: FieldSpec>(value: Fp<S>) -> Fp<S> {
    value.double().double().double().double()
}

/// The twiddles of all layers of a transform of size 2^k, 2^k - 1 in all, from those of its last layer: layer l's
/// are the first 2^l, times factor(l).
fn layers<S: FieldSpec>(k: u32, last: &[Fp<S>], factor: impl Fn(u32) -> Fp<S>, out: &mut [[u64; 5]]) {
    let mut rest = out;
    for layer in 0..k {
        let (here, others) = rest.split_at_mut(1 << layer);
        rest = others;
        let factor = shifted_form(factor(layer));
        here.iter_mut().zip(last).for_each(|(to, twiddle)| *to = split((*twiddle * factor).0));
    }
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
        let [down, across] = [down_k, across_k].map(|k| {
            let mut all = vec![[0; 5]; (1 << k) - 1];
            layers(k, &twiddles, |_| Fp::ONE, &mut all);
            all
        });
        Self { rows, columns, down, across, between }
    }
}

/// The tables of one kind of transform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tables<'a, S: FieldSpec> {
    plan: &'a Plan<S>,
    down: &'a [[u64; 5]],
    across: &'a [[u64; 5]],
    /// Whether these are of a coset, so that even the first twiddles are not 1.
    shifted: bool,
}

impl<'a, S: FieldSpec> Tables<'a, S> {
    fn new(plan: &'a Plan<S>) -> Self {
        Self { plan, down: &plan.down, across: &plan.across, shifted: false }
    }

    /// For the values of f(shift·X). A column is a polynomial in shift^columns·X, a row one in shift·X.
    fn on_coset(carver: &mut Carver<'a>, domain: &'a Domain<S>, shift: Fp<S>) -> Self {
        let plan = domain.plan(Direction::Forward);
        let sides = [(plan.rows, shift.pow(plan.columns as u64)), (plan.columns, shift)];
        let [down, across] = sides.map(|(size, shift)| {
            let (k, all) = (size.trailing_zeros(), carver.cut(size - 1));
            layers(k, domain.twiddles(), |layer| shift.pow(1 << (k - 1 - layer)), all);
            &*all
        });
        Self { plan, down, across, shifted: true }
    }
}

/// The reverse of the low `bits` bits.
fn reverse(index: usize, bits: u32) -> usize {
    if bits == 0 { 0 } else { index.reverse_bits() >> (usize::BITS - bits) }
}

/// A kind of transform with its tables.
#[derive(Debug)]
pub(crate) enum Transform<'a, S: FieldSpec> {
    /// Too small for a plan.
    Small(crate::ntt::Transform<'a, S>),
    /// By plan, then value i times the power i of an element if there is one.
    Planned(Tables<'a, S>, Option<Fp<S>>),
}

/// Whether there is a plan for a domain.
fn has_plan<S: FieldSpec>(domain: &Domain<S>) -> bool {
    (MIN_K..=2 * MAX_SIDE).contains(&domain.k())
}

/// Lines of memory that the tables of a transform take.
pub(super) fn table_lines<S: FieldSpec>(domain: &Domain<S>, kind: Kind<S>) -> usize {
    if !has_plan(domain) {
        return crate::ntt::Transform::lines(domain, kind);
    }
    match kind {
        Kind::ForwardOnCoset(_) => {
            let sides = [domain.k().div_ceil(2), domain.k() / 2];
            sides.map(|k| lines_of::<[u64; 5]>((1 << k) - 1)).iter().sum()
        }
        _ => 0,
    }
}

impl<'a, S: FieldSpec> Transform<'a, S> {
    pub(super) fn new(
        executor: &dyn Executor,
        carver: &mut Carver<'a>,
        domain: &'a Domain<S>,
        kind: Kind<S>,
    ) -> Self {
        if !has_plan(domain) {
            return Self::Small(crate::ntt::Transform::new(executor, carver, domain, kind));
        }
        let plan = |direction| Tables::new(domain.plan(direction));
        match kind {
            Kind::Forward => Self::Planned(plan(Direction::Forward), None),
            Kind::Inverse => Self::Planned(plan(Direction::Inverse), None),
            Kind::ForwardOnCoset(shift) => Self::Planned(Tables::on_coset(carver, domain, shift), None),
            Kind::InverseOnCoset(shift_inv) => Self::Planned(plan(Direction::Inverse), Some(shift_inv)),
        }
    }

    /// Transforms `from`, or what `out` holds if there is none, into `out`.
    pub(super) fn run(
        &self,
        token: Ifma,
        executor: &dyn Executor,
        scratch: &crate::Scratch,
        from: Option<&[Fp<S>]>,
        out: &mut [Fp<S>],
    ) {
        match self {
            Self::Small(transform) => transform.run(executor, from, out),
            Self::Planned(tables, base) => {
                transform(token, executor, scratch, tables, from, out);
                let Some(base) = *base else { return };
                let len = executor.chunk_len(out.len(), tables.plan.rows);
                for_each_chunk_mut(executor, out, len, |index, out| {
                    scale_by_powers(token, out, base, base.pow((index * len) as u64));
                });
            }
        }
    }
}

/// Somewhere to store the elements of a matrix from several threads.
struct Matrix<S>(*mut Fp<S>);

// SAFETY: the pointer is only used by `transform`, which lets each thread write other elements.
unsafe impl<S: Sync> Sync for Matrix<S> {}

/// Transforms `from`, or what `out` holds if there is none, into `out`.
fn transform<S: FieldSpec>(
    token: Ifma,
    executor: &dyn Executor,
    scratch: &crate::Scratch,
    tables: &Tables<'_, S>,
    from: Option<&[Fp<S>]>,
    out: &mut [Fp<S>],
) {
    let plan = tables.plan;
    let size = plan.rows * plan.columns;
    assert!(out.len() == size && from.is_none_or(|from| from.len() == size), "{size} points");
    // The matrix between the two steps: for each group of eight columns, its rows.
    let mut between = scratch.lend(lines_of::<Fp<S>>(size));
    let between: &mut [Fp<S>] = between.carver().cut(size);

    let input = from.unwrap_or(out);
    let tasks = if executor.threads() == 1 { 1 } else { 4 * executor.threads() };
    let groups = (plan.columns / LANES).div_ceil(tasks);
    for_each_chunk_mut(executor, between, groups * plan.rows * LANES, |task, chunk| {
        scratch.with(lines_of::<Scratch>(plan.rows), |carver| {
            let column = carver.cut(plan.rows);
            for (index, group) in chunk.chunks_exact_mut(plan.rows * LANES).enumerate() {
                checkpoint();
                transform_columns(token, tables, input, task * groups + index, column, group);
            }
        });
    });

    let between = &*between;
    let matrix = Matrix(out.as_mut_ptr());
    let groups = (plan.rows / LANES).div_ceil(tasks);
    let (next, count) = (AtomicUsize::new(0), (plan.rows / LANES).div_ceil(groups));
    executor.run(count, &|_| {
        let (matrix, Some(task)) = (&matrix, claim(&next, count)) else { return };
        scratch.with(lines_of::<Scratch>(plan.columns), |carver| {
            let row = carver.cut(plan.columns);
            for group in task * groups..((task + 1) * groups).min(plan.rows / LANES) {
                checkpoint();
                // SAFETY: `out` is borrowed mutably for as long as this runs and has `size` elements; each
                // task is claimed once, so each group is done once, and groups write different elements.
                unsafe { transform_rows(token, tables, between, group, row, matrix.0) };
            }
        });
    });
}

with_features! {
    /// Transforms eight columns of the matrix `input` and multiplies by the twiddles between.
    fn transform_columns<S: FieldSpec>(
        token: Ifma,
        tables: &Tables<'_, S>,
        input: &[Fp<S>],
        group: usize,
        column: &mut [Scratch],
        out: &mut [Fp<S>],
    ) {
        let plan = tables.plan;
        let rows = input.as_chunks::<LANES>().0;
        let stride = plan.columns / LANES;
        for (row, slot) in column.iter_mut().enumerate() {
            Tight::<S>::load(token, &rows[row * stride + group]).loose().to_scratch(slot);
        }
        all_layers::<S>(token, column, tables.down, tables.shifted);
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
        tables: &Tables<'_, S>,
        between: &[Fp<S>],
        group: usize,
        row: &mut [Scratch],
        out: *mut Fp<S>,
    ) {
        let plan = tables.plan;
        let blocks = between.chunks_exact(plan.rows * LANES).zip(row.as_chunks_mut::<LANES>().0);
        for (block, slots) in blocks {
            let rows = block[group * LANES * LANES..].first_chunk::<{ LANES * LANES }>();
            let Some(rows) = rows else { unreachable!("a block has all rows") };
            for (column, slot) in slots.iter_mut().enumerate() {
                Tight::<S>::from_words(token.load_column(rows, column)).loose().to_scratch(slot);
            }
        }
        all_layers::<S>(token, row, tables.across, tables.shifted);
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

/// Blocks of so many eights go through all their layers one after the other: 20 KiB, which the first-level cache
/// keeps.
const CACHED: usize = 64;

/// All layers over the values of `column`, which are tight and below 2p. Leaves them below 2p for each
/// layer and 4p more, in bit-reversed order.
///
/// Blocks are numbered as the nodes of a tree are: the whole is 1, and v becomes 2v and 2v + 1. The twiddle of
/// block v is number v - 1.
#[inline(always)]
fn all_layers<S: FieldSpec>(token: Ifma, column: &mut [Scratch], twiddles: &[[u64; 5]], shifted: bool) {
    let (mut blocks, mut len) = (1, column.len());
    if !shifted {
        let quarter_turn = token.splat_limbs(twiddles[3 - 1]);
        first_layers::<S>(token, column, quarter_turn);
        (blocks, len) = (4, len / 4);
    }
    while len > CACHED {
        next_layers::<S>(token, column, len, twiddles, blocks);
        (blocks, len) = (4 * blocks, len / 4);
    }
    for (number, block) in (blocks..).zip(column.chunks_exact_mut(len)) {
        let (mut first, mut len) = (number, len);
        while len >= 4 {
            next_layers::<S>(token, block, len, twiddles, first);
            (first, len) = (4 * first, len / 4);
        }
        if len == 2 {
            last_layer::<S>(token, block, &twiddles[first - 1..]);
        }
    }
}

/// Two layers over blocks of `len` values, the first of which has the number `first`.
#[inline(always)]
fn next_layers<S: FieldSpec>(
    token: Ifma,
    column: &mut [Scratch],
    len: usize,
    twiddles: &[[u64; 5]],
    first: usize,
) {
    for (number, block) in (first..).zip(column.chunks_exact_mut(len)) {
        let first = token.splat_limbs(twiddles[number - 1]);
        let left = token.splat_limbs(twiddles[2 * number - 1]);
        let right = token.splat_limbs(twiddles[2 * number]);
        two_layers::<S>(token, block, first, left, right);
    }
}

/// One layer over blocks of two values.
#[inline(always)]
fn last_layer<S: FieldSpec>(token: Ifma, column: &mut [Scratch], twiddles: &[[u64; 5]]) {
    for (pair, twiddle) in column.as_chunks_mut::<2>().0.iter_mut().zip(twiddles) {
        let [u, v] = pair;
        let product = Loose::<S>::from_scratch(token, v).carry().mul(token.splat_limbs(*twiddle));
        let upper = Loose::from_scratch(token, u);
        (upper + product).to_scratch(u);
        (upper - product).plus_modulus::<2>().to_scratch(v);
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
