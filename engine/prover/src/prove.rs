//! A proof from beginning to end: one call per stage, each taking what the one before made.

use std::ops::Range;
use std::sync::Arc;

use parhelion_field_kernels::{CurveSpec, Fp};
use parhelion_scheduler::{ExecutorExt, Sequential};

use crate::algebra::Challenges;
use crate::key::Synthesis;
use crate::memory::Buffer;
use crate::observer::Stage;
use crate::session::Session;
use crate::stages::ahead::{self, Ahead, Means};
use crate::stages::opening::{self, Poly, Polys};
use crate::stages::permutation::Columns;
use crate::stages::quotient::{self, CircuitColumns};
use crate::stages::synthesis::{Circuits, Taken, Witness, widened};
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

    let (mut columns, mut challenges) = columns(session, circuits, instances)?;
    session.settle(&columns, &challenges)?;
    session.stage(Stage::Commit, |session| session.commit_last_phase(&columns, &mut challenges))?;

    challenges.theta = session.transcript.challenge()?;
    session.stage(Stage::Lookup, |s| permute_lookups(s, &mut columns, &challenges))?;

    challenges.beta = session.transcript.challenge()?;
    challenges.gamma = session.transcript.challenge()?;
    session.stage(Stage::Permutation, |s| permutation_products(s, &mut columns, &challenges))?;
    session.stage(Stage::Lookup, |s| lookup_products(s, &mut columns, &challenges))?;
    let random = session.stage(Stage::Vanishing, Session::commit_random_polynomial)?;

    session.remember(&columns);

    challenges.y = session.transcript.challenge()?;
    let pieces = session.stage(Stage::Quotient, |s| {
        let progress = |done: usize, all: usize| s.progress(done, all + 1);
        let pieces = quotient::construct(s.tools(), s.plan, &columns, &mut challenges, &progress)?;
        let blinds: Vec<_> = pieces.iter().map(|_| s.blinding.draw()).collect();
        s.write_polynomials(&pieces.iter().map(|piece| &**piece).collect::<Vec<_>>(), &blinds)?;
        // The rest of the proof takes far less than this has left behind.
        s.memory.hand_over();
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

/// Goes as far as it takes to know how much memory the proof would take. Nothing is written.
pub(crate) fn rehearse<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
    instances: &[Vec<&[Fp<C::Scalar>]>],
) -> Result<(), Error> {
    let (columns, challenges) = columns(session, circuits, instances)?;
    session.settle(&columns, &challenges)
}

/// The advice and instance columns of all circuits, and the circuits' challenges. The last phase is
/// still to be committed to.
fn columns<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
    instances: &[Vec<&[Fp<C::Scalar>]>],
) -> Result<(Vec<CircuitColumns<C::Scalar>>, Challenges<C::Scalar>), Error> {
    let (advice, challenges) = synthesise(session, circuits)?;
    let instances = pad_instances(session, instances)?;
    let columns = advice.into_iter().zip(instances);
    let columns =
        columns.map(|(advice, instance)| CircuitColumns { advice, instance, ..CircuitColumns::default() });
    // What stands for theta is as large, too: lookups are looked at before there is one.
    Ok((columns.collect(), Challenges { theta: Fp::delta(), ..Challenges::new(challenges) }))
}

