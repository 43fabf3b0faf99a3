//! The grand products of the permutation argument.

use parhelion_field_kernels::{CurveSpec, Fp};
use smallvec::SmallVec;

use crate::Error;
use crate::algebra::{Challenges, Compiled, Source};
use crate::collect::try_collect;
use crate::key::Key;
use crate::memory::Buffer;
use crate::session::{Session, Tools};
use crate::stages::opening::Poly;
use crate::storage::{Stored, StoredRef};

/// Columns that an expression mostly reads at most: so many are listed without the heap.
const FEW: usize = 16;

/// The columns of one circuit, by their values on the rows.
#[derive(Debug)]
pub(crate) struct Columns<'a, C: CurveSpec> {
    pub(crate) key: &'a Key<'a, C>,
    pub(crate) advice: &'a [Stored<C::Scalar>],
    pub(crate) instance: &'a [Stored<C::Scalar>],
}

impl<C: CurveSpec> Columns<'_, C> {
    /// Runs a compiled expression over the rows. It may only read columns that exist there; the
    /// others are a bug in the plan.
    pub(crate) fn run(
        &self,
        tools: Tools<'_, C>,
        compiled: &Compiled<C::Scalar>,
        challenges: &Challenges<C::Scalar>,
        outputs: &mut [&mut [Fp<C::Scalar>]],
    ) -> Result<(), Error> {
        let stored: SmallVec<[StoredRef<'_, C::Scalar>; FEW]> = compiled
            .sources
            .iter()
            .map(|source| match *source {
                Source::Fixed(index) => self.key.fixed[index].rows,
                Source::Sigma(index) => self.key.sigma[index].rows,
                Source::Advice(index) => self.advice[index].view(),
                Source::Instance(index) => self.instance[index].view(),
                Source::Identity => StoredRef::Plain(&self.key.derived.labels.omegas),
                other => unreachable!("{other:?} has no values on the rows"),
            })
            .collect();
        let columns = tools.reader().all_rows(&stored)?;
        let columns: SmallVec<[&[_]; FEW]> = columns.iter().map(|rows| &**rows).collect();
        tools.kernels.run_program(&compiled.program, &columns, &compiled.uniforms(challenges), outputs);
        Ok(())
    }
}

impl<C: CurveSpec> Session<'_, C> {
    /// Computes, blinds and commits to the products of one circuit's permutation sets; `z` columns of n
    /// rows.
    ///
    /// Each product starts where the one before ended; the last must end in 1.
    pub(crate) fn permutation_products(
        &mut self,
        circuit: usize,
        columns: &Columns<'_, C>,
        challenges: &Challenges<C::Scalar>,
    ) -> Result<Vec<Buffer<C::Scalar>>, Error> {
        let (tools, shape) = (self.tools(), self.key.shape());
        let usable = shape.usable_rows();
        let mut products = Vec::with_capacity(shape.permutation_sets());
        let mut last = Fp::ONE;
        let sets = &self.key.derived.programs.permutation_fractions;
        for (first, fractions) in (0..).step_by(self.plan.batch).zip(sets.chunks(self.plan.batch)) {
            self.progress(first, sets.len())?;
            let batch = tools.inside(|| {
                let product = |fraction| {
                    let z = tools.permutation_product(columns, fraction, challenges, last)?;
                    last = z[usable];
                    Ok::<_, Error>(z)
                };
                try_collect(fractions.iter().map(product))
            })?;
            for (mut z, index) in batch.into_iter().zip(first..) {
                self.blind_product(&mut z);
                self.draw_blind(Poly::PermutationProduct { circuit, index });
                products.push(z);
            }
            let poly = |index| Poly::PermutationProduct { circuit, index };
            let batch = products[first..].iter().zip(first..);
            let batch: Vec<_> = batch.map(|(product, index)| (poly(index), &**product)).collect();
            self.write_columns(&batch)?;
        }
        if last != Fp::ONE && !last.is_zero() {
            return Err(Error::CopyConstraint { circuit, got: format!("{last:?}") });
        }
        Ok(products)
    }

    /// Blinds the rows of a grand product that follow its last.
    pub(crate) fn blind_product(&mut self, z: &mut [Fp<C::Scalar>]) {
        self.blinding.fill(&mut z[self.key.shape().usable_rows() + 1..]);
    }
}

impl<C: CurveSpec> Tools<'_, C> {
    /// The grand product of one set, not blinded yet.
    fn permutation_product(
        self,
        columns: &Columns<'_, C>,
        fraction: &Compiled<C::Scalar>,
        challenges: &Challenges<C::Scalar>,
        first: Fp<C::Scalar>,
    ) -> Result<Buffer<C::Scalar>, Error> {
        let n = self.key.shape().n();
        let (mut z, mut denominator) = (self.memory.scratch(n)?, self.memory.scratch(n)?);
        columns.run(self, fraction, challenges, &mut [&mut z, &mut denominator])?;
        self.grand_product(&mut z, denominator, first);
        Ok(z)
    }

    /// Turns numerators into their running product over the denominators, starting at `first`.
    pub(crate) fn grand_product(
        self,
        z: &mut [Fp<C::Scalar>],
        mut denominator: Buffer<C::Scalar>,
        first: Fp<C::Scalar>,
    ) {
        self.kernels.batch_invert(&mut denominator);
        self.kernels.mul_assign(z, &denominator);
        drop(denominator);
        self.kernels.running_product(z, first);
    }
}
