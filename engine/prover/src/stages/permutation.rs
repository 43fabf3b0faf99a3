//! The grand products of the permutation argument.

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp};

use crate::Error;
use crate::algebra::{Challenges, Source};
use crate::session::Session;

/// The columns of one circuit, by their values on the rows.
#[derive(Debug)]
pub(crate) struct Columns<'a, S: FieldSpec> {
    pub(crate) fixed: &'a [&'a [Fp<S>]],
    pub(crate) sigma: &'a [&'a [Fp<S>]],
    pub(crate) advice: &'a [Vec<Fp<S>>],
    pub(crate) instance: &'a [Vec<Fp<S>>],
    /// omega^i on row i.
    pub(crate) identity: &'a [Fp<S>],
}

impl<'a, S: FieldSpec> Columns<'a, S> {
    /// The columns a compiled expression reads. Only columns that exist on the rows may be asked
    /// for; the others are a bug in the plan.
    pub(crate) fn select(&self, sources: &[Source]) -> Vec<&'a [Fp<S>]> {
        sources
            .iter()
            .map(|source| match *source {
                Source::Fixed(index) => self.fixed[index],
                Source::Sigma(index) => self.sigma[index],
                Source::Advice(index) => self.advice[index].as_slice(),
                Source::Instance(index) => self.instance[index].as_slice(),
                Source::Identity => self.identity,
                other => unreachable!("{other:?} has no values on the rows"),
            })
            .collect()
    }
}

impl<C: CurveSpec> Session<'_, C> {
    /// Computes and blinds the products of one circuit's permutation sets; `z` columns of n rows.
    ///
    /// Each product starts where the one before ended; the last must end in 1.
    pub(crate) fn permutation_products(
        &mut self,
        circuit: usize,
        columns: &Columns<'_, C::Scalar>,
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Vec<Vec<Fp<C::Scalar>>>, Error> {
        let shape = self.key.shape();
        let usable = shape.usable_rows();
        let mut products = Vec::with_capacity(shape.permutation_sets());
        let mut last = Fp::ONE;
        for fraction in &self.key.derived.programs.permutation_fractions {
            let mut z = vec![Fp::ZERO; shape.n()];
            let mut denominator = vec![Fp::ZERO; shape.n()];
            let (inputs, uniforms) = (columns.select(&fraction.sources), fraction.uniforms(challenges));
            self.kernels.run_program(&fraction.program, &inputs, &uniforms, &mut [&mut z, &mut denominator]);
            self.grand_product(&mut z, denominator, last);
            last = z[usable];
            products.push(z);
        }
        if last != Fp::ONE && !last.is_zero() {
            return Err(Error::CopyConstraint { circuit, got: format!("{last:?}") });
        }
        Ok(products)
    }

    /// Turns numerators into their running product over the denominators, starting at `first`,
    /// then blinds the rows after the usable ones and draws the blind of the commitment.
    pub(crate) fn grand_product(
        &mut self,
        z: &mut [Fp<C::Scalar>],
        mut denominator: Vec<Fp<C::Scalar>>,
        first: Fp<C::Scalar>,
    ) {
        self.kernels.batch_invert(&mut denominator);
        self.kernels.mul_assign(z, &denominator);
        drop(denominator);
        self.kernels.running_product(z, first);
        self.blinding.fill(&mut z[self.key.shape().usable_rows() + 1..]);
        self.skip_blind();
    }
}
