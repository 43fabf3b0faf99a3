//! The AVX-512 backend: eight elements at a time with 52-bit integer multiply-add (IFMA).
//!
//! `word.rs` wraps the instructions, `lanes.rs` builds field arithmetic from them, and each of the
//! other files is one kernel. Every kernel enters through one function compiled for the CPU's
//! features, and all below it is inlined into that.

mod field;
mod lanes;
mod pairs;
mod word;

use crate::contract::{Backend, Pair};
use crate::{Affine, CurveSpec};

/// The token of this backend: whoever has it has detected the features below.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ifma(());

/// Compiles a function for the features that [`Ifma`] stands for, and enters it.
macro_rules! with_features {
    ($(#[$meta:meta])* $visibility:vis fn $name:ident $(<$($generic:ident: $bound:path),*>)? ($token:ident: Ifma $(, $argument:ident: $type:ty)* $(,)?) $(-> $result:ty)? $body:block) => {
        $(#[$meta])*
        $visibility fn $name $(<$($generic: $bound),*>)? ($token: Ifma $(, $argument: $type)*) $(-> $result)? {
            #[target_feature(enable = "avx512f,avx512dq,avx512bw,avx512vl,avx512ifma,avx512vbmi2,bmi1,bmi2,adx,lzcnt,popcnt")]
            fn featured $(<$($generic: $bound),*>)? ($token: Ifma $(, $argument: $type)*) $(-> $result)? $body
            // SAFETY: the token proves that the CPU has these features.
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
    type PairScratch<C: CurveSpec> = pairs::PairScratch;

    fn add_pairs<C: CurveSpec>(
        self,
        points: &[Affine<C>],
        pairs: &[Pair],
        sums: &mut [Affine<C>],
        scratch: &mut Self::PairScratch<C>,
    ) {
        pairs::add_pairs(self, points, pairs, sums, scratch);
    }
}
