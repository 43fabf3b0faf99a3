//! The command line's demo circuits: real circuits, made with halo2-base and halo2-ecc.

use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{keygen_pk, keygen_vk_custom};
use parhelion::oracle::{TranscriptShape, first_difference};
use parhelion::{MultiOpen, Prover};
use parhelion_cli::circuits::{DemoCircuit, find};
use parhelion_tests::bench::{Bench, params, with_slices};

/// A demo at its smallest, with the library's keys.
fn demo(name: &str) -> Bench<DemoCircuit> {
    let demo = find(name).expect("a demo of this name");
    let k = *demo.k_range().start();
    let params = params(k);
    let keygen = demo.keygen_circuit(k).expect("circuit");
    let vk = keygen_vk_custom(&*params, &keygen, false).expect("verifying key");
    let pk = keygen_pk(&*params, vk, &keygen).expect("proving key").into();
    let witness = demo.witness_circuit(&keygen.layout(), 7).expect("witness");
    Bench { params, pk, circuits: vec![witness.circuit], instances: vec![witness.instances] }
}

fn same_bytes(name: &str, multi_open: MultiOpen) {
    let mut bench = demo(name);
    let prover = Prover::builder().multi_open(multi_open).build().expect("prover");
    let (stock, injection) = bench.stock(1, multi_open).expect("stock proof");
    let ours = bench.injected(&prover, 1, &injection).expect("our proof");
    let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
    if let Some(difference) = first_difference(&stock.events, &ours.events, &shape) {
        panic!("{name}, {multi_open}: {difference}");
    }
    assert!(stock.bytes == ours.bytes);
    assert!(bench.accepts_strictly(multi_open, &ours.bytes));

    bench.instances[0][0][0] += Fr::one();
    assert!(bench.verify(multi_open, &ours.bytes).is_err(), "of something else");
}

#[test]
fn plonk() {
    same_bytes("plonk", MultiOpen::Gwc);
}

#[test]
fn poseidon() {
    same_bytes("poseidon", MultiOpen::Shplonk);
}

#[test]
fn pairing() {
    same_bytes("pairing", MultiOpen::Shplonk);
}

/// Keys as well, byte for byte.
#[test]
fn plonk_keys() {
    let stock = demo("plonk");
    let keygen = find("plonk").expect("demo").keygen_circuit(stock.vk().get_domain().k()).expect("circuit");
    let prover = Prover::builder().build().expect("prover");
    let vk = prover.keygen_vk(&stock.params, &keygen, false).expect("verifying key");
    let pk = prover.keygen_pk(&stock.params, vk, &keygen).expect("proving key");
    let format = halo2_axiom::SerdeFormat::RawBytes;
    assert!(pk.to_bytes(format) == stock.pk.to_bytes(format));
}
