//! Damaged files: an error or a rejection, never a panic, never an accepted proof.

mod common;

use std::fs;

use common::{Place, cut, flip};
use group::GroupEncoding;
use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::{Bn256, G2Affine};
use halo2_axiom::halo2curves::serde::SerdeObject;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_cli::ProofFile;
use rand::SeedableRng;
use rand_chacha::ChaCha20Rng;

#[test]
fn no_changed_proof_file_is_accepted() {
    let place = Place::new();
    let good = fs::read(place.prove_plonk(&[])).unwrap();
    let dir = place.path("damaged");
    fs::create_dir(&dir).unwrap();
    let mut count = 0;
    let mut put = |bytes: &[u8]| {
        fs::write(dir.join(format!("{count:05}.proof.json")), bytes).unwrap();
        count += 1;
    };
    for (byte, bit) in (0..good.len()).zip((0..8).cycle()) {
        let mut bad = good.clone();
        bad[byte] ^= 1 << bit;
        put(&bad);
    }
    for len in (0..good.len()).step_by(37) {
        put(&good[..len]);
    }
    put(&[&good[..], b"\n"].concat());
    put(&[&good[..], &good].concat());
    put(&[0xff; 100]);
    put(b"[[[[");

    let run = place.run(&["verify", "damaged", "--json"]).failed(1, &[&format!("{count} of {count} proofs")]);
    let report = run.json();
    assert_eq!(report["valid"], false);
    let proofs = report["proofs"].as_array().unwrap();
    assert_eq!(proofs.len(), count);
    for proof in proofs {
        assert_eq!(proof["valid"], false, "{proof}");
        assert!(!proof["reason"].as_str().unwrap().is_empty());
    }
}

#[test]
fn well_formed_files_with_wrong_contents_are_rejected() {
    let place = Place::new();
    let good = ProofFile::read(&place.prove_plonk(&[])).unwrap();
    let alter = |change: &dyn Fn(&mut ProofFile)| {
        let mut file = good.clone();
        change(&mut file);
        file
    };
    let cases: [(&str, ProofFile); 13] = [
        ("not valid", alter(&|file| file.instances[0].swap(0, 1))),
        ("not valid", alter(&|file| file.proof[7] ^= 1)),
        ("not valid", alter(&|file| file.multi_open = parhelion::MultiOpen::Gwc)),
        ("not valid", alter(&|file| file.proof.clear())),
        ("not valid", alter(&|file| file.proof.truncate(file.proof.len() - 1))),
        ("proof to end after", alter(&|file| file.proof.push(0))),
        ("pairing runs with k from", alter(&|file| file.circuit = "pairing".into())),
        ("public values", alter(&|file| (file.circuit, file.k) = ("pairing".into(), 15))),
        ("public values", alter(&|file| file.instances[0].truncate(1))),
        ("public values", alter(&|file| file.instances.clear())),
        ("under the SRS", alter(&|file| file.srs[0] ^= 1)),
        ("under the SRS", alter(&|file| file.k = 7)),
        // The library does not look at this bit of a point.
        ("the way provers write it", alter(&|file| file.proof[31] ^= 0x80)),
    ];
    let unknown = [
        ("no demo circuit", alter(&|file| file.circuit = "Plonk".into())),
        ("k from 5 to 22", alter(&|file| file.k = 4_000_000_000)),
    ];
    for (reason, file) in cases.into_iter().chain(unknown) {
        file.write(&place.path("altered.proof.json")).unwrap();
        let run = place.run(&["verify", "altered.proof.json"]).failed(1, &[]);
        assert!(run.stdout.contains("NOT VALID") && run.stdout.contains(reason), "{reason}: {}", run.stdout);
    }
}

#[test]
fn damaged_cache_files_are_made_anew_with_a_warning() {
    let place = Place::new();
    let prove = ["prove", "--circuit", "plonk", "--k", "6", "--json"];
    let proof = place.prove_plonk(&[]);
    let verify = ["verify", proof.to_str().unwrap()];
    for extension in ["pk", "params", "vk"] {
        let path = place.cached(extension);
        let good = fs::read(&path).unwrap();
        let command = if extension == "vk" { &verify[..] } else { &prove[..] };
        let damages: [&dyn Fn(); 6] = [
            &|| flip(&path, 3),
            &|| flip(&path, 60),
            &|| flip(&path, good.len() - 1),
            &|| cut(&path, 20),
            &|| cut(&path, good.len() / 2),
            &|| fs::write(&path, "").unwrap(),
        ];
        for damage in damages {
            damage();
            let run = place.run(command).succeeded();
            assert!(run.stderr.contains("made anew"), "{extension}: {}", run.stderr);
            assert_eq!(fs::read(&path).unwrap(), good, "{extension} must be what it was");
            let run = place.run(command).succeeded();
            assert!(!run.stderr.contains("made anew"), "{extension}: {}", run.stderr);
        }
    }
}

