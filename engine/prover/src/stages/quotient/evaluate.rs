//! The quotient on its cosets.

use std::collections::HashMap;

use parhelion_field_kernels::{CurveSpec, Domain, FieldSpec, Fp, Kernels};
use smallvec::SmallVec;

use super::order::Order;
use super::plan::Group;
use super::split::split;
use crate::Error;
use crate::algebra::{Challenges, Source};
use crate::collect::try_collect;
use crate::key::{Key, KeyColumn};
use crate::memory::{Buffer, Memory, Rows};
use crate::plan::ProofPlan;
use crate::session::Tools;
use crate::storage::{Stored, StoredRef};

/// Columns that a group of constraints mostly has at most: so many are listed without the heap.
const FEW: usize = 32;

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
/// kept only while constraints read it: its values on all cosets, or its coefficients for one coset
/// after the other, see [`Order`]. Calls `progress` with the parts that are done and all parts.
pub(crate) fn construct<C: CurveSpec>(
    tools: Tools<'_, C>,
    plan: ProofPlan,
    circuits: &[CircuitColumns<C::Scalar>],
    challenges: &mut Challenges<C::Scalar>,
    progress: &dyn Fn(usize, usize) -> Result<(), Error>,
) -> Result<Vec<Buffer<C::Scalar>>, Error> {
    let Tools { kernels, memory, key } = tools;
    // Powers of the multiplicative generator: never in the domain, never in the same coset.
    let shifts: Vec<_> =
        (1..=key.shape().quotient_pieces() as u64).map(|index| Fp::generator().pow(index)).collect();
    let sums = Sums { kernels, memory, key, circuits };
    let program = key.derived.programs.quotient(key.shape(), plan);
    let order = Order::new(key, (plan, &program), circuits.len());
    let weight = challenges.y.pow(program.constraints as u64);
    let steps = program.groups.len() * circuits.len();
    let passes = shifts.len().div_ceil(order.cosets);
    let (mut coefficients, mut numerators) = (HashMap::new(), Vec::with_capacity(shifts.len()));
    for (pass, shifts) in shifts.chunks(order.cosets).enumerate() {
        let cosets = || try_collect(shifts.iter().map(|shift| Coset::new(kernels, memory, key, *shift)));
        let mut cosets = tools.inside(cosets)?;
        for (index, group) in program.groups.iter().enumerate() {
            challenges.weight = Fp::ONE;
            // The verifier goes through the circuits in order, so the first has the highest powers of y.
            for circuit in (0..circuits.len()).rev() {
                let step = (index + 1) * circuits.len() - 1 - circuit;
                progress(pass * steps + step, passes * steps)?;
                tools.inside(|| sums.add(&mut cosets, &mut coefficients, group, circuit, challenges))?;
                challenges.weight *= weight;
                if !order.keeps {
                    coefficients.clear();
                }
            }
            for coset in &mut cosets {
                coset.live.retain(|(_, source), _| !group.last_use.contains(source));
            }
        }
        numerators.extend(cosets.into_iter().map(|Coset { shift, sum, .. }| (shift, sum)));
    }
    drop(coefficients);
    tools.inside(|| interpolate(tools, numerators))
}

/// The pieces of the quotient from its numerator on the cosets.
fn interpolate<C: CurveSpec>(
    Tools { kernels, memory, key }: Tools<'_, C>,
    numerators: Vec<(Fp<C::Scalar>, Buffer<C::Scalar>)>,
) -> Result<Vec<Buffer<C::Scalar>>, Error> {
    let (mut points, mut interpolations) = (Vec::new(), Vec::new());
    for (shift, mut values) in numerators {
        let point = shift.pow(key.shape().n() as u64);
        let inverses = (point - Fp::ONE).invert().zip(shift.invert());
        let (vanishing_inverse, shift_inverse) =
            inverses.ok_or(Error::Degenerate("a coset of the quotient domain meets the domain"))?;
        kernels.scale(&mut values, vanishing_inverse);
        kernels.coset_intt(key.domain(), &mut values, shift_inverse);
        points.push(point);
        interpolations.push(values);
    }
    split(kernels, memory, &points, &interpolations)
}

