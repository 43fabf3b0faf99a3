//! The command as a user sees it: what it prints, where, and its exit codes.

mod common;

use common::Place;
use serde_json::Value;

#[test]
fn a_proof_is_made_and_verified() {
    let place = Place::new();
    for scheme in ["shplonk", "gwc"] {
        let run =
            place.run(&["prove", "--circuit", "plonk", "--k", "6", "--seed", "5", "--multi-open", scheme]);
        let run = run.succeeded();
        assert!(run.stdout.contains("verified"), "{}", run.stdout);
        assert!(run.stderr.contains("WARNING") && run.stderr.contains("testing only"), "{}", run.stderr);

        for path in ["parhelion-out", "parhelion-out/plonk-k6.proof.json"] {
            let report = place.run(&["verify", path, "--json"]).succeeded().json();
            assert_eq!(report["valid"], true);
            assert_eq!(report["proofs"][0]["checked"]["multi_open"], scheme);
            assert_eq!(report["proofs"][0]["checked"]["k"], 6);
        }
    }
}

#[test]
fn keys_are_made_once() {
    let place = Place::new();
    let prove = ["prove", "--circuit", "plonk", "--k", "6", "--json", "--threads", "1", "--out", "here"];
    let first = place.run(&prove).succeeded().json();
    assert_eq!(first["keys_cached"], false);
    assert_eq!(first["verified"], true);
    assert_eq!(first["threads"], 1);
    assert_eq!(first["file"], "here/plonk-k6.proof.json");
    let second = place.run(&prove).succeeded().json();
    assert_eq!(second["keys_cached"], true);
    // Another size has other keys.
    let other = place.run(&["prove", "--circuit", "plonk", "--k", "7", "--json"]).succeeded().json();
    assert_eq!(other["keys_cached"], false);
}

#[test]
fn the_cache_directory_can_be_chosen() {
    let place = Place::new();
    place.run(&["prove", "--circuit", "plonk", "--k", "6", "--cache-dir", "elsewhere"]).succeeded();
    assert!(place.path("elsewhere").is_dir());
    assert!(!place.cache().exists());
    std::fs::write(place.path("file"), "not a directory").unwrap();
    let run = place.run(&["prove", "--circuit", "plonk", "--k", "6", "--cache-dir", "file"]);
    run.failed(1, &["error", "cache directory"]);
}

