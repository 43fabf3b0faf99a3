//! The AVX-512 backend: eight elements at a time with 52-bit integer multiply-add (IFMA).
//!
//! `word.rs` wraps the instructions, `lanes` builds field arithmetic from them, and each of the
//! other files is one kernel. Every kernel enters through one function compiled for the CPU's
//! features, and all below it is inlined into that.

mod elementwise;
mod field;
mod lanes;
mod ntt;
mod pairs;
mod program;
mod scan;
mod vector;
mod word;

use parhelion_scheduler::Executor;

pub(crate) use self::ntt::{Direction, Plan};
pub(crate) use self::program::LaneProgram;
use crate::contract::{Backend, Elementwise, Pairs, PointMemory};
use crate::ntt::Kind;
use crate::program::Rows;
use crate::scratch::Carver;
use crate::{CurveSpec, Domain, FieldSpec, Fp, Program, Scratch};

/// The token of this backend: whoever has it has detected the features below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

/// Compiles a function for the features that [`Ifma`] stands for, and enters it.
macro_rules! with_features {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident $(<$($generic:ident: $bound:path),*>)?
     ($token:ident: Ifma $(, $argument:ident: $type:ty)* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        $visibility fn $name $(<$($generic: $bound),*>)? ($token: Ifma $(, $argument: $type)*) $(-> $result)? {
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi2")]
            #[target_feature(enable = "bmi1,bmi2,adx,lzcnt,popcnt")]
            fn featured $(<$($generic: $bound),*>)? ($token: Ifma $(, $argument: $type)*) $(-> $result)? $body
            // SAFETY: the token proves that the CPU has these features.
            unsafe { featured $(::<$($generic),*>)? ($token $(, $argument)*) }
        }
    };
    ($(#[$meta:meta])* $visibility:vis unsafe fn $name:ident $(<$($generic:ident: $bound:path),*>)?
     ($token:ident: Ifma $(, $argument:ident: $type:ty)* $(,)?) $body:block) => {
        $(#[$meta])*
        $visibility unsafe fn $name $(<$($generic: $bound),*>)? ($token: Ifma $(, $argument: $type)*) {
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi2")]
            #[target_feature(enable = "bmi1,bmi2,adx,lzcnt,popcnt")]
            unsafe fn featured $(<$($generic: $bound),*>)? ($token: Ifma $(, $argument: $type)*) $body
            // SAFETY: the token proves that the CPU has these features; the rest is up to the caller.
            unsafe { featured $(::<$($generic),*>)? ($token $(, $argument)*) }
        }
    };
}
use with_features;

impl Ifma {
    /// The token, if this CPU has what the backend needs.
    pub(crate) fn detect() -> Option<Self> {
        macro_rules! all {
            ($($feature:tt)*) => { true $(&& std::arch::is_x86_feature_detected!($feature))* };
        }
        all!("avx512f" "avx512dq" "avx512bw" "avx512vl" "avx512ifma" "avx512vbmi2" "bmi1" "bmi2" "adx" "lzcnt" "popcnt")
            .then_some(Self(()))
    }
}

impl Backend for Ifma {
    const NAME: &'static str = "avx512ifma";
    type PairScratch<'a, C: CurveSpec> = pairs::PairScratch<'a>;

    fn pair_lines<C: CurveSpec>() -> usize {
        pairs::PairScratch::lines()
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
        pairs::add_pairs(self, memory, pairs, scratch);
    }

    type Transform<'a, S: FieldSpec> = ntt::Transform<'a, S>;

    fn transform_lines<S: FieldSpec>(domain: &Domain<S>, kind: Kind<S>) -> usize {
        ntt::table_lines(domain, kind)
    }

    fn transform<'a, S: FieldSpec>(
        self,
        executor: &dyn Executor,
        carver: &mut Carver<'a>,
        domain: &'a Domain<S>,
        kind: Kind<S>,
    ) -> ntt::Transform<'a, S> {
        ntt::Transform::new(executor, carver, domain, kind)
    }

    fn run_transform<S: FieldSpec>(
        self,
        executor: &dyn Executor,
        scratch: &Scratch,
        transform: &ntt::Transform<'_, S>,
        from: Option<&[Fp<S>]>,
        out: &mut [Fp<S>],
    ) {
        transform.run(self, executor, scratch, from, out);
    }

    fn run_rows<S: FieldSpec>(
        self,
        scratch: &Scratch,
        program: &Program,
        columns: &[&[Fp<S>]],
        uniforms: &[Fp<S>],
        outputs: &mut Rows<'_, S>,
    ) {
        program::run_rows(self, scratch, program, columns, uniforms, outputs);
    }

    fn combine<S: FieldSpec>(self, acc: &mut [Fp<S>], rhs: &[Fp<S>], operation: Elementwise<S>) {
        elementwise::combine(self, acc, rhs, operation);
    }

    fn scale<S: FieldSpec>(self, values: &mut [Fp<S>], by: Fp<S>) {
        elementwise::scale(self, values, by);
    }

    fn square<S: FieldSpec>(self, values: &mut [Fp<S>]) {
        elementwise::square(self, values);
    }

    fn linear_combination<S: FieldSpec>(self, out: &mut [Fp<S>], start: usize, terms: &[(&[Fp<S>], Fp<S>)]) {
        vector::linear_combination(self, out, start, terms);
    }

    fn inner_product<S: FieldSpec>(self, a: &[Fp<S>], b: &[Fp<S>]) -> Fp<S> {
        vector::inner_product(self, a, b)
    }

    type Point<S: FieldSpec> = vector::PointTable<S>;

    fn point<S: FieldSpec>(self, point: Fp<S>) -> Self::Point<S> {
        vector::point_table(self, point)
    }

    fn evaluate<S: FieldSpec>(self, poly: &[Fp<S>], point: &Self::Point<S>) -> Fp<S> {
        vector::evaluate(self, poly, point)
    }

    fn invert<S: FieldSpec>(self, scratch: &Scratch, values: &mut [Fp<S>]) {
        scratch.with(scan::invert_lines(values.len()), |carver| scan::invert(self, carver, values));
    }

    fn powers<S: FieldSpec>(self, base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
        scan::powers(self, base, first, out);
    }

    fn running_product<S: FieldSpec>(self, factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S> {
        scan::running_product(self, factors, first)
    }

    fn divide_by_linear<S: FieldSpec>(self, poly: &mut [Fp<S>], root: Fp<S>) -> Fp<S> {
        scan::divide_by_linear(self, poly, root)
    }

    fn to_integers<S: FieldSpec>(self, values: &[Fp<S>], out: &mut [[u64; 4]]) {
        vector::to_integers(self, values, out);
    }
}
