//! A proof from beginning to end: one call per stage, each taking what the one before made.

use parhelion_field_kernels::{CurveSpec, Fp};

use crate::algebra::Challenges;
use crate::observer::Stage;
use crate::session::Session;
use crate::stages::lookup::CircuitLookups;
use crate::stages::opening::{self, Polys};
use crate::stages::permutation::Columns;
use crate::stages::quotient::{self, Polynomials};
use crate::stages::synthesis::{Circuits, Witness};
use crate::{Error, MultiOpen};

/// Field elements by column, then row or coefficient.
type Table<C> = Vec<Vec<Fp<<C as CurveSpec>::Scalar>>>;

/// Proves `circuits` with these instances: for each circuit, the values of each instance column.
/// Counts and lengths were checked against the key.
pub(crate) fn prove<C: CurveSpec>(
    session: &mut Session<'_, C>,
    scheme: MultiOpen,
    circuits: &dyn Circuits<C::Scalar>,
    instances: &[Vec<&[Fp<C::Scalar>]>],
) -> Result<(), Error> {
    session.transcript.common_scalar(session.key.derived.transcript_repr)?;
    for &value in instances.iter().flatten().copied().flatten() {
        session.transcript.common_scalar(value)?;
    }

    let (advice, circuit_challenges) = synthesise(session, circuits)?;
    let instances = pad_instances(session, instances);
    let mut challenges = Challenges::new(circuit_challenges);

    challenges.theta = session.transcript.challenge()?;
    let lookups = session.stage(Stage::Lookup, |s| permute_lookups(s, &advice, &instances, &challenges))?;

    challenges.beta = session.transcript.challenge()?;
    challenges.gamma = session.transcript.challenge()?;
    let products =
        session.stage(Stage::Permutation, |s| permutation_products(s, &advice, &instances, &challenges))?;
    let lookups = session.stage(Stage::Lookup, |s| lookup_products(s, lookups, &challenges))?;
    let random = session.stage(Stage::Vanishing, Session::commit_random_polynomial)?;

    challenges.y = session.transcript.challenge()?;
    let mut h = session.stage(Stage::Quotient, |s| {
        let polynomials = interpolate(s, advice, instances, products, lookups);
        let quotient = quotient::construct(s.kernels, s.key, &polynomials, &mut challenges)?;
        quotient.pieces.iter().for_each(|_| s.skip_blind());
        let pieces: Vec<&[_]> = quotient.pieces.iter().map(Vec::as_slice).collect();
        s.write_polynomials(&pieces)?;
        Ok((polynomials, quotient))
    })?;

    let x = session.transcript.challenge()?;
    let quotient = join_pieces(session, &mut h.1.pieces, x);
    let opened = session.stage(Stage::Evaluate, |s| {
        let (fixed, sigma) = (&s.key.fixed.polys, &s.key.sigma.polys);
        let polys = Polys { circuits: &h.0, fixed, sigma, quotient: &quotient, random: &random };
        opening::evaluate(s, polys, &mut challenges, x)
    })?;
    session.stage(Stage::Open, |s| opening::open(s, scheme, &opened))
}

/// Synthesises all circuits and commits to their columns, phase by phase.
///
/// A single circuit may end its phases as it goes. Several circuits share their challenges, so
/// each phase of all of them is complete before the next begins.
fn synthesise<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
) -> Result<(Vec<Table<C>>, Vec<Fp<C::Scalar>>), Error> {
    let shape = session.key.shape();
    let witness =
        || Witness::new(&shape.advice_phase, shape.challenge_phase.len(), shape.n(), shape.usable_rows());
    let mut witnesses: Vec<Witness<C::Scalar>> = (0..circuits.count()).map(|_| witness()).collect();
    for phase in 0..shape.phases() {
        if let [witness] = witnesses.as_mut_slice() {
            if witness.phase > phase {
                continue;
            }
            session.stage(Stage::Synthesis, |session| {
                let mut end_phase = |witness: &mut Witness<C::Scalar>| {
                    session.stage(Stage::Commit, |session| session.commit_phase(&mut [witness]))
                };
                circuits.synthesize(0, witness, Some(&mut end_phase))
            })?;
            if witness.phase > phase {
                continue;
            }
        } else {
            for (index, witness) in witnesses.iter_mut().enumerate() {
                session.stage(Stage::Synthesis, |_| circuits.synthesize(index, witness, None))?;
            }
        }
        session.stage(Stage::Commit, |s| s.commit_phase(&mut witnesses.iter_mut().collect::<Vec<_>>()))?;
    }
    let challenges = witnesses[0].challenges.iter().map(|challenge| challenge.unwrap_or(Fp::ZERO)).collect();
    Ok((witnesses.into_iter().map(Witness::into_columns).collect(), challenges))
}

