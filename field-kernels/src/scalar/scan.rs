//! Batch inversion and running products, one element after the other.

use crate::{FieldSpec, Fp};

/// Elements that share an inversion.
pub(crate) const INVERTED_TOGETHER: usize = 1024;

/// Replaces each element by its inverse; zeros stay. One inversion for as many as `before` has room for
/// (Montgomery's trick).
pub(crate) fn invert<S: FieldSpec>(values: &mut [Fp<S>], before: &mut [Fp<S>]) {
    for values in values.chunks_mut(before.len()) {
        let mut product = Fp::ONE;
        for (value, before) in values.iter().zip(before.iter_mut()) {
            *before = product;
            if !value.is_zero() {
                product *= *value;
            }
        }
        let mut inverse = product.invert().unwrap_or_default();
        for (value, before) in values.iter_mut().zip(before.iter()).rev() {
            if !value.is_zero() {
                (*value, inverse) = (*before * inverse, inverse * *value);
            }
        }
    }
}

/// out\[i\] = first·base^i.
pub(crate) fn powers<S: FieldSpec>(base: Fp<S>, first: Fp<S>, out: &mut [Fp<S>]) {
    let mut power = first;
    for value in out {
        *value = power;
        power *= base;
    }
}

/// Replaces each factor by the product of `first` and the factors before it, and returns the product
/// of `first` and all factors.
pub(crate) fn running_product<S: FieldSpec>(factors: &mut [Fp<S>], first: Fp<S>) -> Fp<S> {
    factors.iter_mut().fold(first, |product, factor| {
        let next = product * *factor;
        *factor = product;
        next
    })
}

/// Replaces the coefficients of a polynomial by those of its quotient by X - `root`, where `carry` is
/// what is carried in from coefficients above, and returns what is carried out: the remainder, if
/// this is the whole polynomial.
pub(crate) fn divide_by_linear<S: FieldSpec>(poly: &mut [Fp<S>], root: Fp<S>, carry: Fp<S>) -> Fp<S> {
    poly.iter_mut().rev().fold(carry, |carry, coefficient| {
        let value = *coefficient + carry * root;
        *coefficient = carry;
        value
    })
}