#[test]
fn wrong_usage_exits_with_2_and_says_what_is_expected() {
    let place = Place::new();
    let prove = |extra: &[&'static str]| [&["prove", "--circuit", "plonk", "--k", "6"], extra].concat();
    let cases: [(Vec<&str>, &[&str]); 13] = [
        (vec!["prove", "--circuit", "plonck"], &["plonck", "plonk, poseidon, pairing"]),
        (vec!["prove", "--circuit", "pairing", "--k", "5"], &["k from 13 to 21", "k = 5"]),
        (vec!["bench", "--circuit", "plonk", "--k", "60"], &["k from 5 to 22", "k = 60"]),
        (vec!["prove"], &["--circuit"]),
        (vec!["prove", "--circuit", "plonk", "--k", "-1"], &["-1"]),
        (vec!["bench", "--circuit", "plonk", "--k", "6", "--runs", "0"], &["--runs", "1..=1000"]),
        (prove(&["--threads", "0"]), &["--threads", "1..=4096"]),
        (prove(&["--threads", "100000"]), &["--threads", "1..=4096"]),
        (prove(&["--kernels", "sse2"]), &["sse2", "auto, scalar, avx2, avx512ifma"]),
        (prove(&["--executor", "tokio"]), &["tokio", "stealing, rayon, sequential"]),
        (prove(&["--pin", "first"]), &["--pin", "physical, logical, none or a list"]),
        (prove(&["--multi-open", "ipa"]), &["ipa", "shplonk or gwc"]),
        (prove(&["--memory-limit", "much"]), &["--memory-limit", "much"]),
    ];
    for (args, words) in cases {
        let run = place.run(&args).failed(2, words);
        assert_eq!(run.stdout, "", "{args:?}");
    }
    assert!(!place.path("parhelion-out").exists(), "a refused command must not write");
}

#[test]
fn kernels_are_used_as_named_or_refused() {
    let place = Place::new();
    for name in ["scalar", "avx2", "avx512ifma"] {
        let run = place.run(&["doctor", "--json", "--kernels", name]);
        match run.code {
            Some(0) => assert_eq!(run.json()["kernels"]["chosen"], name),
            _ => drop(run.failed(1, &["error", name])),
        }
    }
}

#[test]
fn executors_and_pins_are_used_as_named_or_refused() {
    let place = Place::new();
    let prove = |extra: &[&str]| {
        place.run(&[&["prove", "--circuit", "plonk", "--k", "6", "--json", "--threads", "2"], extra].concat())
    };
    let first = parhelion_scheduler::allowed_cpus()[0].to_string();
    for executor in ["stealing", "rayon"] {
        for pin in ["physical", "logical", "none", &first] {
            let report = prove(&["--executor", executor, "--pin", pin]).succeeded().json();
            assert_eq!((&report["verified"], &report["threads"]), (&Value::from(true), &Value::from(2)));
        }
        // No such CPU, on any machine.
        prove(&["--executor", executor, "--pin", "65535"]).failed(1, &["error", "65535"]);
    }
    assert_eq!(prove(&["--executor", "sequential"]).succeeded().json()["threads"], 1);
}

#[test]
fn missing_files_are_errors() {
    let place = Place::new();
    place.run(&["verify", "nothing-here"]).failed(1, &["nothing-here"]);
    std::fs::create_dir(place.path("empty")).unwrap();
    place.run(&["verify", "empty"]).failed(1, &["no proof in empty", ".proof.json"]);
    place.run(&["prove", "--circuit", "plonk", "--k", "6", "--srs", "no.params"]).failed(1, &["no.params"]);
}

#[test]
fn doctor_describes_the_machine() {
    let place = Place::new();
    let report = place.run(&["doctor", "--json", "--threads", "2"]).succeeded().json();
    assert_eq!(report["threads"], 2);
    assert_eq!(report["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(report["allocator"], if cfg!(feature = "mimalloc") { "mimalloc" } else { "system" });
    assert!(report["cpu"]["available"].as_u64().unwrap() >= 1);
    assert_eq!(report["cache_dir"], place.cache().to_str().unwrap());
    let libraries: Vec<&str> =
        report["libraries"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert!(libraries.contains(&"halo2-axiom 0.5.3"), "{libraries:?}");
    assert!(libraries.iter().all(|library| !library.contains("unlocked")), "{libraries:?}");
    assert!(place.run(&["doctor"]).succeeded().stdout.contains("kernels"));
}

#[test]
fn a_memory_limit_holds_or_is_refused() {
    let place = Place::new();
    let prove = |limit| {
        place.run(&[
            "prove",
            "--circuit",
            "plonk",
            "--k",
            "8",
            "--memory-limit",
            limit,
            "--out",
            "out",
            "--json",
        ])
    };
    let enough = prove("64MiB").succeeded().json();
    let [peak, estimate, smallest] =
        ["peak_bytes", "estimate", "smallest_limit"].map(|name| enough["memory"][name].as_u64().unwrap());
    // The smallest limit has a buffer to spare, which an estimate has not.
    let column = 32 << 8;
    assert!(0 < smallest && smallest <= estimate + column, "{enough}");
    assert!(estimate.abs_diff(peak) * 10 <= peak, "{enough}");
    let smallest = smallest.to_string();
    assert_eq!(prove(&smallest).succeeded().json()["verified"], true);
    prove("10KiB").failed(1, &["memory limit is 10240 bytes"]);
}

#[test]
fn bench_of_keygen_compares_the_same_keys() {
    let place = Place::new();
    let run = place.run(&["bench", "--keygen", "--circuit", "plonk", "--k", "7", "--runs", "2", "--json"]);
    let report = run.succeeded().json();
    assert_eq!((report["circuit"].as_str(), report["k"].as_u64()), (Some("plonk"), Some(7)));
    assert_eq!(report["same_bytes"], true);
    for side in ["stock", "parhelion"] {
        let (seconds, synthesis) = (&report[side]["seconds"], report[side]["synthesis"].as_f64().unwrap());
        assert!(seconds["min"].as_f64().unwrap() <= seconds["max"].as_f64().unwrap());
        assert!(0.0 < synthesis && synthesis < seconds["max"].as_f64().unwrap(), "{report}");
    }
}

#[test]
fn bench_reports_the_documented_object() {
    let place = Place::new();
    let run =
        place.run(&["bench", "--circuit", "plonk", "--k", "7", "--runs", "1", "--threads", "2", "--json"]);
    let run = run.succeeded();

    // The fields of the contract come first, in this order.
    let fields = [
        "circuit",
        "k",
        "threads",
        "kernels",
        "runs",
        "stock",
        "parhelion",
        "speedup",
        "memory_ratio",
        "same_bytes",
    ];
    let mut at = 0;
    for field in fields {
        let found = run.stdout[at..].find(&format!("\"{field}\":"));
        at += found.unwrap_or_else(|| panic!("no {field} after byte {at} of {}", run.stdout));
    }

    let report = run.json();
    assert_eq!(report["circuit"], "plonk");
    assert_eq!(
        (report["k"].as_u64(), report["threads"].as_u64(), report["runs"].as_u64()),
        (Some(7), Some(2), Some(1))
    );
    assert_eq!(report["same_bytes"], true, "first difference: {}", report["first_difference"]);
    let number = |value: &Value| value.as_f64().unwrap();
    for side in ["stock", "parhelion"] {
        for costs in [&report[side], &report["warm"][side]] {
            let [median, min, max] = ["median", "min", "max"].map(|field| number(&costs["seconds"][field]));
            assert!(0.0 < min && min <= median && median <= max, "{costs}");
            assert!(number(&costs["allocations"]) > 0.0, "{costs}");
            if cfg!(target_os = "linux") {
                assert!(number(&costs["peak_bytes"]) > 1e6, "{costs}");
                assert!(costs["minor_faults"].is_u64(), "{costs}");
            }
        }
    }
    let ratio =
        number(&report["stock"]["seconds"]["median"]) / number(&report["parhelion"]["seconds"]["median"]);
    assert!((number(&report["speedup"]) - ratio).abs() < 1e-9);
}