fn pad_instances<C: CurveSpec>(
    session: &Session<'_, C>,
    instances: &[Vec<&[Fp<C::Scalar>]>],
) -> Vec<Table<C>> {
    let n = session.key.shape().n();
    let pad = |values: &&[Fp<C::Scalar>]| {
        let mut column = values.to_vec();
        column.resize(n, Fp::ZERO);
        column
    };
    instances.iter().map(|columns| columns.iter().map(pad).collect()).collect()
}

fn permute_lookups<C: CurveSpec>(
    session: &mut Session<'_, C>,
    advice: &[Table<C>],
    instances: &[Table<C>],
    challenges: &Challenges<C::Scalar>,
) -> Result<Vec<CircuitLookups<C::Scalar>>, Error> {
    let mut lookups = Vec::with_capacity(advice.len());
    for (circuit, (advice, instance)) in advice.iter().zip(instances).enumerate() {
        let columns = Columns { key: session.key, advice, instance, identity: &[] };
        lookups.push(session.permute_lookups(circuit, &columns, challenges)?);
    }
    let columns: Vec<&[_]> = lookups
        .iter()
        .flat_map(|circuit| &circuit.lookups)
        .flat_map(|lookup| [lookup.permuted_input.as_slice(), lookup.permuted_table.as_slice()])
        .collect();
    session.write_columns(&columns)?;
    Ok(lookups)
}

fn permutation_products<C: CurveSpec>(
    session: &mut Session<'_, C>,
    advice: &[Table<C>],
    instances: &[Table<C>],
    challenges: &Challenges<C::Scalar>,
) -> Result<Vec<Table<C>>, Error> {
    let mut identity = vec![Fp::ZERO; session.key.shape().n()];
    session.kernels.powers(session.key.domain().omega(), Fp::ONE, &mut identity);
    let mut products = Vec::with_capacity(advice.len());
    for (circuit, (advice, instance)) in advice.iter().zip(instances).enumerate() {
        let columns = Columns { key: session.key, advice, instance, identity: &identity };
        products.push(session.permutation_products(circuit, &columns, challenges)?);
    }
    let columns: Vec<&[_]> = products.iter().flatten().map(Vec::as_slice).collect();
    session.write_columns(&columns)?;
    Ok(products)
}

/// A', S' and the product of one circuit's lookups.
struct LookupColumns<C: CurveSpec> {
    permuted_inputs: Table<C>,
    permuted_tables: Table<C>,
    products: Table<C>,
}

fn lookup_products<C: CurveSpec>(
    session: &mut Session<'_, C>,
    lookups: Vec<CircuitLookups<C::Scalar>>,
    challenges: &Challenges<C::Scalar>,
) -> Result<Vec<LookupColumns<C>>, Error> {
    let mut all = Vec::with_capacity(lookups.len());
    for CircuitLookups { lookups, tables } in lookups {
        let mut columns =
            LookupColumns { permuted_inputs: vec![], permuted_tables: vec![], products: vec![] };
        for lookup in lookups {
            columns.products.push(session.lookup_product(&lookup, &tables[lookup.table], challenges));
            columns.permuted_inputs.push(lookup.permuted_input);
            columns.permuted_tables.push(lookup.permuted_table);
        }
        all.push(columns);
    }
    let columns: Vec<&[_]> =
        all.iter().flat_map(|circuit: &LookupColumns<C>| &circuit.products).map(Vec::as_slice).collect();
    session.write_columns(&columns)?;
    Ok(all)
}

/// Turns every column of every circuit into coefficients, in place.
fn interpolate<C: CurveSpec>(
    session: &Session<'_, C>,
    advice: Vec<Table<C>>,
    instances: Vec<Table<C>>,
    permutation_products: Vec<Table<C>>,
    lookups: Vec<LookupColumns<C>>,
) -> Vec<Polynomials<C::Scalar>> {
    let mut circuits: Vec<Polynomials<C::Scalar>> = advice
        .into_iter()
        .zip(instances)
        .zip(permutation_products)
        .zip(lookups)
        .map(|(((advice, instance), permutation_products), lookups)| Polynomials {
            advice,
            instance,
            permutation_products,
            permuted_inputs: lookups.permuted_inputs,
            permuted_tables: lookups.permuted_tables,
            lookup_products: lookups.products,
        })
        .collect();
    let mut columns: Vec<&mut [Fp<C::Scalar>]> =
        circuits.iter_mut().flat_map(Polynomials::columns_mut).map(Vec::as_mut_slice).collect();
    session.kernels.intt_columns(session.key.domain(), &mut columns);
    circuits
}

/// h at degree below n that agrees with the whole h at x: sum x^{jn} h_j.
fn join_pieces<C: CurveSpec>(
    session: &Session<'_, C>,
    pieces: &mut Table<C>,
    x: Fp<C::Scalar>,
) -> Vec<Fp<C::Scalar>> {
    let xn = x.pow(session.key.shape().n() as u64);
    let mut joined = pieces.pop().unwrap_or_default();
    while let Some(piece) = pieces.pop() {
        session.kernels.horner_step(&mut joined, xn, &piece);
    }
    joined
}
