//! The quotient on its cosets.

use std::borrow::Cow;
use std::collections::HashMap;

use parhelion_field_kernels::{CurveSpec, Domain, FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use super::plan::Group;
use super::split::split;
use crate::Error;
use crate::algebra::{Challenges, Source};
use crate::key::{Key, KeyColumn};
use crate::storage::{Stored, StoredRef};

/// The columns of one circuit.
#[derive(Debug)]
pub(crate) struct CircuitColumns<S: FieldSpec> {
    pub(crate) advice: Vec<Stored<S>>,
    pub(crate) instance: Vec<Stored<S>>,
    pub(crate) permutation_products: Vec<Stored<S>>,
    pub(crate) permuted_inputs: Vec<Stored<S>>,
    pub(crate) permuted_tables: Vec<Stored<S>>,
    pub(crate) lookup_products: Vec<Stored<S>>,
}

impl<S: FieldSpec> Default for CircuitColumns<S> {
    fn default() -> Self {
        Self {
            advice: Vec::new(),
            instance: Vec::new(),
            permutation_products: Vec::new(),
            permuted_inputs: Vec::new(),
            permuted_tables: Vec::new(),
            lookup_products: Vec::new(),
        }
    }
}

/// The quotient's pieces as coefficients, n each: h = sum X^{jn} h_j.
///
/// Evaluates the combined constraints on as many cosets of the domain as there are pieces, and
/// interpolates. Constraints are taken group by group, so that a column is interpolated once, and
/// kept only while constraints read it.
pub(crate) fn construct<C: CurveSpec>(
    kernels: &Kernels,
    key: &Key<'_, C>,
    circuits: &[CircuitColumns<C::Scalar>],
    challenges: &mut Challenges<C::Scalar>,
) -> Result<Vec<Vec<Fp<C::Scalar>>>, Error> {
    let n = key.shape().n();
    // Powers of the multiplicative generator: never in the domain, never in the same coset.
    let shifts = (1..=key.shape().quotient_pieces() as u64).map(|index| Fp::generator().pow(index));
    let mut cosets: Vec<Coset<C::Scalar>> = shifts.map(|shift| Coset::new(kernels, key, shift)).collect();
    let mut sums = Sums { kernels, key, circuits, spare: Vec::new() };
    let plan = &key.derived.programs.quotient;
    let weight = challenges.y.pow(plan.constraints as u64);
    for group in &plan.groups {
        challenges.weight = Fp::ONE;
        // The verifier goes through the circuits in order, so the first has the highest powers of y.
        for circuit in (0..circuits.len()).rev() {
            sums.add(&mut cosets, group, circuit, challenges);
            challenges.weight *= weight;
        }
        sums.release(&mut cosets, group);
    }
    drop(sums);

    let (mut points, mut interpolations) = (Vec::new(), Vec::new());
    for Coset { shift, sum: mut values, .. } in cosets {
        let point = shift.pow(n as u64);
        let inverses = (point - Fp::ONE).invert().zip(shift.invert());
        let (vanishing_inverse, shift_inverse) =
            inverses.ok_or(Error::Degenerate("a coset of the quotient domain meets the domain"))?;
        kernels.scale(&mut values, vanishing_inverse);
        kernels.coset_intt(key.domain(), &mut values, shift_inverse);
        points.push(point);
        interpolations.push(values);
    }
    split(kernels, &points, &interpolations)
}

/// Whose column a source is: a circuit's, or nobody's in particular.
type Owned = (Option<usize>, Source);

/// Values on one coset.
struct Coset<S: FieldSpec> {
    shift: Fp<S>,
    first_row: Vec<Fp<S>>,
    active_rows: Vec<Fp<S>>,
    identity: Vec<Fp<S>>,
    /// Columns that groups still to come read, too.
    live: HashMap<Owned, Vec<Fp<S>>>,
    /// Of all constraints so far.
    sum: Vec<Fp<S>>,
}

impl<S: FieldSpec> Coset<S> {
    fn new<C: CurveSpec<Scalar = S>>(kernels: &Kernels, key: &Key<'_, C>, shift: Fp<S>) -> Self {
        let shape = key.shape();
        let mut identity = vec![Fp::ZERO; shape.n()];
        kernels.powers(key.domain().omega(), shift, &mut identity);
        let first_row = first_row(kernels, key.domain(), &identity);
        let active_rows = active_rows(kernels, &first_row, shape.blinding_factors);
        let sum = vec![Fp::ZERO; shape.n()];
        Self { shift, first_row, active_rows, identity, live: HashMap::new(), sum }
    }
}

/// Adds constraints up on all cosets.
struct Sums<'a, C: CurveSpec> {
    kernels: &'a Kernels,
    key: &'a Key<'a, C>,
    circuits: &'a [CircuitColumns<C::Scalar>],
    /// Columns of n rows that are no longer needed.
    spare: Vec<Vec<Fp<C::Scalar>>>,
}

