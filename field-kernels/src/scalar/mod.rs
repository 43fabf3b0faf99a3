//! The portable backend: 64-bit limbs, any CPU.

pub(crate) mod limbs;
pub(crate) mod pairs;
pub(crate) mod scan;
mod vector;

use crate::contract::{Backend, Elementwise, Pairs, PointMemory};
use crate::ntt::{Kind, Transform};
use crate::program::Rows;
use crate::scratch::{Carver, lines_of};
use crate::{CurveSpec, Domain, FieldSpec, Fp, Program, Scratch};
use parhelion_scheduler::Executor;

/// The portable backend's token. It needs nothing of the CPU.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar(());

impl Scalar {
    pub(crate) const fn new() -> Self {
        Self(())
    }
}

impl Backend for Scalar {
    const NAME: &'static str = "scalar";
    type PairScratch<'a, C: CurveSpec> = pairs::PairScratch<'a, C::Base>;

    fn pair_lines<C: CurveSpec>() -> usize {
        pairs::PairScratch::<C::Base>::lines()
    }

    fn pair_scratch<'a, C: CurveSpec>(carver: &mut Carver<'a>) -> Self::PairScratch<'a, C> {
        pairs::PairScratch::new(carver)
    }

    fn add_pairs<C: CurveSpec>(
        self,
        memory: &mut impl PointMemory<C>,
        pairs: &mut Pairs<'_>,
        scratch: &mut Self::PairScratch<'_, C>,
    ) {
        pairs::add_pairs(memory, pairs, scratch);
    }

    type Transform<'a, S: FieldSpec> = Transform<'a, S>;

    fn transform_lines<S: FieldSpec>(domain: &Domain<S>, kind: Kind<S>) -> usize {
        Transform::lines(domain, kind)
    }

    fn transform<'a, S: FieldSpec>(
        self,
        executor: &dyn Executor,
        carver: &mut Carver<'a>,
        domain: &'a Domain<S>,
        kind: Kind<S>,
    ) -> Transform<'a, S> {
        Transform::new(executor, carver, domain, kind)
    }

    fn run_transform<S: FieldSpec>(
        self,
        executor: &dyn Executor,
        _: &Scratch,
        transform: &Transform<'_, S>,
        from: Option<&[Fp<S>]>,
        out: &mut [Fp<S>],
    ) {
        transform.run(executor, from, out);
    }

    fn run_rows<S: FieldSpec>(
        self,
        scratch: &Scratch,
        program: &Program,
        columns: &[&[Fp<S>]],
        uniforms: &[Fp<S>],
        outputs: &mut Rows<'_, S>,
    ) {
        crate::program::run_rows(scratch, program, columns, uniforms, outputs);
    }

    fn combine<S: FieldSpec>(self, acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: Elementwise<S>) {
        vector::combine(acc, rhs, operation);
    }

    fn scale<S: FieldSpec>(self, values: &mut [Fp<S>], by: Fp<S>) {
        values.iter_mut().for_each(|value| *value *= by);
    }

    fn square<S: FieldSpec>(self, values: &mut [Fp<S>]) {
        values.iter_mut().for_each(|value| *value = value.square());
    }

    fn linear_combination<S: FieldSpec>(self, out: &mut [Fp<S>], start: usize, terms: &[(&[Fp<S>], Fp<S>)]) {
        vector::linear_combination(out, start, terms);
    }

    fn inner_product<S: FieldSpec>(self, a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
        vector::inner_product(a, b)
    }

    type Point<S: FieldSpec> = vector::PointTable<S>;

    fn point<S: FieldSpec>(self, point: Fp<S>) -> Self::Point<S> {
        vector::PointTable::new(point)
    }

    fn evaluate<S: FieldSpec>(self, poly: &[Fp<S>], point: &Self::Point<S>) -> Fp<S> {
        vector::evaluate(poly, point)
    }

    fn invert<S: FieldSpec>(self, scratch: &Scratch, values: &mut [Fp<S>]) {
        let together = values.len().clamp(1, scan::INVERTED_TOGETHER);
        scratch.with(lines_of::<Fp<S>>(together), |carver| scan::invert(values, carver.cut(together)));
    }

    fn powers<S: FieldSpec>(self, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
        scan::powers(base, first, out);
    }

    fn running_product<S: FieldSpec>(self, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S> {
        scan::running_product(factors, first)
    }

    fn divide_by_linear<S: FieldSpec>(self, poly: &mut [Fp<S>], root: Fp<S>) -> Fp<S> {
        scan::divide_by_linear(poly, root, Fp::ZERO)
    }

    fn to_integers<S: FieldSpec>(self, values: &[Fp<S>], out: &mut [[u64; 4]]) {
        values.iter().zip(out).for_each(|(value, out)| *out = value.to_canonical());
    }
}

/// Hints that `value` will be read soon.
#[inline(always)]
pub(crate) fn prefetch<T>(value: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch never faults, and SSE is part of x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(value).cast()) }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = value;
}
