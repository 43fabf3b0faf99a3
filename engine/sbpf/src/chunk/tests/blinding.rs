//! Rows for blinding: a prover that puts there what it likes, shown by real proofs.

use super::*;
use crate::circuit::layout::{M_ROM, RAM_IN, RAM_OUT, ROM_FLAGS, ROM_IMM, ROM_OFF, ROM_PC};
use crate::circuit::{BLINDED_ROWS, Witness};

/// Numbers that an element takes from a generator: `Fr::random` reduces eight.
const PER_VALUE: usize = 8;

/// Puts values of its choice into the first rows for blinding of some columns; zeros into what else a verifier
/// computes anew, and randomness into the rest.
struct Planted {
    values: Vec<(usize, u64)>,
    drawn: usize,
}

impl RngCore for Planted {
    fn next_u64(&mut self) -> u64 {
        let (value, limb) = (self.drawn / PER_VALUE, self.drawn % PER_VALUE);
        self.drawn += 1;
        let (column, row) = (value / BLINDED_ROWS, value % BLINDED_ROWS);
        match self.values.iter().find(|(planted, _)| *planted == column) {
            Some((_, value)) if row == 0 && limb == 0 => *value,
            Some(_) => 0,
            None if column < LINKED_COLUMNS => 0,
            None => OsRng.next_u64(),
        }
    }

    fn next_u32(&mut self) -> u32 {
        self.next_u64() as u32
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        rand_core::impls::fill_bytes_via_next(self, bytes);
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

/// [`KEEP`] in one chunk, proven from a witness that may have been changed, with values planted.
fn proven(change: impl FnOnce(&mut Witness), values: &[(usize, u64)]) -> Run {
    let mut run = run(5);
    let execution = run.execution(9);
    let mut witness = execution.plan.witness(0, K).unwrap();
    change(&mut witness);
    let (mut chunk, _) = execution.chunk(0, K, Arc::new(Sequential)).unwrap();
    let circuit = MachineCircuit::new(K, witness.into(), Arc::new(Sequential));
    let rng = Planted { values: values.to_vec(), drawn: 0 };
    chunk.proof = stock_proof(circuit, &chunk.instances(), rng);
    let disclosure = execution.disclosure();
    drop(execution);
    (run.chunks, run.disclosure) = (vec![chunk], disclosure);
    run
}

/// Nothing planted, nothing changed: accepted, so that what is rejected below is rejected for its values.
#[test]
fn without_values_there_it_verifies() {
    let run = proven(|_| (), &[]);
    Setup::get().verifier().verify_chunk(&run.chunks[0]).unwrap();
    run.verify().unwrap();
}

/// In columns that the verifier computes anew, no row for blinding may be anything but zero. What is
/// there has no part in any constraint, so that the proof by itself is one.
#[test]
fn columns_that_are_compared_have_none() {
    let cases = [
        (ROM_PC, "program and addresses"),
        (ROM_FLAGS, "program and addresses"),
        (RAM_IN, "input"),
        (RAM_OUT, "result"),
    ];
    for (column, expected) in cases {
        let run = proven(|_| (), &[(column, 1)]);
        Setup::get().verifier().verify_chunk(&run.chunks[0]).unwrap();
        match run.verify() {
            Err(VerifyError::Commitment { chunk: 0, what }) => assert_eq!(what, expected),
            other => panic!("column {column}: {other:?}"),
        }
    }
}

/// An instruction that is only in a row for blinding is in no table, however often it is said to
/// be looked up there.
#[test]
fn lookups_find_nothing_there() {
    let columns = [ROM_PC, ROM_FLAGS, ROM_IMM, ROM_OFF, M_ROM];
    let of = |row: usize| {
        let run = run(5);
        let witness = run.execution(9).plan.witness(0, K).unwrap();
        columns.map(|column| (column, witness.small(column, row).unwrap()))
    };
    // The last instruction of the program, which is executed once.
    let moved = of(8);
    assert_eq!((moved[0].1, moved[4].1), (8, 1));
    let remove = |witness: &mut Witness| columns.iter().for_each(|&column| witness.set(column, 8, 0));
    let run = proven(remove, &moved);
    let verified = Setup::get().verifier().verify_chunk(&run.chunks[0]);
    assert!(matches!(verified, Err(VerifyError::Proof { .. })), "{verified:?}");
    // Nor does it help to have it in both.
    let run = proven(|witness| witness.set(M_ROM, 8, 0), &moved);
    let verified = Setup::get().verifier().verify_chunk(&run.chunks[0]);
    assert!(matches!(verified, Err(VerifyError::Proof { .. })), "{verified:?}");
}

/// Memory that is carried is blinded alike on both sides of a boundary, or does not link.
#[test]
fn carried_columns_have_the_same() {
    let mut run = run(5);
    let execution = run.execution(3);
    let (circuit, instances) = execution.circuit(1, K, Arc::new(Sequential)).unwrap();
    // As the others but for one row of the memory that it begins with.
    let honest = LinkRng::new(&LinkSecret::from_bytes([3; 32]), 1, 3, OsRng);
    struct Other<R>(R, usize);
    impl<R: RngCore> RngCore for Other<R> {
        fn next_u64(&mut self) -> u64 {
            let at = RAM_IN * BLINDED_ROWS * PER_VALUE;
            self.1 += 1;
            self.0.next_u64() ^ u64::from(self.1 == at + 1)
        }
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            rand_core::impls::fill_bytes_via_next(self, bytes);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }
    let proof = stock_proof(circuit, &instances, Other(honest, 0));
    drop(execution);
    run.chunks[1].proof = proof;
    Setup::get().verifier().verify_chunk(&run.chunks[1]).unwrap();
    assert!(matches!(
        run.verify(),
        Err(VerifyError::Commitment { chunk: 1, what: "memory of the chunk before" })
    ));
}

/// A program that calls as deep as there are frames, in chunks that begin at several depths.
#[test]
fn as_deep_as_there_are_frames() {
    let text = |calls: u64| {
        format!(
            "mov64 r6, {calls}\ncall function_down\nexit\nfunction_down:\nadd64 r0, r6\nsub64 r6, 1\n\
             jeq r6, 0, last\ncall function_down\nlast:\nadd64 r0, r6\nexit"
        )
    };
    let run = Run::new(&text(63), &[], 150, &LinkSecret::random());
    assert!(run.chunks.len() > 2 && run.chunks.iter().any(|chunk| chunk.after.depth > 30));
    let verified = run.verify().unwrap();
    let sum = |from: u64, to: u64| (from..=to).sum::<u64>();
    assert_eq!(verified.value, sum(1, 63) + sum(0, 62));
    let program = Assembly::v0(&text(64)).build().unwrap();
    let config = ExecutionConfig::default();
    let error = ChunkedExecution::new(&program, &[], &config, 150).map(drop).unwrap_err();
    assert!(error.to_string().contains("too many nested calls"), "{error}");
    let error = crate::execute_and_trace(&program, &[], &config).unwrap_err();
    assert!(matches!(error, crate::Error::Trapped { trap: crate::Trap::CallDepthExceeded, .. }), "{error}");
}
