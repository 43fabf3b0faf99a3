//! The quotient on its cosets.

use std::collections::HashMap;

use parhelion_field_kernels::{CurveSpec, Domain, FieldSpec, Fp, Kernels};

use super::split::split;
use crate::Error;
use crate::algebra::{Challenges, Source};
use crate::key::Key;

/// The polynomials of one circuit, as coefficients, n each.
#[derive(Debug)]
pub(crate) struct Polynomials<S: FieldSpec> {
    pub(crate) advice: Vec<Vec<Fp<S>>>,
    pub(crate) instance: Vec<Vec<Fp<S>>>,
    pub(crate) permutation_products: Vec<Vec<Fp<S>>>,
    pub(crate) permuted_inputs: Vec<Vec<Fp<S>>>,
    pub(crate) permuted_tables: Vec<Vec<Fp<S>>>,
    pub(crate) lookup_products: Vec<Vec<Fp<S>>>,
}

impl<S: FieldSpec> Polynomials<S> {
    /// Every polynomial of the circuit.
    pub(crate) fn columns_mut(&mut self) -> impl Iterator<Item = &mut Vec<Fp<S>>> {
        let tables = [
            &mut self.advice,
            &mut self.instance,
            &mut self.permutation_products,
            &mut self.permuted_inputs,
            &mut self.permuted_tables,
            &mut self.lookup_products,
        ];
        tables.into_iter().flatten()
    }
}

/// The quotient's pieces as coefficients, n each: h = sum X^{jn} h_j.
#[derive(Debug)]
pub(crate) struct Quotient<S: FieldSpec> {
    pub(crate) pieces: Vec<Vec<Fp<S>>>,
}

/// Evaluates the combined constraints on as many cosets of the domain as the quotient has pieces,
/// one after the other, and interpolates.
pub(crate) fn construct<C: CurveSpec>(
    kernels: &Kernels,
    key: &Key<'_, C>,
    circuits: &[Polynomials<C::Scalar>],
    challenges: &mut Challenges<C::Scalar>,
) -> Result<Quotient<C::Scalar>, Error> {
    let n = key.shape().n();
    let mut points = Vec::new();
    let mut interpolations = Vec::new();
    let mut spare = Vec::new();
    for index in 0..key.shape().quotient_pieces() {
        // Powers of the multiplicative generator: never in the domain, never in the same coset.
        let shift = Fp::generator().pow(index as u64 + 1);
        let point = shift.pow(n as u64);
        let mut values = Coset::new(kernels, key, circuits, shift)?.combine(challenges, &mut spare);
        let vanishing = point - Fp::ONE;
        let inverses = vanishing.invert().zip(shift.invert());
        let (vanishing_inverse, shift_inverse) =
            inverses.ok_or(Error::Degenerate("a coset of the quotient domain meets the domain"))?;
        kernels.scale(&mut values, vanishing_inverse);
        kernels.coset_intt(key.domain(), &mut values, shift_inverse);
        points.push(point);
        interpolations.push(values);
    }
    drop(spare);
    Ok(Quotient { pieces: split(kernels, &points, &interpolations)? })
}

/// Values on one coset: those every group reads, and those the groups at hand read.
struct Coset<'a, C: CurveSpec> {
    kernels: &'a Kernels,
    key: &'a Key<'a, C>,
    circuits: &'a [Polynomials<C::Scalar>],
    shift: Fp<C::Scalar>,
    first_row: Vec<Fp<C::Scalar>>,
    active_rows: Vec<Fp<C::Scalar>>,
    identity: Vec<Fp<C::Scalar>>,
}

impl<'a, C: CurveSpec> Coset<'a, C> {
    fn new(
        kernels: &'a Kernels,
        key: &'a Key<'a, C>,
        circuits: &'a [Polynomials<C::Scalar>],
        shift: Fp<C::Scalar>,
    ) -> Result<Self, Error> {
        let shape = key.shape();
        let mut identity = vec![Fp::ZERO; shape.n()];
        kernels.powers(key.domain().omega(), shift, &mut identity);
        let first_row = first_row(kernels, key.domain(), &identity);
        let active_rows = active_rows(kernels, &first_row, shape.blinding_factors);
        Ok(Self { kernels, key, circuits, shift, first_row, active_rows, identity })
    }

