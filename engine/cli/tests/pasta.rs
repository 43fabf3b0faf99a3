//! The command with circuits of `halo2_proofs`.

mod common;

use common::Place;
use parhelion_cli::PastaProofFile;

const CIRCUIT: [&str; 5] = ["prove", "--circuit", "poseidon-pasta", "--k", "7"];
const FILE: &str = "parhelion-out/poseidon-pasta-k7.proof.json";

#[test]
fn a_proof_of_two_circuits_is_made_and_verified() {
    let place = Place::new();
    let prove = place.run(&[&CIRCUIT[..], &["--actions", "2", "--json"]].concat()).succeeded().json();
    assert_eq!((&prove["verified"], &prove["circuits"]), (&true.into(), &2.into()));
    assert_eq!(prove["file"], FILE);
    let verify = place.run(&["verify", "parhelion-out", "--json"]).succeeded().json();
    assert_eq!(verify["valid"], true);
    assert_eq!(verify["proofs"][0]["checked"]["public_values"], 2);
    let text = place.run(&[&CIRCUIT[..], &["--threads", "1"]].concat()).succeeded().stdout;
    assert!(text.contains("verified") && text.contains("poseidon-pasta, k = 7"), "{text}");
    assert!(place.run(&["verify", FILE]).succeeded().stdout.contains("valid (poseidon-pasta, k = 7"));
}

#[test]
fn changed_proof_files_are_rejected() {
    let place = Place::new();
    place.run(&CIRCUIT).succeeded();
    let good = PastaProofFile::read(&place.path(FILE)).unwrap();
    assert_eq!(PastaProofFile::from_text(good.to_text().as_bytes()).unwrap(), good);
    let alter = |change: &dyn Fn(&mut PastaProofFile)| {
        let mut file = good.clone();
        change(&mut file);
        file
    };
    let one = good.instances[0][0];
    let cases = [
        ("not valid", alter(&|file| file.proof[7] ^= 1)),
        ("not valid", alter(&|file| file.proof.truncate(100))),
        ("not valid", alter(&|file| file.proof.clear())),
        ("not valid", alter(&|file| file.instances[0][0] = one + one)),
        ("not valid", alter(&|file| file.instances.push(vec![one]))),
        ("not valid", alter(&|file| file.k = 8)),
        ("end after", alter(&|file| file.proof.push(0))),
        ("public values", alter(&|file| file.instances[0].push(one))),
        ("public values", alter(&|file| file.instances.clear())),
        ("runs with k from", alter(&|file| file.k = 4_000_000_000)),
        ("no circuit of halo2_proofs", alter(&|file| file.circuit = "plonk".into())),
    ];
    for (reason, file) in cases {
        file.write(&place.path("altered.proof.json")).unwrap();
        let run = place.run(&["verify", "altered.proof.json"]).failed(1, &[]);
        assert!(run.stdout.contains("NOT VALID") && run.stdout.contains(reason), "{reason}: {}", run.stdout);
    }
    let text = good.to_text();
    for changed in [text.replace("blake2b", "poseidon"), text.replace("  ", " "), text[..50].to_owned()] {
        std::fs::write(place.path("altered.proof.json"), changed).unwrap();
        place.run(&["verify", "altered.proof.json"]).failed(1, &["1 of 1 proofs"]);
    }
}

#[test]
fn wrong_usage_is_told() {
    let place = Place::new();
    let cases: [(&[&str], &[&str]); 5] = [
        (&["prove", "--circuit", "orchard", "--k", "12"], &["k from 11 to 11", "k = 12"]),
        (&["bench", "--circuit", "poseidon-pasta", "--k", "3"], &["k from 7 to 20", "k = 3"]),
        (&["prove", "--circuit", "orchard", "--actions", "0"], &["--actions", "1.."]),
        (&["prove", "--circuit", "orchard", "--srs", "file"], &["orchard", "--srs", "hashing"]),
        (&["prove", "--circuit", "orchards"], &["orchards", "orchard, poseidon-pasta"]),
    ];
    for (args, words) in cases {
        assert_eq!(place.run(args).failed(2, words).stdout, "", "{args:?}");
    }
    let limited = place.run(&[&CIRCUIT[..], &["--memory-limit", "10kB"]].concat());
    limited.failed(1, &["memory"]);
}

#[test]
fn comparisons_report_the_same_bytes() {
    let place = Place::new();
    let args = ["bench", "--circuit", "poseidon-pasta", "--k", "7", "--runs", "1", "--json"];
    let report = place.run(&[&args[..], &["--actions", "2"]].concat()).succeeded().json();
    assert_eq!(report["same_bytes"], true);
    assert_eq!(report["circuit"], "2 times poseidon-pasta");
    assert!(report["speedup"].as_f64().unwrap() > 0.0);
    let report = place.run(&[&args[..], &["--keygen"]].concat()).succeeded().json();
    assert!(report["speedup"].as_f64().unwrap() > 0.0);
    assert!(report["speedup_of_both"].as_f64() > report["speedup"].as_f64());
}