/// Synthesises all circuits and commits to their columns, phase by phase, up to the last phase: its
/// columns are complete. Challenges that follow it are not known yet.
///
/// A single circuit may end its phases as it goes. Several circuits share their challenges, so
/// each phase of all of them is complete before the next begins.
fn synthesise<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
) -> Result<(Vec<StoredTable<C>>, Vec<Fp<C::Scalar>>), Error> {
    let shape = session.key.shape();
    let (phases, challenges) = (&shape.advice_phase, shape.challenge_phase.len());
    let rows = (shape.n(), shape.usable_rows());
    let window = match session.key.derived.synthesis {
        Synthesis::Columns => widened(session.plan.batch, session.taken.reach),
        Synthesis::Regions => phases.len(),
    };
    let mut witnesses: Vec<Witness<'_, C::Scalar>> = (0..circuits.count())
        .map(|_| Witness::new((session.kernels, session.memory), phases, challenges, rows, window))
        .collect();
    session.begin_phase(&mut witnesses.iter_mut().collect::<Vec<_>>());

    // Regions may turn to any column at any time.
    let in_columns = session.key.derived.synthesis == Synthesis::Columns;
    let single = in_columns && circuits.count() == 1 && phases.len() > 1;
    let (tools, ahead) = (session.tools(), Ahead::default());
    let executor = tools.kernels.executor();
    let most = session.plan.ahead(executor.threads());
    if session.rehearsal || !single || most == 0 {
        return synthesise_phases(session, circuits, witnesses, &ahead);
    }
    let alone = tools.kernels.with_executor(Arc::new(Sequential));
    executor.alongside_of(|aside| {
        let means = Means { bases: tools.key.lagrange_bases, memory: tools.memory, alone: &alone };
        let outbox = ahead::outbox(aside, means, &ahead, most);
        let mut witnesses = witnesses;
        witnesses[0].send_to(outbox, session.taken.absence);
        synthesise_phases(session, circuits, witnesses, &ahead)
    })
}

/// Goes through the phases of circuits. Some commitments are made `ahead`.
fn synthesise_phases<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &dyn Circuits<C::Scalar>,
    mut witnesses: Vec<Witness<'_, C::Scalar>>,
    ahead: &Ahead<C>,
) -> Result<(Vec<StoredTable<C>>, Vec<Fp<C::Scalar>>), Error> {
    let last = session.key.shape().phases() - 1;
    for phase in 0..session.key.shape().phases() {
        if let [witness] = witnesses.as_mut_slice() {
            if witness.phase > phase {
                continue;
            }
            session.stage(Stage::Synthesis, |session| {
                let mut end_phase = |witness: &mut Witness<'_, C::Scalar>| {
                    if witness.phase == last {
                        return witness.end();
                    }
                    session.stage(Stage::Commit, |session| session.commit_phase(&mut [witness], ahead))
                };
                circuits.synthesize(0, witness, Some(&mut end_phase))
            })?;
            if witness.phase > phase {
                continue;
            }
        } else if let (Some(circuits), true) = (circuits.shared(), session.ample) {
            session.stage(Stage::Synthesis, |s| synthesise_at_once(s, circuits, &mut witnesses))?;
        } else {
            for (index, witness) in witnesses.iter_mut().enumerate() {
                session.stage(Stage::Synthesis, |_| {
                    circuits.synthesize(index, witness, None)?;
                    witness.close()
                })?;
            }
        }
        if phase == last {
            session.stage(Stage::Synthesis, |_| witnesses.iter_mut().try_for_each(Witness::end))?;
        } else {
            session.stage(Stage::Commit, |session| {
                session.commit_phase(&mut witnesses.iter_mut().collect::<Vec<_>>(), ahead)
            })?;
        }
    }
    session.take_ahead(ahead, witnesses.iter());
    session.taken = witnesses.iter().map(|witness| witness.taken).fold(Taken::default(), Taken::max);
    // What stands for a challenge is as large as one.
    let challenge = |challenge: &Option<Fp<C::Scalar>>| challenge.unwrap_or_else(Fp::delta);
    let challenges = witnesses[0].challenges.iter().map(challenge).collect();
    Ok((witnesses.into_iter().map(Witness::into_columns).collect(), challenges))
}

