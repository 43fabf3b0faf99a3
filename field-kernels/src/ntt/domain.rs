//! Evaluation domains.

use std::fmt;
use std::sync::Arc;
#[cfg(target_arch = "x86_64")]
use std::sync::OnceLock;

#[cfg(target_arch = "x86_64")]
use crate::ifma::{Direction, Plan};
use crate::{Error, FieldSpec, Fp};

/// The 2^k-th roots of unity of a field: 1, ω, ω², ... Built once and shared.
#[derive(Clone)]
pub struct Domain<S: FieldSpec> {
    k: u32,
    omega: Fp<S>,
    omega_inv: Fp<S>,
    size_inv: Fp<S>,
    /// ω^i for i < n/2, in bit-reversed order of i: the twiddles of a layer with m blocks are the
    /// first m, in the order of the blocks.
    twiddles: Arc<[Fp<S>]>,
    /// What the AVX-512 backend needs: for each direction, made when first used.
    #[cfg(target_arch = "x86_64")]
    plans: Arc<[OnceLock<Plan<S>>; 2]>,
}

/// omega^i for i < 2^(k-1) (1 for k = 0), in bit-reversed order of i, for omega of order 2^k.
pub(crate) fn bit_reversed_powers<S: FieldSpec>(omega: Fp<S>, k: u32) -> Vec<Fp<S>> {
    let mut powers = vec![Fp::ONE];
    for layer in 1..k {
        // The second half of the first 2^layer exponents is the first half plus n/2^(layer + 1).
        let step = omega.pow(1 << (k - 1 - layer));
        powers.extend_from_within(..);
        let half = powers.len() / 2;
        powers[half..].iter_mut().for_each(|power| *power *= step);
    }
    powers
}

impl<S: FieldSpec> Domain<S> {
    /// The domain of size 2^k that halo2 uses.
    ///
    /// # Errors
    /// If k exceeds [`FieldSpec::TWO_ADICITY`].
    pub fn new(k: u32) -> Result<Self, Error> {
        let too_large = Error::DomainTooLarge { field: S::NAME, k, max: S::TWO_ADICITY };
        let omega = Fp::root_of_unity(k).ok_or(too_large)?;
        let half = Fp::from_u64(2).invert().unwrap_or_default();
        Ok(Self {
            k,
            omega,
            omega_inv: omega.invert().unwrap_or_default(),
            size_inv: half.pow(u64::from(k)),
            twiddles: bit_reversed_powers(omega, k).into(),
            #[cfg(target_arch = "x86_64")]
            plans: Arc::default(),
        })
    }

    /// The twiddles, n/2 of them (1 for n = 1), in bit-reversed order.
    pub(crate) fn twiddles(&self) -> &[Fp<S>] {
        &self.twiddles
    }

    /// The AVX-512 backend's plan for this domain.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn plan(&self, direction: Direction) -> &Plan<S> {
        self.plans[direction as usize].get_or_init(|| Plan::new(self, direction))
    }

    /// The binary logarithm of the size.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.k
    }

    /// The number of points, 2^k.
    #[must_use]
    pub fn size(&self) -> usize {
        1 << self.k
    }

    /// ω, of order 2^k.
    #[must_use]
    pub fn omega(&self) -> Fp<S> {
        self.omega
    }

    /// 1/ω.
    #[must_use]
    pub fn omega_inv(&self) -> Fp<S> {
        self.omega_inv
    }

    /// 1/2^k.
    #[must_use]
    pub fn size_inv(&self) -> Fp<S> {
        self.size_inv
    }
}

impl<S: FieldSpec> fmt::Debug for Domain<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Domain").field("k", &self.k).field("omega", &self.omega).finish_non_exhaustive()
    }
}
