//! Programs on the command line: executed, proven, verified.
#![cfg(feature = "programs")]

mod common;
#[path = "../../sbpf/tests/suite/sources/mod.rs"]
mod sources;

use std::fs;
use std::path::Path;

use common::Place;
use parhelion_sbpf::{
    Account, Deployed, ExecutionTrace, InputBuilder, InputLayout, TokenAccount, TokenTransfer,
};

/// Puts p-token and the input of a transfer into the place.
fn transfer(place: &Place) {
    fs::write(place.path("token.so"), Deployed::Token.elf().unwrap()).unwrap();
    let input = TokenTransfer::default().input(Deployed::Token.id()).build().unwrap();
    fs::write(place.path("transfer.bin"), input).unwrap();
}

fn balance(output: &Path, input: &Path, account: usize) -> u64 {
    let layout = InputLayout::parse(&fs::read(input).unwrap()).unwrap();
    let accounts = layout.accounts(&fs::read(output).unwrap()).unwrap();
    TokenAccount::from_bytes(&accounts[account].data).unwrap().amount
}

#[test]
fn programs_are_executed() {
    let place = Place::new();
    let run = place.run(&["execute", "--demo", "token-2022-transfer"]).succeeded();
    for words in
        ["returned 0 after 1286 instructions", "Instruction: Transfer", "70 tokens, 100 before", "SBPF V0"]
    {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    transfer(&place);
    let execute = [
        "execute",
        "token.so",
        "--input",
        "transfer.bin",
        "--json",
        "--trace",
        "run.trace",
        "--output",
        "after.bin",
    ];
    let report = place.run(&execute).succeeded().json();
    assert_eq!(
        (&report["value"], &report["steps"], &report["program"]),
        (&0.into(), &76.into(), &"token".into())
    );
    let trace = ExecutionTrace::load(&place.path("run.trace")).unwrap();
    assert_eq!(trace.outcome().steps, 76);
    assert_eq!(balance(&place.path("after.bin"), &place.path("transfer.bin"), 1), 6);
}

#[test]
fn demonstrations_are_proven_and_verified() {
    let place = Place::new();
    for (demo, instructions) in [("token-transfer", 76), ("token-2022-transfer", 1_286)] {
        let report = place.run(&["prove", "--demo", demo, "--json"]).succeeded().json();
        assert_eq!(report["value"], 0);
        assert_eq!(report["instructions"], instructions);
        assert_eq!(report["verified"], true);
        assert_eq!(report["accounts"][0], "account 0: 70 tokens, 100 before");
        assert!(report["steps"].as_u64() >= Some(instructions));
        assert!(report["steps_per_second"].as_f64() > Some(1.0), "{report}");
        let chunks = report["chunks"].as_array().unwrap();
        let steps: u64 = chunks.iter().map(|chunk| chunk["steps"].as_u64().unwrap()).sum();
        assert_eq!(report["steps"], steps);
        assert!(chunks.iter().all(|chunk| chunk["seconds"].as_f64() > Some(0.0)), "{report}");
    }
    let report = place.run(&["verify", "parhelion-out", "--json"]).succeeded().json();
    assert_eq!(report["valid"], true);
    assert_eq!(report["proofs"].as_array().unwrap().len(), 2);
    let execution = &report["proofs"][1]["execution"];
    assert_eq!(execution["program"], blake3::hash(&Deployed::Token.elf().unwrap()).to_hex().to_string());
    assert_eq!(execution["accounts"][1], "account 1: 35 tokens, 5 before");

    let run = place.run(&["verify", "parhelion-out/token-transfer"]).succeeded();
    assert!(run.stdout.contains("valid (1 chunk") && run.stdout.contains("returned 0"), "{}", run.stdout);
    assert!(run.stderr.contains("WARNING"), "{}", run.stderr);
}

#[test]
fn the_table_lists_every_chunk() {
    let place = Place::new();
    transfer(&place);
    let prove = ["prove", "token.so", "--input", "transfer.bin", "--out", "here", "--chunk-size", "30"];
    let run = place.run(&prove).succeeded();
    let rows: Vec<Vec<&str>> = run.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    for (index, steps) in [("0", "30"), ("1", "30"), ("2", "16")] {
        assert!(rows.iter().any(|row| row.starts_with(&[index, steps])), "{}", run.stdout);
    }
    for words in ["total", "steps per second", "every proof and every link", "99 tokens", "6 tokens"] {
        assert!(run.stdout.contains(words), "{words}: {}", run.stdout);
    }
    let verify =
        ["verify", "here", "--program", "token.so", "--input", "transfer.bin", "--output", "after.bin"];
    let run = place.run(&verify).succeeded();
    assert!(run.stdout.contains("valid (3 chunks"), "{}", run.stdout);
    assert_eq!(balance(&place.path("after.bin"), &place.path("transfer.bin"), 0), 99);
}

/// Input of an instruction of p-token that returns data, which no constraint covers.
fn asks_for_a_size() -> Vec<u8> {
    let mut mint = vec![0; 82];
    mint[45] = 1;
    let id = Deployed::Token.id();
    let mint = Account { key: [4; 32], owner: id, lamports: 5_000_000, data: mint, ..Account::default() };
    InputBuilder::new(id).account(mint).instruction(&[21]).build().unwrap()
}

#[test]
fn bad_programs_and_inputs_are_errors() {
    let place = Place::new();
    transfer(&place);
    let elf = fs::read(place.path("token.so")).unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(place.path(name), bytes).unwrap();
    write("empty", &[]);
    write("text.so", b"#!/bin/sh\nexit 0\n");
    write("cut.so", &elf[..elf.len() / 2]);
    let mut other = elf.clone();
    other[48] = 2;
    write("v2.so", &other);
    // Every `exit` becomes an opcode that is none.
    let exit = [0x95, 0, 0, 0, 0, 0, 0, 0];
    let mut rejected = elf.clone();
    rejected.chunks_exact_mut(8).filter(|word| *word == exit).for_each(|word| word[0] = 0x06);
    write("rejected.so", &rejected);
    write("size.bin", &asks_for_a_size());
    // Other instructions at the entry, whose address is its place in the file.
    let entry = u64::from_le_bytes(elf[24..32].try_into().unwrap()) as usize;
    let begins_with = |name: &str, instructions: &[[u8; 8]]| {
        let mut changed = elf.clone();
        let bytes = instructions.concat();
        changed[entry..entry + bytes.len()].copy_from_slice(&bytes);
        write(name, &changed);
    };
    begins_with("divides.so", &[[0x3f, 0x01, 0, 0, 0, 0, 0, 0]]);
    begins_with("calls.so", &[[0xbf, 0, 0, 0, 0, 0, 0, 0], [0x85, 0x10, 0, 0, 0xfe, 0xff, 0xff, 0xff]]);
    begins_with("loops.so", &[[0x05, 0, 0xff, 0xff, 0, 0, 0, 0]]);

    // A syscall by another name, where the program asks for a size.
    let renamed = |name: &str, syscall: &str| {
        let old = b"sol_set_return_data\0";
        let at = elf.windows(old.len()).position(|bytes| bytes == old).unwrap();
        let mut changed = elf.clone();
        changed[at..at + old.len()].fill(0);
        changed[at..at + syscall.len()].copy_from_slice(syscall.as_bytes());
        write(name, &changed);
    };
    renamed("aborts.so", "abort");
    renamed("hashes.so", "sol_sha256");
    renamed("unheard.so", "sol_unheard_of");

    let on_size = |program: &'static str| vec![program, "--input", "size.bin"];
    let on_transfer = |program: &'static str| vec![program, "--input", "transfer.bin"];
    let cases: Vec<(Vec<&str>, &[&str])> = vec![
        (on_size("aborts.so"), &["stopped at pc", "the program aborted"]),
        (on_size("hashes.so"), &["not provable yet: sol_sha256"]),
        (on_size("unheard.so"), &["unheard"]),
        (vec!["missing.so"], &["missing.so", "No such file"]),
        (vec!["."], &["directory"]),
        (vec!["token.so", "--input", "missing.bin"], &["missing.bin"]),
        (vec!["token.so", "--input", "empty"], &["empty is empty", "--input"]),
        (on_transfer("empty"), &["does not load"]),
        (on_transfer("text.so"), &["does not load"]),
        (on_transfer("cut.so"), &["does not load"]),
        (on_transfer("v2.so"), &["V2", "V0 and V3 are supported"]),
        (on_transfer("rejected.so"), &["rejected"]),
        // p-token looks at its input first thing.
        (vec!["token.so"], &["stopped at pc", "access violation reading", "0x400000000"]),
        (on_transfer("divides.so"), &["step 0", "division by zero"]),
        (on_transfer("calls.so"), &["step 127", "more than 64 nested calls"]),
        (on_transfer("loops.so"), &["step 1400000", "compute budget of 1400000 units is used up"]),
        (vec!["token.so", "--input", "size.bin"], &["not provable yet: sol_set_return_data"]),
        (vec!["--demo", "token-transfer", "--compute-units", "75"], &["step 75", "compute budget of 75"]),
        (vec!["--demo", "token-transfer", "--heap", "1MiB"], &["heap", "1048576", "262144"]),
        (vec!["--demo", "token-transfer", "--cache-dir", "token.so"], &["cache directory"]),
    ];
    for (args, words) in cases {
        let run = place.run(&[&["prove", "--out", "out"], &args[..]].concat()).failed(1, words);
        assert_eq!(run.stdout, "", "{args:?}");
        if args[0] != "--demo" {
            place.run(&[&["execute"], &args[..]].concat()).failed(1, words);
        }
    }
    assert!(!place.path("out").exists(), "what cannot be proven leaves nothing");
}

/// The ELF files of `solana-sbpf`'s tests.
fn fixture(name: &str) -> Vec<u8> {
    fs::read(sources::solana_sbpf().join("tests/elfs").join(name)).unwrap()
}

#[test]
fn programs_of_v3_are_executed_but_not_proven() {
    let place = Place::new();
    fs::write(place.path("three.so"), fixture("relative_call.so")).unwrap();
    fs::write(place.path("one"), [1]).unwrap();
    let report = place.run(&["execute", "three.so", "--input", "one", "--json"]).succeeded().json();
    assert_eq!((&report["version"], &report["value"]), (&"V3".into(), &3.into()));
    assert_eq!(report["provable_steps"], serde_json::Value::Null);
    let words = ["not provable yet: programs of SBPF V3"];
    assert!(report["not_provable"].as_str().unwrap().contains(words[0]), "{report}");
    place.run(&["prove", "three.so", "--input", "one", "--out", "out"]).failed(1, &words);
    assert!(!place.path("out").exists(), "what cannot be proven leaves nothing");
}

#[test]
fn executions_that_do_not_fit_are_errors() {
    let place = Place::new();
    let demo = |extra: &[&'static str]| {
        [&["prove", "--demo", "token-2022-transfer", "--out", "out"], extra].concat()
    };
    let cases: [(Vec<&str>, &[&str]); 5] = [
        (demo(&["--k", "9"]), &["instructions or words touched", "at most 505", "k = 9"]),
        (demo(&["--chunk-size", "100000"]), &["steps in a chunk", "at most 65529", "100000"]),
        (demo(&["--memory-limit", "30MB"]), &["memory limit of 30000000 bytes", "are needed"]),
        (demo(&["--pin", "1000"]), &["expected CPUs among", "1000"]),
        (demo(&["--compute-units", "1000"]), &["compute budget of 1000"]),
    ];
    for (args, words) in cases {
        let run = place.run(&args).failed(1, words);
        assert_eq!(run.stdout, "", "{args:?}");
    }
}

/// What was chosen on the command line is what chunks are proven with.
#[test]
fn the_way_of_proving_can_be_chosen() {
    let place = Place::new();
    let cpu = parhelion_scheduler::allowed_cpus()[0].to_string();
    let ways: [(&[&str], [u64; 3]); 5] = [
        (&["--threads", "2"], [4, 2, 2]),
        (&["--threads", "2", "--chunks-at-once", "1"], [4, 1, 2]),
        (&["--threads", "1", "--chunks-at-once", "3", "--kernels", "scalar"], [4, 3, 1]),
        (&["--threads", "4", "--chunks-at-once", "2", "--executor", "rayon", "--pin", &cpu], [4, 2, 4]),
        (&["--threads", "4", "--executor", "sequential"], [4, 1, 1]),
    ];
    let prove =
        ["prove", "--demo", "token-transfer", "--chunk-size", "20", "--out", "here", "--fresh", "--json"];
    for (way, expected) in ways {
        let report = place.run(&[&prove, way].concat()).succeeded().json();
        let chosen = [
            report["chunks"].as_array().unwrap().len() as u64,
            report["chunks_at_once"].as_u64().unwrap(),
            report["threads"].as_u64().unwrap(),
        ];
        assert_eq!(chosen, expected, "{way:?}");
        place.run(&["verify", "here"]).succeeded();
    }
}

/// Parameters in the cache that are damaged are made again, or refused: nothing is proven under them.
#[test]
fn a_damaged_cache_does_no_harm() {
    let place = Place::new();
    let demo = ["prove", "--demo", "token-transfer", "--out", "here", "--fresh"];
    place.run(&demo).succeeded();
    let files: Vec<_> = fs::read_dir(place.cache()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    for file in files.iter().filter(|path| path.is_file()) {
        let good = fs::read(file).unwrap();
        assert!(!good.is_empty(), "{}", file.display());
        for damage in 0..3 {
            match damage {
                0 => common::flip(file, good.len() / 2),
                1 => common::cut(file, good.len() / 3),
                _ => fs::remove_file(file).unwrap(),
            }
            place.run(&demo).succeeded();
            place.run(&["verify", "here"]).succeeded();
        }
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let place = Place::new();
    let demo = |extra: &[&'static str]| [&["prove", "--demo", "token-transfer"], extra].concat();
    let cases: [(Vec<&str>, &[&str]); 14] = [
        (demo(&["--chunks-at-once", "0"]), &["--chunks-at-once"]),
        (vec!["prove", "--circuit", "plonk", "--chunks-at-once", "2"], &["cannot be used with"]),
        (vec!["prove"], &["PROGRAM.so", "--demo", "--circuit"]),
        (vec!["execute"], &["PROGRAM.so", "--demo"]),
        (vec!["prove", "--demo", "nothing"], &["nothing", "token-transfer", "token-2022-transfer"]),
        (demo(&["--circuit", "plonk"]), &["--circuit"]),
        (demo(&["program.so"]), &["cannot be used with"]),
        (demo(&["--input", "file"]), &["cannot be used with", "--input"]),
        (demo(&["--chunk-size", "0"]), &["--chunk-size"]),
        (demo(&["--seed", "1"]), &["cannot be used with", "--seed"]),
        (demo(&["--heap", "lots"]), &["--heap", "lots"]),
        (demo(&["--k", "40"]), &["expected k from", "40"]),
        (vec!["prove", "--circuit", "plonk", "--fresh"], &["cannot be used with", "--fresh"]),
        (
            vec!["prove", "--circuit", "plonk", "--compute-units", "5"],
            &["cannot be used with", "--compute-units"],
        ),
    ];
    for (args, words) in cases {
        let run = place.run(&args).failed(2, words);
        assert_eq!(run.stdout, "", "{args:?}");
    }
}
