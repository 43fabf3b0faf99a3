//! A transcript that remembers what passes through it.

use std::fmt;
use std::io;

use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
use halo2_axiom::transcript::{EncodedChallenge, Transcript, TranscriptWrite};

/// One step of a Fiat-Shamir transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// A point both sides know was absorbed.
    CommonPoint(G1Affine),
    /// A scalar both sides know was absorbed.
    CommonScalar(Fr),
    /// A point was written to the proof.
    WritePoint(G1Affine),
    /// A scalar was written to the proof.
    WriteScalar(Fr),
    /// A challenge was drawn.
    Squeeze(Fr),
}

impl Event {
    /// What happened, without the value.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::CommonPoint(_) => "absorb point",
            Self::CommonScalar(_) => "absorb scalar",
            Self::WritePoint(_) => "write point",
            Self::WriteScalar(_) => "write scalar",
            Self::Squeeze(_) => "squeeze challenge",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::CommonPoint(point) | Self::WritePoint(point) => {
                write!(f, "{kind} ({:?}, {:?})", point.x, point.y)
            }
            Self::CommonScalar(scalar) | Self::WriteScalar(scalar) | Self::Squeeze(scalar) => {
                write!(f, "{kind} {scalar:?}")
            }
        }
    }
}

/// Passes everything on to `T` and keeps a record of it.
///
/// A write that fails is recorded too: the record ends with the event that was refused.
#[derive(Clone, Debug)]
pub struct RecordingTranscript<T> {
    inner: T,
    events: Vec<Event>,
}

impl<T> RecordingTranscript<T> {
    /// Records what passes to `inner`.
    #[must_use]
    pub const fn new(inner: T) -> Self {
        Self { inner, events: Vec::new() }
    }

    /// What passed so far, in order.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// The wrapped transcript and the record.
    #[must_use]
    pub fn into_parts(self) -> (T, Vec<Event>) {
        (self.inner, self.events)
    }
}

impl<E, T> Transcript<G1Affine, E> for RecordingTranscript<T>
where
    E: EncodedChallenge<G1Affine>,
    T: Transcript<G1Affine, E>,
{
    fn squeeze_challenge(&mut self) -> E {
        let challenge = self.inner.squeeze_challenge();
        self.events.push(Event::Squeeze(challenge.get_scalar()));
        challenge
    }

    fn common_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.events.push(Event::CommonPoint(point));
        self.inner.common_point(point)
    }

    fn common_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.events.push(Event::CommonScalar(scalar));
        self.inner.common_scalar(scalar)
    }
}

impl<E, T> TranscriptWrite<G1Affine, E> for RecordingTranscript<T>
where
    E: EncodedChallenge<G1Affine>,
    T: TranscriptWrite<G1Affine, E>,
{
    fn write_point(&mut self, point: G1Affine) -> io::Result<()> {
        self.events.push(Event::WritePoint(point));
        self.inner.write_point(point)
    }

    fn write_scalar(&mut self, scalar: Fr) -> io::Result<()> {
        self.events.push(Event::WriteScalar(scalar));
        self.inner.write_scalar(scalar)
    }
}
