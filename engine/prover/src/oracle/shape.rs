//! Which stage of a proof an event of its transcript belongs to.

use std::fmt;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::plonk::VerifyingKey;

use super::recording::Event;

/// The stages of a proof's transcript, in order. A challenge belongs to the stage that uses
/// it first; those of an advice phase, to that phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TranscriptStage {
    /// The verifying key's digest.
    VerifyingKey,
    /// The instance values.
    Instances,
    /// Advice commitments and the challenges usable after them.
    Advice {
        /// From 0.
        phase: u8,
    },
    /// theta, then A' and S' of each lookup.
    LookupPermuted,
    /// beta and gamma, then the permutation's grand products.
    PermutationProducts,
    /// The lookups' grand products.
    LookupProducts,
    /// The random polynomial of the vanishing argument.
    RandomPolynomial,
    /// y, then the pieces of the quotient.
    Quotient,
    /// x, then all evaluations.
    Evaluations,
    /// The multi-opening argument.
    Opening,
}

impl fmt::Display for TranscriptStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::VerifyingKey => f.write_str("verifying key"),
            Self::Instances => f.write_str("instances"),
            Self::Advice { phase } => write!(f, "advice commitments of phase {phase}"),
            Self::LookupPermuted => f.write_str("permuted lookup columns"),
            Self::PermutationProducts => f.write_str("permutation products"),
            Self::LookupProducts => f.write_str("lookup products"),
            Self::RandomPolynomial => f.write_str("random polynomial"),
            Self::Quotient => f.write_str("quotient pieces"),
            Self::Evaluations => f.write_str("evaluations"),
            Self::Opening => f.write_str("opening"),
        }
    }
}

/// How many of each thing a proof has. Per circuit, except where all circuits share.
#[derive(Debug)]
pub(super) struct Counts {
    pub(super) circuits: usize,
    pub(super) advice: usize,
    pub(super) lookups: usize,
    pub(super) permutation_sets: usize,
    pub(super) quotient_pieces: usize,
    pub(super) usable_rows: usize,
}

impl Counts {
    pub(super) fn new(vk: &VerifyingKey<G1Affine>, circuits: usize) -> Self {
        let (cs, domain) = (vk.cs(), vk.get_domain());
        // Degree d gives d - 1 pieces and takes d - 2 columns in each permutation set.
        let quotient_pieces = domain.get_quotient_poly_degree();
        let columns = cs.permutation().get_columns().len();
        Self {
            circuits,
            advice: cs.num_advice_columns(),
            lookups: cs.lookups().len(),
            permutation_sets: columns.div_ceil(quotient_pieces.saturating_sub(1).max(1)),
            quotient_pieces,
            usable_rows: (1usize << domain.k()).saturating_sub(cs.blinding_factors() + 1),
        }
    }
}

/// The sequence of stages that the verifier expects in the transcript of one proof.
#[derive(Clone, Debug)]
pub struct TranscriptShape {
    /// Each stage with the index of the first event after it. The opening has no end.
    ends: Vec<(TranscriptStage, usize)>,
}

impl TranscriptShape {
    /// The shape of a proof under `vk` of as many circuits as there are lists in `instances`.
    #[must_use]
    pub fn new(vk: &VerifyingKey<G1Affine>, instances: &[&[&[Fr]]]) -> Self {
        let counts = Counts::new(vk, instances.len());
        let cs = vk.cs();
        let circuits = counts.circuits;
        let sets = counts.permutation_sets;

        let mut shape = Self { ends: Vec::new() };
        shape.push(TranscriptStage::VerifyingKey, 1);
        shape
            .push(TranscriptStage::Instances, instances.iter().flat_map(|c| c.iter()).map(|c| c.len()).sum());
        let (columns, challenges) = (cs.advice_column_phase(), cs.challenge_phase());
        for phase in 0..=columns.iter().copied().max().unwrap_or(0) {
            let of_phase = |phases: &[u8]| phases.iter().filter(|p| **p == phase).count();
            let events = circuits * of_phase(&columns) + of_phase(&challenges);
            shape.push(TranscriptStage::Advice { phase }, events);
        }
        shape.push(TranscriptStage::LookupPermuted, 1 + 2 * circuits * counts.lookups);
        shape.push(TranscriptStage::PermutationProducts, 2 + circuits * sets);
        shape.push(TranscriptStage::LookupProducts, circuits * counts.lookups);
        shape.push(TranscriptStage::RandomPolynomial, 1);
        shape.push(TranscriptStage::Quotient, 1 + counts.quotient_pieces);
        let shared = cs.fixed_queries().len() + 1 + cs.permutation().get_columns().len();
        let own = cs.advice_queries().len() + (3 * sets).saturating_sub(1) + 5 * counts.lookups;
        shape.push(TranscriptStage::Evaluations, 1 + shared + circuits * own);
        shape
    }

    /// The stage of the event with this index.
    #[must_use]
    pub fn stage_of(&self, event: usize) -> TranscriptStage {
        let stage = self.ends.iter().find(|(_, end)| event < *end);
        stage.map_or(TranscriptStage::Opening, |(stage, _)| *stage)
    }

    /// The stages before the opening, in order, each with the number of its events.
    pub fn stages(&self) -> impl Iterator<Item = (TranscriptStage, usize)> + '_ {
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(_, end)| *end));
        self.ends.iter().zip(starts).map(|((stage, end), start)| (*stage, end - start))
    }

    fn push(&mut self, stage: TranscriptStage, events: usize) {
        let start = self.ends.last().map_or(0, |(_, end)| *end);
        self.ends.push((stage, start + events));
    }
}

/// The first place where two transcripts differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Index of the event.
    pub event: usize,
    /// The stage it belongs to.
    pub stage: TranscriptStage,
    /// What the first transcript has there; nothing if it is shorter.
    pub left: Option<Event>,
    /// What the second transcript has there; nothing if it is shorter.
    pub right: Option<Event>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let show = |event: &Option<Event>| event.map_or_else(|| "nothing".to_owned(), |e| e.to_string());
        let (left, right) = (show(&self.left), show(&self.right));
        write!(f, "{}, event {}: {left} against {right}", self.stage, self.event)
    }
}

/// Compares two records event by event. `None` if they are equal.
#[must_use]
pub fn first_difference(left: &[Event], right: &[Event], shape: &TranscriptShape) -> Option<Difference> {
    let event = (0..left.len().max(right.len())).find(|i| left.get(*i) != right.get(*i))?;
    let (stage, left, right) = (shape.stage_of(event), left.get(event).copied(), right.get(event).copied());
    Some(Difference { event, stage, left, right })
}
