//! Transcripts that cannot be written to.

use std::io;

use halo2_axiom::transcript::TranscriptWriterBuffer;
use parhelion::Error;
use parhelion_tests::bench::{Blake2b, MULTI_OPENS, rng, with_slices};
use parhelion_tests::circuits::{PhaseStyle, Phases};

use super::{assert_error, bench_of, prover, recipe, refusal};

/// Takes `left` bytes, and refuses the rest.
#[derive(Debug)]
struct FullDisk {
    left: usize,
}

impl io::Write for FullDisk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the disk is full"));
        }
        let taken = bytes.len().min(self.left);
        self.left -= taken;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A transcript that cannot be written is an error at every single point and scalar.
#[test]
fn failing_transcript() {
    let style = PhaseStyle::Region;
    let recipe = recipe().style(style).with(Phases { phases: 2, rows: 16, late_write: false, style });
    let bench = bench_of(&recipe);
    for multi_open in MULTI_OPENS {
        let prover = prover(multi_open);
        let key = prover.prepare(&bench.params, &bench.pk).expect("prepared key");
        let attempt = |left: usize| {
            let mut transcript = Blake2b::init(FullDisk { left });
            with_slices(&bench.instances, |instances| {
                prover.prove(&key, &bench.circuits, instances, rng(1), &mut transcript)
            })
        };
        let length = bench.ours(&prover, 1).expect("proof").bytes.len();
        for left in (0..length).step_by(32).chain([1, 31, 33, length - 1]) {
            assert_error!(refusal(|| attempt(left)), Error::Transcript(_), "transcript", "the disk is full");
        }
        attempt(length).expect("room for the whole proof");
    }
}
