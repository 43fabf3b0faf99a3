//! Sums of many products.

use std::marker::PhantomData;

use super::super::Ifma;
use super::{Factor, Products, Sums};
use crate::FieldSpec;

impl<S: FieldSpec> Sums<S> {
    /// No product yet.
    #[inline(always)]
    pub(in crate::ifma) fn none(token: Ifma) -> Self {
        let zero = token.splat(0);
        Self { low: [zero; 10], high: [zero; 10], field: PhantomData }
    }

    /// self + a·b.
    #[inline(always)]
    pub(in crate::ifma) fn plus(self, a: impl Into<Factor<S>>, b: impl Into<Factor<S>>) -> Self {
        let (a, b) = (a.into(), b.into());
        let Self { mut low, mut high, field } = self;
        for i in 0..5 {
            for j in 0..5 {
                low[i + j] = low[i + j].add_low(a.0[j], b.0[i]);
                high[i + j + 1] = high[i + j + 1].add_high(a.0[j], b.0[i]);
            }
        }
        Self { low, high, field }
    }

    /// The sum, its halves together.
    #[inline(always)]
    pub(in crate::ifma) fn join(self) -> Products<S> {
        let mut sum = self.low;
        for (low, high) in sum.iter_mut().zip(self.high) {
            *low = *low + high;
        }
        Products(sum, PhantomData)
    }
}
