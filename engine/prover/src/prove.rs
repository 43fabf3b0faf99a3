//! A proof from beginning to end: one call per stage, each taking what the one before made.

use parhelion_field_kernels::{CurveSpec, Fp};

use crate::algebra::Challenges;
use crate::memory::Buffer;
use crate::observer::Stage;
use crate::session::Session;
use crate::stages::opening::{self, Poly, Polys};
use crate::stages::permutation::Columns;
use crate::stages::quotient::{self, CircuitColumns};
use crate::stages::synthesis::{Circuits, Witness};
use crate::storage::Stored;
use crate::{Error, MultiOpen};

/// The columns of one circuit, as they are kept.
type StoredTable<C> = Vec<Stored<<C as CurveSpec>::Scalar>>;

/// Proves `circuits` with these instances: for each circuit, the values of each instance column.
/// Counts and lengths were checked against the key.
pub(crate) fn prove<C: CurveSpec>(
    session: &mut Session<'_, C>,
    scheme: MultiOpen,
    circuits: &dyn Circuits<C::Scalar>,
    instances: &[Vec<&[Fp<C::Scalar>]>],
) -> Result<(), Error> {
    session.transcript.common_scalar(session.key.derived.transcript_repr)?;
    session.absorb_instances(instances)?;

    let (advice, circuit_challenges) = synthesise(session, circuits)?;
    let instances = pad_instances(session, instances)?;
    let mut challenges = Challenges::new(circuit_challenges);
    let mut columns: Vec<CircuitColumns<C::Scalar>> = advice
        .into_iter()
        .zip(instances)
        .map(|(advice, instance)| CircuitColumns { advice, instance, ..CircuitColumns::default() })
        .collect();

    challenges.theta = session.transcript.challenge()?;
    session.stage(Stage::Lookup, |s| permute_lookups(s, &mut columns, &challenges))?;

    challenges.beta = session.transcript.challenge()?;
    challenges.gamma = session.transcript.challenge()?;
    session.stage(Stage::Permutation, |s| permutation_products(s, &mut columns, &challenges))?;
    session.stage(Stage::Lookup, |s| lookup_products(s, &mut columns, &challenges))?;
    let random = session.stage(Stage::Vanishing, Session::commit_random_polynomial)?;

    challenges.y = session.transcript.challenge()?;
    let pieces = session.stage(Stage::Quotient, |s| {
        let pieces = quotient::construct(s.kernels, s.memory, s.key, &columns, &mut challenges)?;
        let blinds: Vec<_> = pieces.iter().map(|_| s.blinding.draw()).collect();
        s.write_polynomials(&pieces.iter().map(|piece| &**piece).collect::<Vec<_>>(), &blinds)?;
        Ok((pieces, blinds))
    })?;

    let x = session.transcript.challenge()?;
    let quotient = join_pieces(session, pieces, x);
    let opened = session.stage(Stage::Evaluate, |s| {
        let polys = Polys { circuits: &columns, fixed: &s.key.fixed, sigma: &s.key.sigma, quotient, random };
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
) -> Result<(Vec<StoredTable<C>>, Vec<Fp<C::Scalar>>), Error> {
    let shape = session.key.shape();
    let (memory, phases, challenges) = (session.memory, &shape.advice_phase, shape.challenge_phase.len());
    let witness = |_| Witness::new(memory, phases, challenges, shape.n(), shape.usable_rows());
    let mut witnesses =
        (0..circuits.count()).map(witness).collect::<Result<Vec<Witness<C::Scalar>>, Error>>()?;
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
) -> Result<Vec<StoredTable<C>>, Error> {
    let n = session.key.shape().n();
    let pad = |values: &&[Fp<C::Scalar>]| {
        let mut column = session.memory.zeros(n)?;
        column[..values.len()].copy_from_slice(values);
        Stored::pack(session.kernels, session.memory, column)
    };
    instances.iter().map(|columns| columns.iter().map(pad).collect()).collect()
}

fn permute_lookups<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &mut [CircuitColumns<C::Scalar>],
    challenges: &Challenges<C::Scalar>,
) -> Result<(), Error> {
    let mut lookups = Vec::with_capacity(circuits.len());
    for (index, circuit) in circuits.iter().enumerate() {
        let columns = Columns { key: session.key, advice: &circuit.advice, instance: &circuit.instance };
        lookups.push(session.permute_lookups(index, &columns, challenges)?);
    }
    let mut columns: Vec<(Poly, &[_])> = Vec::new();
    for (circuit, lookups) in lookups.iter().enumerate() {
        for (index, lookup) in lookups.iter().enumerate() {
            columns.push((Poly::PermutedInput { circuit, index }, &lookup.input));
            columns.push((Poly::PermutedTable { circuit, index }, &lookup.table));
        }
    }
    session.write_columns(&columns)?;
    for (circuit, lookups) in circuits.iter_mut().zip(lookups) {
        let (inputs, tables) = lookups.into_iter().map(|lookup| (lookup.input, lookup.table)).unzip();
        circuit.permuted_inputs = Stored::pack_all(session.kernels, session.memory, inputs)?;
        circuit.permuted_tables = Stored::pack_all(session.kernels, session.memory, tables)?;
    }
    Ok(())
}

fn permutation_products<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &mut [CircuitColumns<C::Scalar>],
    challenges: &Challenges<C::Scalar>,
) -> Result<(), Error> {
    let mut products = Vec::with_capacity(circuits.len());
    for (index, circuit) in circuits.iter().enumerate() {
        let columns = Columns { key: session.key, advice: &circuit.advice, instance: &circuit.instance };
        products.push(session.permutation_products(index, &columns, challenges)?);
    }
    let mut columns: Vec<(Poly, &[_])> = Vec::new();
    for (circuit, products) in products.iter().enumerate() {
        for (index, product) in products.iter().enumerate() {
            columns.push((Poly::PermutationProduct { circuit, index }, product));
        }
    }
    session.write_columns(&columns)?;
    for (circuit, products) in circuits.iter_mut().zip(products) {
        circuit.permutation_products = products.into_iter().map(Stored::Plain).collect();
    }
    Ok(())
}

