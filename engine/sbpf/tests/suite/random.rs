//! Random programs in both interpreters: a fixed set, or more of them with `PARHELION_FUZZ_SECONDS`.

use std::time::{Duration, Instant};

use parhelion_sbpf::{Error, ExecutionConfig, Program, Version};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

use crate::{
    generator::Generator,
    oracle::{Pair, agree_with},
};

/// Ends of all kinds, so that the set is known to reach them.
#[derive(Debug, Default)]
struct Ends {
    returned: u64,
    steps: u64,
    trapped: u64,
}

impl Ends {
    fn count(&mut self, result: Result<(u64, u64), Error>) {
        match result {
            Ok((_, steps)) => {
                self.returned += 1;
                self.steps += steps;
            }
            Err(Error::Trapped { .. }) => self.trapped += 1,
            Err(error) => panic!("{error}"),
        }
    }
}

fn check(version: Version, seed: u64, ends: &mut Ends) {
    let mut generator = Generator::new(version, seed);
    let text = generator.program();
    let input = generator.input();
    let config = ExecutionConfig::default().with_compute_units(2_000).with_heap_size(1024);
    let result = std::panic::catch_unwind(|| crate::oracle::agree(version, &text, &input, &config));
    match result {
        Ok(result) => ends.count(result),
        Err(_) => panic!("seed {seed} of {version:?}:\n{text}"),
    }
}

/// Calls `check` with one seed after the other: of a fixed set, or for as long as told.
fn for_seeds(fixed: u64, mut check: impl FnMut(u64)) {
    let number = |name| std::env::var(name).ok().and_then(|value| value.parse::<u64>().ok());
    let first = number("PARHELION_FUZZ_SEED").unwrap_or(0);
    let limit = number("PARHELION_FUZZ_SECONDS").map(Duration::from_secs);
    let begin = Instant::now();
    for seed in first.. {
        // Half of the time for each of the two tests.
        if limit.map_or(seed - first >= fixed, |limit| begin.elapsed() > limit / 2) {
            println!("seeds {first}..{seed}");
            break;
        }
        check(seed);
    }
}

#[test]
fn random_programs_agree() {
    let mut ends = Ends::default();
    for_seeds(1_500, |seed| {
        for version in [Version::V0, Version::V3] {
            check(version, seed, &mut ends);
        }
    });
    println!("{ends:?}");
    assert!(ends.returned > ends.trapped / 2 && ends.steps / ends.returned.max(1) > 20, "{ends:?}");
}

/// The bytes of an instruction with registers r1 and r0.
fn encode(opcode: u8, registers: u8, offset: i16, imm: i32) -> [u8; 8] {
    let mut bytes = [opcode, registers, 0, 0, 0, 0, 0, 0];
    bytes[2..4].copy_from_slice(&offset.to_le_bytes());
    bytes[4..].copy_from_slice(&imm.to_le_bytes());
    bytes
}

/// All opcodes that the verifier lets pass, with one immediate or another.
fn opcodes(version: Version) -> Vec<u8> {
    let passes = |opcode: &u8| {
        [1, 16].into_iter().any(|imm| {
            let second_half = if *opcode == 0x18 { &[0; 8][..] } else { &[] };
            let text = [&encode(*opcode, 1, 0, imm)[..], second_half, &encode(0x95, 0, 0, 0)].concat();
            Program::from_text(version, &text, 0).is_ok()
        })
    };
    (0..=255).filter(passes).collect()
}

#[test]
fn all_opcodes_are_known() {
    assert_eq!(opcodes(Version::V0).len(), 91);
    assert_eq!(opcodes(Version::V3).len(), 91 + 22);
}

/// Instructions with random fields: nonsense, but whatever passes the verifier must go the same way.
#[test]
fn random_instructions_agree() {
    let config = ExecutionConfig::default().with_compute_units(300).with_heap_size(256);
    let mut ends = Ends::default();
    let versions = [Version::V0, Version::V3].map(|version| (version, opcodes(version)));
    for_seeds(30_000, |seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        let (version, opcodes) = &versions[rng.gen_range(0..2)];
        let mut text = Vec::new();
        for _ in 0..rng.gen_range(1..12) {
            let opcode = *opcodes.choose(&mut rng).unwrap_or(&0);
            let registers = rng.gen_range(0..11) << 4 | rng.gen_range(0..10);
            let offset = if rng.gen_bool(0.5) { rng.gen_range(-6..8) } else { rng.r#gen() };
            let imm = if rng.gen_bool(0.7) { rng.gen_range(-4..40) } else { rng.r#gen() };
            text.extend_from_slice(&encode(opcode, registers, offset, imm));
            if opcode == 0x18 {
                text.extend_from_slice(&encode(0, 0, 0, rng.gen_range(0..6)));
            }
        }
        text.extend_from_slice(&encode(0x95, 0, 0, 0));
        let entry = if rng.gen_ratio(1, 20) { rng.gen_range(0..4) } else { 0 };
        if let Some(pair) = Pair::from_text(*version, &text, entry) {
            ends.count(agree_with(&pair, &[0x5a; 64], &config));
        }
    });
    println!("{ends:?}");
    assert!(ends.returned > 500 && ends.trapped > 500, "{ends:?}");
}