/// Synthesises the current phase of several circuits, one on each thread.
fn synthesise_at_once<C: CurveSpec>(
    session: &Session<'_, C>,
    circuits: &(dyn Circuits<C::Scalar> + Sync),
    witnesses: &mut [Witness<'_, C::Scalar>],
) -> Result<(), Error> {
    let (executor, all) = (session.kernels.executor(), witnesses.len());
    for (index, wave) in witnesses.chunks_mut(executor.threads()).enumerate() {
        let first = index * executor.threads();
        session.progress(first, all)?;
        let mut outcomes: Vec<Result<(), Error>> = wave.iter().map(|_| Ok(())).collect();
        executor.for_each(wave.iter_mut().zip(&mut outcomes), |index, (witness, outcome)| {
            *outcome = circuits.synthesize(first + index, witness, None).and_then(|()| witness.close());
        });
        outcomes.into_iter().collect::<Result<(), Error>>()?;
    }
    Ok(())
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
    let all = circuits.len();
    for (circuit, table) in circuits.iter_mut().enumerate() {
        let columns = Columns { key: session.key, advice: &table.advice, instance: &table.instance };
        let tables = session.sort_tables(&columns, challenges)?;
        // Two columns each.
        let lookups = session.key.shape().lookups.len();
        for batch in batches(lookups, session.plan.batch.div_ceil(2)) {
            session.progress(circuit * lookups + batch.start, all * lookups)?;
            let lookups = session.permute_lookups(circuit, batch.clone(), &columns, &tables, challenges)?;
            let mut written: Vec<(Poly, &[_])> = Vec::with_capacity(2 * lookups.len());
            for (index, lookup) in batch.zip(&lookups) {
                written.push((Poly::PermutedInput { circuit, index }, &lookup.input));
                written.push((Poly::PermutedTable { circuit, index }, &lookup.table));
            }
            session.write_columns(&written)?;
            let (inputs, tables) = lookups.into_iter().map(|lookup| (lookup.input, lookup.table)).unzip();
            table.permuted_inputs.extend(Stored::pack_all(session.kernels, session.memory, inputs)?);
            table.permuted_tables.extend(Stored::pack_all(session.kernels, session.memory, tables)?);
        }
    }
    Ok(())
}

fn permutation_products<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &mut [CircuitColumns<C::Scalar>],
    challenges: &Challenges<C::Scalar>,
) -> Result<(), Error> {
    for (index, circuit) in circuits.iter_mut().enumerate() {
        let columns = Columns { key: session.key, advice: &circuit.advice, instance: &circuit.instance };
        let products = session.permutation_products(index, &columns, challenges)?;
        circuit.permutation_products = products.into_iter().map(Stored::Plain).collect();
    }
    Ok(())
}

fn lookup_products<C: CurveSpec>(
    session: &mut Session<'_, C>,
    circuits: &mut [CircuitColumns<C::Scalar>],
    challenges: &Challenges<C::Scalar>,
) -> Result<(), Error> {
    let (tools, all) = (session.tools(), circuits.len());
    let lookups = session.key.shape().lookups.len();
    for (circuit, columns) in circuits.iter_mut().enumerate() {
        let mut table = None;
        for batch in batches(lookups, session.plan.batch) {
            session.progress(circuit * lookups + batch.start, all * lookups)?;
            let mut products =
                tools.inside(|| tools.lookup_products(batch.clone(), columns, &mut table, challenges))?;
            let polys = batch.map(|index| Poly::LookupProduct { circuit, index });
            for (product, poly) in products.iter_mut().zip(polys.clone()) {
                session.blind_product(product);
                session.draw_blind(poly);
            }
            session.write_columns(&polys.zip(products.iter().map(|z| &**z)).collect::<Vec<_>>())?;
            columns.lookup_products.extend(products.into_iter().map(Stored::Plain));
        }
    }
    Ok(())
}

/// The numbers below `count`, at most `size` at a time.
fn batches(count: usize, size: usize) -> impl Iterator<Item = Range<usize>> {
    (0..count).step_by(size).map(move |start| start..count.min(start + size))
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
    let tools = session.tools();
    tools.inside(|| {
        let mut joined = pieces.pop().unwrap_or_default();
        while let Some(piece) = pieces.pop() {
            tools.kernels.horner_step(&mut joined, xn, &piece);
        }
        joined
    })
}
