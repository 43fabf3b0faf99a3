//! Proofs as bytes, for files.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::halo2curves::ff::PrimeField;

use super::proof::{ChunkProof, ChunkState, DisclosedWord, Disclosure, ExecutionProof};
use crate::Chunk;
use crate::files::{Reader, Writer};

/// Changes with the circuit, whose proofs are no others' proofs.
const VERSION: u64 = 1;

/// All that is known before a chunk is proven.
pub(super) fn encode_statement(proof: &ExecutionProof, chunk_size: u64) -> Vec<u8> {
    let mut to = Writer::default();
    to.numbers([VERSION, u64::from(proof.k), chunk_size, proof.heap_size]);
    to.array(&proof.program);
    to.array(&proof.input);
    to.list(&proof.disclosure.pcs, |to, &pc| to.numbers([pc]));
    to.list(&proof.disclosure.words, |to, word| {
        to.numbers([word.address]);
        to.array(word.value.to_repr().as_ref());
    });
    to.finish()
}

/// The other way; there are no chunks yet.
pub(super) fn decode_statement(bytes: &[u8]) -> Result<ExecutionProof, String> {
    let mut from = Reader::new(bytes);
    let [version, k, _chunk_size, heap_size] = from.numbers()?;
    if version != VERSION {
        return Err(format!("its proofs are of version {version}; this is version {VERSION}"));
    }
    let k = u32::try_from(k).map_err(|_| format!("k = {k} is no size of a circuit"))?;
    let (program, input) = (from.array()?, from.array()?);
    let pcs = from.list(8, |from| from.numbers().map(|[pc]| pc))?;
    let words = from.list(40, |from| {
        let ([address], value) = (from.numbers()?, from.array()?);
        let value = Option::from(Fr::from_repr(value)).ok_or("a value is no field element")?;
        Ok(DisclosedWord { address, value })
    })?;
    from.finish()?;
    Ok(ExecutionProof {
        program,
        input,
        heap_size,
        k,
        disclosure: Disclosure { pcs, words },
        chunks: Vec::new(),
    })
}

/// A chunk, with a tag that tells which secret it was linked with.
pub(super) fn encode_chunk(chunk: &ChunkProof, tag: &[u8; 32]) -> Chunk {
    let mut to = Writer::default();
    to.array(tag);
    to.numbers([chunk.k.into(), chunk.index, chunk.steps]);
    for state in [&chunk.before, &chunk.after] {
        to.numbers([state.pc, state.depth]);
        to.numbers(state.registers);
    }
    Chunk { state: to.finish(), proof: chunk.proof.clone() }
}

/// The other way.
pub(super) fn decode_chunk(chunk: Chunk) -> Result<(ChunkProof, [u8; 32]), String> {
    let mut from = Reader::new(&chunk.state);
    let tag = from.array()?;
    let [k, index, steps] = from.numbers()?;
    let k = u32::try_from(k).map_err(|_| format!("k = {k} is no size of a circuit"))?;
    let mut state = || {
        let [pc, depth] = from.numbers()?;
        Ok::<_, String>(ChunkState { pc, depth, registers: from.numbers()? })
    };
    let (before, after) = (state()?, state()?);
    from.finish()?;
    Ok((ChunkProof { k, index, before, after, steps, proof: chunk.proof }, tag))
}
