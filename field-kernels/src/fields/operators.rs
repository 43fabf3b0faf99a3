//! Operators and standard traits of field elements.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::iter::{Product, Sum};
use std::ops::{Add, AddAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::{FieldSpec, Fp};
use crate::scalar::limbs;

impl<S> Clone for Fp<S> {
    #[inline(always)]
    fn clone(&self) -> Self {
        *self
    }
}

impl<S> Copy for Fp<S> {}

impl<S> Default for Fp<S> {
    fn default() -> Self {
        Self::ZERO
    }
}

impl<S> PartialEq for Fp<S> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S> Eq for Fp<S> {}

impl<S> Hash for Fp<S> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

/// The order of the integers in 0..p that the elements stand for.
impl<S: FieldSpec> Ord for Fp<S> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_canonical().iter().rev().cmp(other.to_canonical().iter().rev())
    }
}

impl<S: FieldSpec> PartialOrd for Fp<S> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The canonical integer in hexadecimal.
impl<S: FieldSpec> fmt::Debug for Fp<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d] = self.to_canonical();
        write!(f, "0x{d:016x}{c:016x}{b:016x}{a:016x}")
    }
}

macro_rules! binary {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign:ident, $kernel:path) => {
        impl<S: FieldSpec> $trait for Fp<S> {
            type Output = Self;
            #[inline]
            fn $method(self, rhs: Self) -> Self {
                Self::from_raw($kernel(self.0, rhs.0))
            }
        }
        impl<S: FieldSpec> $trait<&Self> for Fp<S> {
            type Output = Self;
            #[inline]
            fn $method(self, rhs: &Self) -> Self {
                $trait::$method(self, *rhs)
            }
        }
        impl<S: FieldSpec> $assign_trait for Fp<S> {
            #[inline]
            fn $assign(&mut self, rhs: Self) {
                *self = $trait::$method(*self, rhs);
            }
        }
        impl<S: FieldSpec> $assign_trait<&Self> for Fp<S> {
            #[inline]
            fn $assign(&mut self, rhs: &Self) {
                *self = $trait::$method(*self, *rhs);
            }
        }
    };
}

binary!(Add, add, AddAssign, add_assign, limbs::add::<S>);
binary!(Sub, sub, SubAssign, sub_assign, limbs::sub::<S>);
binary!(Mul, mul, MulAssign, mul_assign, limbs::mul::<S>);

impl<S: FieldSpec> Neg for Fp<S> {
    type Output = Self;
    #[inline]
    fn neg(self) -> Self {
        Self::ZERO - self
    }
}

impl<S: FieldSpec> Sum for Fp<S> {
    fn sum<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ZERO, Add::add)
    }
}

impl<'a, S: FieldSpec> Sum<&'a Self> for Fp<S> {
    fn sum<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
        iter.copied().sum()
    }
}

impl<S: FieldSpec> Product for Fp<S> {
    fn product<I: Iterator<Item = Self>>(iter: I) -> Self {
        iter.fold(Self::ONE, Mul::mul)
    }
}

impl<'a, S: FieldSpec> Product<&'a Self> for Fp<S> {
    fn product<I: Iterator<Item = &'a Self>>(iter: I) -> Self {
        iter.copied().product()
    }
}