impl<'a, C: CurveSpec> Sums<'a, C> {
    /// Adds y^i constraint_i for the constraints of a group, on each point of each coset.
    fn add(
        &mut self,
        cosets: &mut [Coset<C::Scalar>],
        group: &Group<C::Scalar>,
        circuit: usize,
        challenges: &Challenges<C::Scalar>,
    ) {
        let owned = |source: &Source| ((!is_shared(*source)).then_some(circuit), *source);
        let Some(first) = cosets.first() else { return };
        let missing: Vec<Owned> = group
            .compiled
            .sources
            .iter()
            .map(owned)
            .filter(|owned| !first.live.contains_key(owned))
            .collect();
        let (missing, coefficients) = self.coefficients(&missing);
        let uniforms = group.compiled.uniforms(challenges);

        // Later circuits read the columns they share.
        let stays = |(of, source): &Owned| !group.last_use.contains(source) || (of.is_none() && circuit > 0);
        for coset in cosets {
            let n = self.key.shape().n();
            let mut values: Vec<Vec<Fp<C::Scalar>>> =
                missing.iter().map(|_| self.spare.pop().unwrap_or_else(|| vec![Fp::ZERO; n])).collect();
            let jobs =
                coefficients.iter().zip(&mut values).map(|(from, to)| (from.as_ref(), to.as_mut_slice()));
            self.kernels.coset_ntt_columns(self.key.domain(), jobs.collect(), coset.shift);
            coset.live.extend(missing.iter().copied().zip(values));
            let columns: Vec<&[Fp<C::Scalar>]> = group
                .compiled
                .sources
                .iter()
                .map(|source| match source {
                    Source::FirstRow => coset.first_row.as_slice(),
                    Source::ActiveRows => coset.active_rows.as_slice(),
                    Source::Identity => coset.identity.as_slice(),
                    source => coset.live[&owned(source)].as_slice(),
                })
                .collect();
            self.kernels.run_program(&group.compiled.program, &columns, &uniforms, &mut [&mut coset.sum]);
            // What only this group reads makes room for the next coset.
            let gone = missing.iter().filter(|owned| !stays(owned));
            self.spare.extend(gone.filter_map(|owned| coset.live.remove(owned)));
        }
        let computed = coefficients.into_iter().filter_map(|column| match column {
            Cow::Owned(column) => Some(column),
            Cow::Borrowed(_) => None,
        });
        self.spare.extend(computed);
    }

    /// Drops the columns that no later group reads.
    fn release(&mut self, cosets: &mut [Coset<C::Scalar>], group: &Group<C::Scalar>) {
        for coset in cosets {
            let gone = coset.live.extract_if(|(_, source), _| group.last_use.contains(source));
            self.spare.extend(gone.map(|(_, values)| values));
        }
    }

    /// The polynomials of these columns, where they are columns of n rows.
    fn coefficients(&mut self, columns: &[Owned]) -> (Vec<Owned>, Vec<Cow<'a, [Fp<C::Scalar>]>>) {
        let found: Vec<(Owned, KeyColumn<'a, C::Scalar>)> =
            columns.iter().filter_map(|owned| Some((*owned, self.column(*owned)?))).collect();
        let n = self.key.shape().n();
        let mut coefficients: Vec<Cow<'a, [Fp<C::Scalar>]>> = found
            .iter()
            .map(|(_, column)| match column.coefficients {
                Some(coefficients) => Cow::Borrowed(coefficients),
                None => Cow::Owned(self.spare.pop().unwrap_or_else(|| vec![Fp::ZERO; n])),
            })
            .collect();
        let mut computed: Vec<(&mut Vec<Fp<C::Scalar>>, StoredRef<'a, C::Scalar>)> = coefficients
            .iter_mut()
            .zip(&found)
            .filter_map(|(coefficients, (_, column))| match coefficients {
                Cow::Owned(coefficients) => Some((coefficients, column.rows)),
                Cow::Borrowed(_) => None,
            })
            .collect();
        let reader = self.key.reader(self.kernels);
        self.kernels.executor().for_each(computed.iter_mut(), |_, (to, from)| reader.read(*from, to));
        let mut columns: Vec<&mut [Fp<C::Scalar>]> =
            computed.into_iter().map(|(column, _)| column.as_mut_slice()).collect();
        self.kernels.intt_columns(self.key.domain(), &mut columns);
        (found.into_iter().map(|(owned, _)| owned).collect(), coefficients)
    }

    fn column(&self, (circuit, source): Owned) -> Option<KeyColumn<'a, C::Scalar>> {
        let own = circuit.map(|index| &self.circuits[index]);
        let stored = match source {
            Source::Fixed(index) => return Some(self.key.fixed[index]),
            Source::Sigma(index) => return Some(self.key.sigma[index]),
            Source::Advice(index) => &own?.advice[index],
            Source::Instance(index) => &own?.instance[index],
            Source::PermutationProduct(index) => &own?.permutation_products[index],
            Source::PermutedInput(index) => &own?.permuted_inputs[index],
            Source::PermutedTable(index) => &own?.permuted_tables[index],
            Source::LookupProduct(index) => &own?.lookup_products[index],
            Source::FirstRow | Source::ActiveRows | Source::Identity => return None,
        };
        Some(KeyColumn { rows: stored.view(), coefficients: None })
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
