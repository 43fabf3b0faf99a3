//! The ELF files of `solana-sbpf`'s tests, and what is left of them when they are damaged.

use std::fs;

use crate::oracle::{Pair, agree_with};
use parhelion_sbpf::{Error, ExecutionConfig, Program, Trap, Version};
use rand::{Rng, SeedableRng, rngs::StdRng};

/// Name, bytes.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = crate::sources::solana_sbpf().join("tests/elfs");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "so"))
        .map(|path| (path.file_stem().unwrap().to_string_lossy().into_owned(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    assert!(files.len() >= 23, "{}", files.len());
    files
}

#[test]
fn fixtures_agree() {
    let config = ExecutionConfig::default();
    let mut returned = 0;
    for (name, elf) in fixtures() {
        let ending = match Pair::from_elf(&elf) {
            Ok(pair) => {
                let v0 = name.ends_with("_v0") || name.ends_with("_sbpfv0");
                assert!(!v0 || pair.ours.version() == Version::V0, "{name}");
                match agree_with(&pair, &[1, 0, 0, 0], &config) {
                    Ok((value, steps)) => {
                        returned += 1;
                        format!("gives {value:#x} in {steps}")
                    }
                    Err(error) => error.to_string(),
                }
            }
            Err(error) => error.to_string(),
        };
        println!("{name}: {ending}");
        match name.as_str() {
            "relative_call" | "relative_call_sbpfv0" => assert!(ending.starts_with("gives 0x3 "), "{ending}"),
            "reloc_64_relative_data_sbpfv0" => assert!(ending.starts_with("gives 0x100000140 "), "{ending}"),
            "rodata_section" | "rodata_section_sbpfv0" | "strict_header" => {
                assert!(ending.starts_with("gives 0x2a "), "{ending}");
            }
            "struct_func_pointer" | "struct_func_pointer_sbpfv0" => {
                assert!(ending.starts_with("gives 0x102030405060708 in 2"), "{ending}");
            }
            "callx_unaligned" => assert!(ending.contains("nested calls"), "{ending}"),
            "bss_section_sbpfv0" | "data_section_sbpfv0" => {
                assert!(ending.contains("does not load"), "{ending}")
            }
            _ => {}
        }
    }
    assert!(returned >= 12, "{returned}");
}

/// Flipped bytes and missing ends: loaded by both or refused by both, and never a panic.
#[test]
fn damaged_files_are_refused_or_run() {
    let config = ExecutionConfig::default().with_compute_units(2_000);
    let mut rng = StdRng::seed_from_u64(11);
    let (mut refused, mut run) = (0, 0);
    for (name, elf) in fixtures() {
        for _ in 0..60 {
            let mut damaged = elf.clone();
            if rng.gen_bool(0.2) {
                damaged.truncate(rng.gen_range(0..elf.len()));
            }
            for _ in 0..rng.gen_range(0..4) {
                if let Some(at) = damaged.len().checked_sub(1).map(|last| rng.gen_range(0..=last)) {
                    damaged[at] ^= rng.gen_range(1..=255);
                }
            }
            match Pair::from_elf(&damaged) {
                Ok(pair) => {
                    run += 1;
                    let result = agree_with(&pair, &[1; 16], &config);
                    assert!(
                        matches!(result, Ok(_) | Err(Error::Trapped { .. } | Error::NotProvable { .. })),
                        "{name}"
                    );
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 100 && run > 100, "{refused} {run}");
}

#[test]
fn what_is_no_program_is_refused() {
    let elf = fixtures().into_iter().find(|(name, _)| name == "relative_call_sbpfv0").unwrap().1;
    assert!(matches!(Program::from_elf(&[]), Err(Error::Load(_))));
    assert!(matches!(Program::from_elf(b"#!/bin/sh\n"), Err(Error::Load(_))));
    assert!(matches!(Program::from_elf(&elf[..elf.len() / 2]), Err(Error::Load(_))));
    for found in [1, 2, 4, 77] {
        let mut other = elf.clone();
        other[48] = found;
        let error = Program::from_elf(&other).unwrap_err();
        assert!(
            matches!(error, Error::UnsupportedVersion { found: version } if version == u32::from(found)),
            "{error}"
        );
    }
    // Opcode 0x06 is none: the verifier says so.
    let text = [[6, 0, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert!(matches!(Program::from_text(Version::V0, &text, 0), Err(Error::Rejected(_))));
    assert!(matches!(Program::from_text(Version::V0, &text[..9], 0), Err(Error::Rejected(_))));
    assert!(matches!(Program::from_text(Version::V0, &[], 0), Err(Error::Rejected(_))));
}

/// A trap says where and why.
#[test]
fn traps_tell() {
    let program =
        parhelion_sbpf::Assembly::v0("mov64 r2, 0\nlddw r3, 7\ndiv64 r3, r2\nexit").build().unwrap();
    let error = parhelion_sbpf::execute_and_trace(&program, &[], &ExecutionConfig::default()).unwrap_err();
    assert!(matches!(error, Error::Trapped { trap: Trap::DivisionByZero, pc: 3, step: 2 }), "{error:?}");
    assert_eq!(error.to_string(), "the program stopped at pc 3, step 2: division by zero");
}
