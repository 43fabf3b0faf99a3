//! Keys that are read straight into the compact form.

use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::G1Affine;
use halo2_axiom::plonk::{Circuit, VerifyingKey};
use parhelion::{Error, MultiOpen, PreparedKey, Prover};
use parhelion_tests::bench::{Bench, params};
use parhelion_tests::circuits::ZooCircuit;
use parhelion_tests::zoo;

type Keys = (PreparedKey<'static>, VerifyingKey<G1Affine>);

fn prover() -> Prover {
    Prover::builder().threads(2).build().expect("prover")
}

fn read(prover: &Prover, bench: &Bench<ZooCircuit>, bytes: &[u8]) -> Result<Keys, Error> {
    prover.read_compact::<ZooCircuit>(&bench.params, bytes, bench.circuits[0].params())
}

/// A key of everything, and its bytes.
fn written() -> (Bench<ZooCircuit>, Vec<u8>) {
    let case = zoo().into_iter().find(|case| case.name == "everything").expect("this case");
    let bench = Bench::of(&case, true);
    let bytes = bench.pk.to_bytes(SerdeFormat::RawBytes);
    (bench, bytes)
}

#[test]
fn a_key_that_was_read_is_the_key() {
    let prover = prover();
    for case in zoo() {
        for compress in [false, true] {
            let bench = Bench::of(&case, compress);
            for format in [SerdeFormat::RawBytes, SerdeFormat::RawBytesUnchecked] {
                let mut bytes = bench.pk.to_bytes(format);
                bytes.extend(*b"what follows");
                let mut rest = bytes.as_slice();
                let params = bench.circuits[0].params();
                let (key, vk) = prover
                    .read_compact::<ZooCircuit>(&bench.params, &mut rest, params)
                    .unwrap_or_else(|error| panic!("{}: {error}", case.name));
                assert_eq!(rest, b"what follows", "{}: only the key is read", case.name);
                assert!(vk.to_bytes(format) == bench.vk().to_bytes(format), "{}", case.name);
                assert_eq!(vk.transcript_repr(), bench.vk().transcript_repr());

                let compact = prover.prepare_compact(&bench.params, (*bench.pk).clone()).expect("compact");
                assert_eq!(format!("{key:?}"), format!("{compact:?}"));
                let [ours, expected] =
                    [key, compact].map(|key| bench.ours_with(&prover, &key, 3).expect("proof"));
                assert!(ours == expected, "{}: other bytes", case.name);
                assert!(bench.accepts_strictly(MultiOpen::Shplonk, &ours.bytes), "{}", case.name);
            }
        }
    }
}

#[test]
fn input_that_ends_early_is_an_error() {
    let (bench, bytes) = written();
    let prover = prover();
    let cuts = (0..bytes.len()).step_by(997).chain(bytes.len() - 70..bytes.len()).chain(0..70);
    for len in cuts {
        let error = read(&prover, &bench, &bytes[..len]).expect_err("a part of a key");
        let ends =
            matches!(&error, Error::ReadKey(error) if error.kind() == std::io::ErrorKind::UnexpectedEof);
        assert!(ends, "{len} of {} bytes: {error}", bytes.len());
    }
}

#[test]
fn other_input_is_an_error() {
    let (bench, good) = written();
    let prover = prover();
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        read(&prover, &bench, &bad).expect_err("damaged").to_string()
    };
    let prefix = "not a key in the library's raw format: ";
    assert_eq!(with(0, &[3]), format!("{prefix}version: expected 2, got 3"));
    assert_eq!(with(1, &[9]), "the key is for k = 9, the SRS for k = 7");
    assert_eq!(with(1, &[0xff; 4]), "the key is for k = 4294967295, the SRS for k = 7");
    assert_eq!(with(5, &[7]), format!("{prefix}flag of compressed selectors: expected 1, got 7"));
    // Commitments come first: another number of them shifts everything.
    let error = with(6, &[0, 0, 0, 0x70]);
    assert!(
        error.starts_with("damaged key: fixed commitment") || error.starts_with("cannot read"),
        "{error}"
    );
    let error = with(10, &[1]);
    assert_eq!(error, "damaged key: fixed commitment 0: expected a point on the curve");
    let error = with(10, &[0xff; 64]);
    assert_eq!(error, "damaged key: fixed commitment 0: expected a point on the curve");

    let vk = bench.vk().to_bytes(SerdeFormat::RawBytes).len();
    let (n, polynomial) = (1 << 7, 4 + (32 << 7));
    let rows = "damaged key: rows of a column: expected 128, got ";
    assert_eq!(with(vk, &[0, 0, 1, 0]), format!("{rows}256"));
    let fixed = vk + 3 * polynomial;
    let count = bench.vk().cs().num_fixed_columns();
    let expected = format!("damaged key: fixed columns: expected {count}, got {}", count + 1);
    assert_eq!(with(fixed, &(count as u32 + 1).to_be_bytes()), expected);
    assert_eq!(with(fixed + 4 + polynomial, &[0xff; 4]), format!("{rows}{}", u32::MAX));
    let expected = "damaged key: fixed column 1, row 127: expected a scalar below the modulus";
    assert_eq!(with(fixed + 4 + polynomial + 4 + 32 * (n - 1), &[0xff; 32]), expected);
    let sigma = fixed + 2 * (4 + count * polynomial);
    let expected = "damaged key: permutation column 0, row 5: expected a scalar below the modulus";
    assert_eq!(with(sigma + 4 + 4 + 32 * 5, &[0xff; 32]), expected);
    assert!(with(sigma, &[1]).starts_with("damaged key: permutation columns: expected "));
    // A label of no cell is kept as it is: the key is another, as the proof will tell.
    let mut bad = good.clone();
    bad[sigma + 8] ^= 1;
    let (key, _) = read(&prover, &bench, &bad).expect("a scalar like any other");
    let error = bench.ours_with(&prover, &key, 3).expect_err("another permutation");
    assert!(matches!(error, Error::CopyConstraint { .. } | Error::Unsatisfied { .. }), "{error}");
}

#[test]
fn keys_of_other_circuits_are_errors() {
    let (bench, bytes) = written();
    let prover = prover();
    let mut refused = 0;
    for case in zoo().into_iter().filter(|case| case.name != "everything") {
        let other = case.circuits()[0].params();
        match prover.read_compact::<ZooCircuit>(&bench.params, bytes.as_slice(), other) {
            Err(Error::ReadKey(_) | Error::DamagedKey { .. } | Error::KeyPoint { .. }) => refused += 1,
            Err(Error::NotEnoughRows { .. } | Error::KeyFormat { .. } | Error::DegreeTooHigh { .. }) => {
                refused += 1;
            }
            Err(error) => panic!("{}: {error}", case.name),
            Ok(_) => panic!("{}: read as the key of another circuit", case.name),
        }
    }
    assert!(refused > 30);
    let (bench, small) = (Bench { params: params(6), ..bench }, bytes);
    let error = read(&prover, &bench, &small).expect_err("an SRS of another size");
    assert!(matches!(error, Error::ParamsMismatch { key: 7, params: 6 }), "{error}");
}