/// Whose column a source is: a circuit's, or nobody's in particular.
type Owned = (Option<usize>, Source);

/// Values on one coset.
struct Coset<S: FieldSpec> {
    shift: Fp<S>,
    first_row: Buffer<S>,
    active_rows: Buffer<S>,
    identity: Buffer<S>,
    /// Columns that groups still to come read, too.
    live: HashMap<Owned, Buffer<S>>,
    /// Of all constraints so far.
    sum: Buffer<S>,
}

impl<S: FieldSpec> Coset<S> {
    fn new<C: CurveSpec<Scalar = S>>(
        kernels: &Kernels,
        memory: &Memory,
        key: &Key<'_, C>,
        shift: Fp<S>,
    ) -> Result<Self, Error> {
        let shape = key.shape();
        let mut identity = memory.scratch(shape.n())?;
        kernels.powers(key.domain().omega(), shift, &mut identity);
        let first_row = first_row(kernels, memory.scratch(shape.n())?, key.domain(), &identity);
        let active_rows =
            active_rows(kernels, memory.scratch(shape.n())?, &first_row, shape.blinding_factors);
        let sum = memory.zeros(shape.n())?;
        Ok(Self { shift, first_row, active_rows, identity, live: HashMap::new(), sum })
    }
}

/// Adds constraints up on all cosets.
struct Sums<'a, C: CurveSpec> {
    kernels: &'a Kernels,
    memory: &'a Memory,
    key: &'a Key<'a, C>,
    circuits: &'a [CircuitColumns<C::Scalar>],
}

impl<'a, C: CurveSpec> Sums<'a, C> {
    /// Adds y^i constraint_i for the constraints of a group, on each point of each coset. Coefficients that
    /// are not known yet are added to those that are.
    fn add(
        &self,
        cosets: &mut [Coset<C::Scalar>],
        coefficients: &mut HashMap<Owned, Rows<'a, C::Scalar>>,
        group: &Group<C::Scalar>,
        circuit: usize,
        challenges: &Challenges<C::Scalar>,
    ) -> Result<(), Error> {
        let owned = |source: &Source| ((!is_shared(*source)).then_some(circuit), *source);
        let Some(first) = cosets.first() else { return Ok(()) };
        let mut missing = Vec::with_capacity(group.compiled.sources.len());
        let unknown =
            group.compiled.sources.iter().map(owned).filter(|owned| !first.live.contains_key(owned));
        missing.extend(unknown.filter(|(_, source)| !source.is_at_hand()));
        let unknown: SmallVec<[Owned; FEW]> =
            missing.iter().filter(|owned| !coefficients.contains_key(*owned)).copied().collect();
        coefficients.extend(unknown.iter().copied().zip(self.coefficients(&unknown)?));
        let uniforms = group.compiled.uniforms(challenges);

        // Later circuits read the columns they share.
        let stays = |(of, source): &Owned| !group.last_use.contains(source) || (of.is_none() && circuit > 0);
        for coset in cosets {
            let n = self.key.shape().n();
            let mut values = SmallVec::<[Buffer<C::Scalar>; FEW]>::with_capacity(missing.len());
            for _ in &missing {
                values.push(self.memory.scratch(n)?);
            }
            let jobs = missing.iter().zip(&mut values).map(|(owned, to)| (&*coefficients[owned], &mut **to));
            let mut jobs: SmallVec<[_; FEW]> = jobs.collect();
            self.kernels.coset_ntt_columns(self.key.domain(), &mut jobs, coset.shift);
            drop(jobs);
            coset.live.extend(missing.iter().copied().zip(values));
            let columns: SmallVec<[&[Fp<C::Scalar>]; FEW]> = group
                .compiled
                .sources
                .iter()
                .map(|source| match source {
                    Source::FirstRow => &*coset.first_row,
                    Source::ActiveRows => &*coset.active_rows,
                    Source::Identity => &*coset.identity,
                    source => &*coset.live[&owned(source)],
                })
                .collect();
            self.kernels.run_program(&group.compiled.program, &columns, &uniforms, &mut [&mut coset.sum]);
            drop(columns);
            // What only this group reads makes room for the next coset.
            for owned in missing.iter().filter(|owned| !stays(owned)) {
                coset.live.remove(owned);
            }
        }
        Ok(())
    }