fn params(k: u32, seed: u64) -> ParamsKZG<Bn256> {
    ParamsKZG::setup(k, ChaCha20Rng::seed_from_u64(seed))
}

fn raw(params: &ParamsKZG<Bn256>) -> Vec<u8> {
    let mut bytes = Vec::new();
    params.write_custom(&mut bytes, SerdeFormat::RawBytes).unwrap();
    bytes
}

#[test]
fn a_parameter_file_is_used_and_cut_down() {
    let place = Place::new();
    fs::write(place.path("6.params"), raw(&params(6, 1))).unwrap();
    fs::write(place.path("8.params"), raw(&params(8, 1))).unwrap();
    for file in ["6.params", "8.params", "8.params"] {
        let run = place.run(&["prove", "--circuit", "plonk", "--k", "6", "--srs", file]).succeeded();
        assert!(!run.stderr.contains("WARNING"), "{}", run.stderr);
        // The same secret: the parameters for k = 6 are the same, whichever file they come from.
        for other in ["6.params", "8.params"] {
            place.run(&["verify", "parhelion-out", "--srs", other]).succeeded();
        }
        let run = place.run(&["verify", "parhelion-out"]).failed(1, &[]);
        assert!(run.stdout.contains("under the SRS"), "{}", run.stdout);
    }
}

#[test]
fn bad_parameter_files_are_errors() {
    let place = Place::new();
    let good = raw(&params(6, 1));
    let with = |at: usize, bytes: &[u8]| {
        let mut bad = good.clone();
        bad[at..at + bytes.len()].copy_from_slice(bytes);
        bad
    };
    // k | 64 points of 64 bytes | 64 points in Lagrange form | two points of 128 bytes
    let (g, lagrange, g2) = (4, 4 + 64 * 64, 4 + 128 * 64);
    let other = raw(&params(6, 2));
    let off_curve = {
        let mut bytes = good[g2 + 128..g2 + 256].to_vec();
        bytes[0] ^= 1;
        bytes
    };
    // Decoding checks the curve only, and one point in about 2^254 of the twist has order r.
    let off_group = (1u8..)
        .find_map(|x| {
            let mut compressed = <G2Affine as GroupEncoding>::Repr::default();
            compressed.as_mut()[0] = x;
            Option::<G2Affine>::from(G2Affine::from_bytes(&compressed))
        })
        .unwrap();
    let cases: [(Vec<u8>, &[&str]); 18] = [
        (vec![], &["length", "at least 4 bytes", "0 bytes"]),
        (good[..3].to_vec(), &["at least 4 bytes", "3 bytes"]),
        (good[..good.len() - 1].to_vec(), &["length", "8452 bytes for k = 6", "8451 bytes"]),
        ([&good[..], &[0]].concat(), &["8452 bytes for k = 6", "8453 bytes"]),
        (with(0, &[28]), &["bytes for k = 28", "8452 bytes"]),
        (with(0, &[0xff; 4]), &["1 to 28", "4294967295"]),
        (with(0, &[0]), &["1 to 28"]),
        (b"parhelio and some more".to_vec(), &["1 to 28"]),
        (raw(&params(5, 1)), &["k = 5", "at least k = 6"]),
        (with(g + 64 * 5, &[0xff; 32]), &["points on the curve", "number 5"]),
        (with(g + 64 * 5, &[good[g + 64 * 5] ^ 1]), &["points on the curve", "number 5"]),
        (with(lagrange, &[good[lagrange] ^ 1]), &["points on the curve", "number 64"]),
        (with(lagrange, &good[g + 64..g + 128]), &["Lagrange form"]),
        (with(g + 64 * 5, &good[g + 64 * 6..g + 64 * 7]), &["G1 points"]),
        (with(lagrange + 64, &other[lagrange + 64..lagrange + 128]), &["Lagrange form"]),
        (with(g2 + 128, &off_curve), &["points on the curve", "number 129"]),
        (with(g2 + 128, &off_group.to_raw_bytes()), &["second G2 point", "order r"]),
        (with(g2 + 128, &other[g2 + 128..]), &["powers of the secret"]),
    ];
    for (bytes, words) in cases {
        fs::write(place.path("bad.params"), bytes).unwrap();
        let run = place.run(&["prove", "--circuit", "plonk", "--k", "6", "--srs", "bad.params"]);
        run.failed(1, &[&["bad.params"], words].concat());
    }
}