fn lookup_products<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &mut [CircuitColumns<C::Scalar>],
    challenges: &Challenges<C::Scalar>,
) -> Result<(), Error> {
    let programs = &session.key.derived.programs;
    let mut products = Vec::with_capacity(circuits.len());
    for (index, circuit) in circuits.iter().enumerate() {
        let columns = Columns { key: session.key, advice: &circuit.advice, instance: &circuit.instance };
        let compress = |session: &Session<'_, C>, program| session.compress(&columns, program, challenges);
        let tables = programs.lookup_tables.iter().map(|table| compress(session, table));
        let tables = tables.collect::<Result<Vec<_>, Error>>()?;
        let permuted = circuit.permuted_inputs.iter().zip(&circuit.permuted_tables);
        let lookups = programs.lookup_inputs.iter().zip(permuted).enumerate();
        for (lookup, ((input, table), (permuted_input, permuted_table))) in lookups {
            let poly = Poly::LookupProduct { circuit: index, index: lookup };
            let input = compress(session, input)?;
            let permuted_input = session.reader().rows(permuted_input.view())?;
            let permuted_table = session.reader().rows(permuted_table.view())?;
            let lookup = [&*input, &tables[*table], &permuted_input, &permuted_table];
            products.push((poly, session.lookup_product(poly, lookup, challenges)?));
        }
    }
    let columns: Vec<(Poly, &[_])> = products.iter().map(|(poly, product)| (*poly, &**product)).collect();
    session.write_columns(&columns)?;
    let mut products = products.into_iter().map(|(_, product)| Stored::Plain(product));
    for circuit in circuits {
        circuit.lookup_products = products.by_ref().take(programs.lookup_inputs.len()).collect();
    }
    Ok(())
}

/// h at degree below n that agrees with the whole h at x: sum x^{jn} h_j. Its blind is that of the
/// same sum of commitments.
fn join_pieces<C: CurveSpec>(
    session: &mut Session<'_, C>,
    (mut pieces, blinds): (Vec<Buffer<C::Scalar>>, Vec<Fp<C::Scalar>>),
    x: Fp<C::Scalar>,
) -> Buffer<C::Scalar> {
    let xn = x.pow(session.key.shape().n() as u64);
    let blind = blinds.into_iter().rev().fold(Fp::ZERO, |sum, blind| sum * xn + blind);
    session.blinds.insert(Poly::Quotient, blind);
    let mut joined = pieces.pop().unwrap_or_default();
    while let Some(piece) = pieces.pop() {
        session.kernels.horner_step(&mut joined, xn, &piece);
    }
    joined
}