    /// The polynomials of these columns.
    fn coefficients(&self, columns: &[Owned]) -> Result<Vec<Rows<'a, C::Scalar>>, Error> {
        let n = self.key.shape().n();
        let mut coefficients =
            try_collect(columns.iter().map(|owned| match self.column(*owned).coefficients {
                Some(coefficients) => Ok(Rows::Lent(coefficients)),
                None => self.memory.scratch(n).map(Rows::Computed),
            }))?;
        let mut computed: Vec<&mut [Fp<C::Scalar>]> = Vec::with_capacity(columns.len());
        let mut rows: Vec<StoredRef<'a, C::Scalar>> = Vec::with_capacity(columns.len());
        for (coefficients, owned) in coefficients.iter_mut().zip(columns) {
            if let Rows::Computed(coefficients) = coefficients {
                computed.push(coefficients);
                rows.push(self.column(*owned).rows);
            }
        }
        let reader = self.key.reader(self.kernels, self.memory);
        reader.read_all(rows.into_iter().zip(computed.iter_mut().map(|to| &mut **to)));
        self.kernels.intt_columns(self.key.domain(), &mut computed);
        Ok(coefficients)
    }

    /// A column of n rows: anything but what is at hand anyway.
    fn column(&self, (circuit, source): Owned) -> KeyColumn<'a, C::Scalar> {
        let own = &self.circuits[circuit.unwrap_or(0)];
        let stored = match source {
            Source::Fixed(index) => return self.key.fixed[index],
            Source::Sigma(index) => return self.key.sigma[index],
            Source::Advice(index) => &own.advice[index],
            Source::Instance(index) => &own.instance[index],
            Source::PermutationProduct(index) => &own.permutation_products[index],
            Source::PermutedInput(index) => &own.permuted_inputs[index],
            Source::PermutedTable(index) => &own.permuted_tables[index],
            Source::LookupProduct(index) => &own.lookup_products[index],
            Source::FirstRow | Source::ActiveRows | Source::Identity => {
                unreachable!("{source:?} is no column")
            }
        };
        KeyColumn { rows: stored.view(), coefficients: None }
    }
}

/// Whether a column is the key's, or nobody's, rather than a circuit's.
pub(super) fn is_shared(source: Source) -> bool {
    matches!(
        source,
        Source::Fixed(_) | Source::Sigma(_) | Source::FirstRow | Source::ActiveRows | Source::Identity
    )
}

/// l_0 = (X^n - 1) / (n (X - 1)) on points that share X^n.
fn first_row<S: FieldSpec>(
    kernels: &Kernels,
    mut values: Buffer<S>,
    domain: &Domain<S>,
    points: &[Fp<S>],
) -> Buffer<S> {
    let numerator = (points[0].pow(domain.size() as u64) - Fp::ONE) * domain.size_inv();
    values.iter_mut().zip(points).for_each(|(value, &point)| *value = point - Fp::ONE);
    kernels.batch_invert(&mut values);
    kernels.scale(&mut values, numerator);
    values
}

/// 1 - l_last - l_blind: the Lagrange polynomials of the last `blinding_factors + 1` rows are
/// rotations of l_0.
fn active_rows<S: FieldSpec>(
    kernels: &Kernels,
    mut values: Buffer<S>,
    first_row: &[Fp<S>],
    blinding_factors: usize,
) -> Buffer<S> {
    let n = first_row.len();
    values.fill(Fp::ONE);
    for shift in 1..=blinding_factors + 1 {
        let (wrapped, straight) = first_row.split_at(shift % n);
        kernels.sub_assign(&mut values[..straight.len()], straight);
        kernels.sub_assign(&mut values[straight.len()..], wrapped);
    }
    values
}