    /// sum over circuits and constraints of y^i constraint_i on each point of the coset. `spare` are
    /// columns of n rows that are no longer needed.
    fn combine(
        &self,
        challenges: &mut Challenges<C::Scalar>,
        spare: &mut Vec<Vec<Fp<C::Scalar>>>,
    ) -> Vec<Fp<C::Scalar>> {
        let plan = &self.key.derived.programs.quotient;
        let mut sum = vec![Fp::ZERO; self.key.shape().n()];
        let weight = challenges.y.pow(plan.constraints as u64);
        // Shared by all circuits, and one store for each circuit.
        let mut shared: HashMap<Source, Vec<Fp<C::Scalar>>> = HashMap::new();
        let mut own: Vec<HashMap<Source, Vec<Fp<C::Scalar>>>> = vec![HashMap::new(); self.circuits.len()];
        for group in &plan.groups {
            let (common, private): (Vec<Source>, Vec<Source>) =
                group.compiled.sources.iter().partition(|source| is_shared(**source));
            self.transform(&mut shared, &common, None, spare);
            challenges.weight = Fp::ONE;
            for (circuit, store) in own.iter_mut().enumerate().rev() {
                self.transform(store, &private, Some(circuit), spare);
                let columns: Vec<&[Fp<C::Scalar>]> = group
                    .compiled
                    .sources
                    .iter()
                    .map(|source| match source {
                        Source::FirstRow => self.first_row.as_slice(),
                        Source::ActiveRows => self.active_rows.as_slice(),
                        Source::Identity => self.identity.as_slice(),
                        source if is_shared(*source) => shared[source].as_slice(),
                        source => store[source].as_slice(),
                    })
                    .collect();
                let uniforms = group.compiled.uniforms(challenges);
                self.kernels.run_program(&group.compiled.program, &columns, &uniforms, &mut [&mut sum]);
                spare.extend(group.last_use.iter().filter_map(|source| store.remove(source)));
                // The verifier goes through the circuits in order, so the first has the highest
                // powers of y.
                challenges.weight *= weight;
            }
            spare.extend(group.last_use.iter().filter_map(|source| shared.remove(source)));
        }
        sum
    }

    /// Computes the values on this coset of those `wanted` columns that `store` lacks.
    fn transform(
        &self,
        store: &mut HashMap<Source, Vec<Fp<C::Scalar>>>,
        wanted: &[Source],
        circuit: Option<usize>,
        spare: &mut Vec<Vec<Fp<C::Scalar>>>,
    ) {
        let missing: Vec<(Source, &[Fp<C::Scalar>])> = wanted
            .iter()
            .filter(|source| !store.contains_key(source))
            .filter_map(|&source| Some((source, self.coefficients(source, circuit)?)))
            .collect();
        let column = |(_, from): &(Source, &[_])| spare.pop().unwrap_or_else(|| vec![Fp::ZERO; from.len()]);
        let mut values: Vec<Vec<Fp<C::Scalar>>> = missing.iter().map(column).collect();
        let jobs =
            missing.iter().zip(&mut values).map(|((_, from), to)| (*from, to.as_mut_slice())).collect();
        self.kernels.coset_ntt_columns(self.key.domain(), jobs, self.shift);
        store.extend(missing.iter().map(|(source, _)| *source).zip(values));
    }

    fn coefficients(&self, source: Source, circuit: Option<usize>) -> Option<&'a [Fp<C::Scalar>]> {
        let own = circuit.map(|index| &self.circuits[index]);
        match source {
            Source::Fixed(index) => Some(self.key.fixed.polys[index]),
            Source::Sigma(index) => Some(self.key.sigma.polys[index]),
            Source::Advice(index) => own.map(|c| c.advice[index].as_slice()),
            Source::Instance(index) => own.map(|c| c.instance[index].as_slice()),
            Source::PermutationProduct(index) => own.map(|c| c.permutation_products[index].as_slice()),
            Source::PermutedInput(index) => own.map(|c| c.permuted_inputs[index].as_slice()),
            Source::PermutedTable(index) => own.map(|c| c.permuted_tables[index].as_slice()),
            Source::LookupProduct(index) => own.map(|c| c.lookup_products[index].as_slice()),
            Source::FirstRow | Source::ActiveRows | Source::Identity => None,
        }
    }
}

fn is_shared(source: Source) -> bool {
    matches!(
        source,
        Source::Fixed(_) | Source::Sigma(_) | Source::FirstRow | Source::ActiveRows | Source::Identity
    )
}

/// l_0 = (X^n - 1) / (n (X - 1)) on points that share X^n.
fn first_row<S: FieldSpec>(kernels: &Kernels, domain: &Domain<S>, points: &[Fp<S>]) -> Vec<Fp<S>> {
    let numerator = (points[0].pow(domain.size() as u64) - Fp::ONE) * domain.size_inv();
    let mut values: Vec<Fp<S>> = points.iter().map(|&point| point - Fp::ONE).collect();
    kernels.batch_invert(&mut values);
    kernels.scale(&mut values, numerator);
    values
}

/// 1 - l_last - l_blind: the Lagrange polynomials of the last `blinding_factors + 1` rows are
/// rotations of l_0.
fn active_rows<S: FieldSpec>(kernels: &Kernels, first_row: &[Fp<S>], blinding_factors: usize) -> Vec<Fp<S>> {
    let n = first_row.len();
    let mut values = vec![Fp::ONE; n];
    for shift in 1..=blinding_factors + 1 {
        let (wrapped, straight) = first_row.split_at(shift % n);
        kernels.sub_assign(&mut values[..straight.len()], straight);
        kernels.sub_assign(&mut values[straight.len()..], wrapped);
    }
    values
}
