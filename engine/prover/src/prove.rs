//! A proof from beginning to end: one call per stage, each taking what the one before made.

use std::panic::resume_unwind;
use std::thread::{self, ScopedJoinHandle};

use parhelion_field_kernels::{CurveSpec, Fp, Projective};

use crate::algebra::Challenges;
use crate::memory::Buffer;
use crate::observer::Stage;
use crate::session::Session;
use crate::stages::ahead;
use crate::stages::opening::{self, Polys};
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
    for &value in instances.iter().flatten().copied().flatten() {
        session.transcript.common_scalar(value)?;
    }

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
        let progress = |done: usize, all: usize| s.progress(done, all + 1);
        let pieces = quotient::construct(s.kernels, s.memory, s.key, &columns, &mut challenges, &progress)?;
        pieces.iter().for_each(|_| s.skip_blind());
        s.write_polynomials(&pieces.iter().map(|piece| &**piece).collect::<Vec<_>>())?;
        Ok(pieces)
    })?;

    let x = session.transcript.challenge()?;
    let quotient = join_pieces(session, pieces, x);
    let opened = session.stage(Stage::Evaluate, |s| {
        let polys = Polys { circuits: &columns, fixed: &s.key.fixed, sigma: &s.key.sigma, quotient, random };
        opening::evaluate(s, polys, &mut challenges, x)
    })?;
    session.stage(Stage::Open, |s| opening::open(s, scheme, &opened))
}

/// Commitments that are being made ahead on another thread.
type Ahead<'scope, C> = Option<ScopedJoinHandle<'scope, Vec<(usize, Projective<C>)>>>;

/// Synthesises all circuits and commits to their columns, phase by phase.
fn synthesise<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
) -> Result<(Vec<StoredTable<C>>, Vec<Fp<C::Scalar>>), Error> {
    let shape = session.key.shape();
    let (memory, phases, challenges) = (session.memory, &shape.advice_phase, shape.challenge_phase.len());
    let witness = |_| Witness::new(memory, phases, challenges, shape.n(), shape.usable_rows());
    let mut witnesses =
        (0..circuits.count()).map(witness).collect::<Result<Vec<Witness<C::Scalar>>, Error>>()?;
    session.blind_columns(&mut witnesses);
    let (kernels, control, bases) = (session.kernels, session.control, &session.key.derived.lagrange_bases);
    let executor = kernels.executor();
    if circuits.count() > 1 || executor.threads() == 1 || !executor.is_outside() {
        return synthesise_phases(session, circuits, witnesses, None);
    }
    thread::scope(|scope| {
        let (outbox, inbox) = ahead::boxes();
        witnesses[0].outbox = Some(outbox);
        // It asks for work and waits; the executor's threads do it. Without it there is none done ahead.
        let ahead =
            thread::Builder::new().spawn_scoped(scope, move || ahead::run(kernels, control, bases, inbox));
        synthesise_phases(session, circuits, witnesses, ahead.ok())
    })
}

/// A single circuit may end its phases as it goes. Several circuits share their challenges, so
/// each phase of all of them is complete before the next begins.
fn synthesise_phases<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
    mut witnesses: Vec<Witness<C::Scalar>>,
    mut ahead: Ahead<'_, C>,
) -> Result<(Vec<StoredTable<C>>, Vec<Fp<C::Scalar>>), Error> {
    for phase in 0..session.key.shape().phases() {
        if let [witness] = witnesses.as_mut_slice() {
            if witness.phase > phase {
                continue;
            }
            session.stage(Stage::Synthesis, |session| {
                let mut end_phase =
                    |witness: &mut Witness<C::Scalar>| end_phase(session, &mut [witness], &mut ahead);
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
        end_phase(session, &mut witnesses.iter_mut().collect::<Vec<_>>(), &mut ahead)?;
    }
    let challenges = witnesses[0].challenges.iter().map(|challenge| challenge.unwrap_or(Fp::ZERO)).collect();
    Ok((witnesses.into_iter().map(Witness::into_columns).collect(), challenges))
}

fn end_phase<C: CurveSpec>(
    session: &mut Session<'_, C>,
    witnesses: &mut [&mut Witness<C::Scalar>],
    ahead: &mut Ahead<'_, C>,
) -> Result<(), Error> {
    session.stage(Stage::Commit, |session| {
        witnesses.iter_mut().for_each(|witness| witness.take_back());
        let commitments = ahead.take().map(ScopedJoinHandle::join);
        let commitments =
            commitments.unwrap_or_else(|| Ok(Vec::new())).unwrap_or_else(|panic| resume_unwind(panic));
        session.control.check()?;
        session.commit_phase(witnesses, commitments)
    })
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
    let columns: Vec<&[_]> =
        lookups.iter().flatten().flat_map(|lookup| [&*lookup.input, &*lookup.table]).collect();
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
    let columns: Vec<&[_]> = products.iter().flatten().map(|product| &**product).collect();
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
    for circuit in circuits.iter() {
        let columns = Columns { key: session.key, advice: &circuit.advice, instance: &circuit.instance };
        let compress = |session: &Session<'_, C>, program| session.compress(&columns, program, challenges);
        let tables = programs.lookup_tables.iter().map(|table| compress(session, table));
        let tables = tables.collect::<Result<Vec<_>, Error>>()?;
        let permuted = circuit.permuted_inputs.iter().zip(&circuit.permuted_tables);
        for ((input, table), (permuted_input, permuted_table)) in programs.lookup_inputs.iter().zip(permuted)
        {
            session.progress(products.len(), circuits.len() * programs.lookup_inputs.len())?;
            let input = compress(session, input)?;
            let permuted_input = session.reader().rows(permuted_input.view())?;
            let permuted_table = session.reader().rows(permuted_table.view())?;
            let lookup = [&*input, &tables[*table], &permuted_input, &permuted_table];
            let product = session.lookup_product(lookup, challenges)?;
            products.push(product);
        }
    }
    session.write_columns(&products.iter().map(|product| &**product).collect::<Vec<_>>())?;
    let mut products = products.into_iter().map(Stored::Plain);
    for circuit in circuits {
        circuit.lookup_products = products.by_ref().take(programs.lookup_inputs.len()).collect();
    }
    Ok(())
}

/// h at degree below n that agrees with the whole h at x: sum x^{jn} h_j.
fn join_pieces<C: CurveSpec>(
    session: &Session<'_, C>,
    mut pieces: Vec<Buffer<C::Scalar>>,
    x: Fp<C::Scalar>,
) -> Buffer<C::Scalar> {
    let xn = x.pow(session.key.shape().n() as u64);
    let mut joined = pieces.pop().unwrap_or_default();
    while let Some(piece) = pieces.pop() {
        session.kernels.horner_step(&mut joined, xn, &piece);
    }
    joined
}
