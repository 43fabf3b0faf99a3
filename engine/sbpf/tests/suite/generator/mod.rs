//! Random programs that go somewhere: most accesses hit memory, most jumps go forward.

use std::fmt::Write;

use parhelion_sbpf::Version;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::SliceRandom};

const ALU: [&str; 12] = ["add", "sub", "mul", "div", "or", "and", "lsh", "rsh", "mod", "xor", "mov", "arsh"];
const JUMPS: [&str; 11] = ["jeq", "jgt", "jge", "jlt", "jle", "jset", "jne", "jsgt", "jsge", "jslt", "jsle"];
const SIZES: [(&str, i64); 4] = [("b", 1), ("h", 2), ("w", 4), ("dw", 8)];
/// Values at which results change their kind.
const EDGES: [i64; 14] =
    [0, 1, -1, 2, 7, 31, 32, 63, 64, 255, i32::MAX as i64, i32::MIN as i64, i64::MAX, i64::MIN];

pub(crate) struct Generator {
    version: Version,
    rng: StdRng,
    functions: usize,
}

impl Generator {
    pub(crate) fn new(version: Version, seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let functions = rng.gen_range(0..4);
        Self { version, rng, functions }
    }

    pub(crate) fn input(&mut self) -> Vec<u8> {
        let length = self.rng.gen_range(40..100);
        (0..length).map(|_| self.rng.r#gen()).collect()
    }

    /// The main function, then the others; a function calls only those after it, or rarely any.
    pub(crate) fn program(&mut self) -> String {
        let mut text = String::new();
        for function in 0..=self.functions {
            if function > 0 {
                let _ = writeln!(text, "function_{function}:");
            }
            let length = self.rng.gen_range(5..40);
            for at in 0..length {
                let _ = writeln!(text, "f{function}x{at}:");
                self.instruction(&mut text, function, at, length);
            }
            let _ = writeln!(text, "f{function}x{length}:\n    exit");
        }
        text
    }

    fn register(&mut self) -> u8 {
        *[0, 0, 2, 3, 4, 5, 6, 7, 8, 9].choose(&mut self.rng).unwrap()
    }

    fn source(&mut self) -> u8 {
        if self.rng.gen_ratio(1, 20) { *[1, 10].choose(&mut self.rng).unwrap() } else { self.register() }
    }

    fn number(&mut self) -> i64 {
        match self.rng.gen_range(0..3) {
            0 => *EDGES.choose(&mut self.rng).unwrap(),
            1 => self.rng.gen_range(-300..300),
            _ => self.rng.r#gen(),
        }
    }

    fn imm(&mut self) -> i32 {
        self.number() as i32
    }

    /// A register that points to memory and an offset that fits a width, mostly.
    fn address(&mut self, width: i64, writes: bool) -> (u8, i64) {
        let wild = self.rng.gen_ratio(1, 400);
        if wild {
            return (self.source(), self.rng.gen_range(-40..40));
        }
        match self.rng.gen_range(0..if writes { 2 } else { 3 }) {
            0 => (1, self.rng.gen_range(0..=40 - width)),
            // In V0 nothing lies above the first frame but its gap.
            1 => (10, self.rng.gen_range(-4096..=-width).max(-256 - self.rng.gen_range(0..64))),
            _ => (10, -self.rng.gen_range(width..200)),
        }
    }

    fn instruction(&mut self, text: &mut String, function: usize, at: usize, length: usize) {
        let (dst, src, imm) = (self.register(), self.source(), self.imm());
        let bits = *[32, 64].choose(&mut self.rng).unwrap();
        let line = match self.rng.gen_range(0..100) {
            0..45 => {
                let op = *ALU.choose(&mut self.rng).unwrap();
                match (op, self.rng.gen_bool(0.5)) {
                    ("lsh" | "rsh" | "arsh", true) => {
                        format!("{op}{bits} r{dst}, {}", self.rng.gen_range(0..bits))
                    }
                    ("div" | "mod", true) => format!("{op}{bits} r{dst}, {}", if imm == 0 { 3 } else { imm }),
                    ("div" | "mod", false) if self.rng.gen_bool(0.97) => {
                        format!("or64 r{src}, 1\n    {op}{bits} r{dst}, r{src}")
                            .replace("or64 r1,", "or64 r0,")
                            .replace("or64 r10,", "or64 r0,")
                    }
                    (_, true) => format!("{op}{bits} r{dst}, {imm}"),
                    (_, false) => format!("{op}{bits} r{dst}, r{src}"),
                }
            }
            45..50 => format!("neg{bits} r{dst}"),
            50..54 => {
                let op = ["le", "be"].choose(&mut self.rng).unwrap();
                format!("{op}{} r{dst}", [16, 32, 64].choose(&mut self.rng).unwrap())
            }
            54..58 => format!("lddw r{dst}, {:#x}", self.number()),
            58..66 => {
                let (size, width) = *SIZES.choose(&mut self.rng).unwrap();
                let (base, offset) = self.address(width, false);
                format!("ldx{size} r{dst}, [r{base}{offset:+}]")
            }
            66..74 => {
                let (size, width) = *SIZES.choose(&mut self.rng).unwrap();
                let (base, offset) = self.address(width, true);
                match self.rng.gen_bool(0.5) {
                    true => format!("stx{size} [r{base}{offset:+}], r{src}"),
                    false => format!("st{size} [r{base}{offset:+}], {imm}"),
                }
            }
            74..86 => {
                let narrow = if self.version == Version::V3 && bits == 32 { "32" } else { "" };
                let op = format!("{}{narrow}", JUMPS.choose(&mut self.rng).unwrap());
                let target = self.target(at, length);
                match self.rng.gen_bool(0.5) {
                    true => format!("{op} r{dst}, {imm}, f{function}x{target}"),
                    false => format!("{op} r{dst}, r{src}, f{function}x{target}"),
                }
            }
            86..88 => format!("ja f{function}x{}", self.target(at, length)),
            88..92 => match self.callee(function) {
                Some(callee) => format!("call function_{callee}"),
                None => format!("mov64 r{dst}, r10"),
            },
            92..94 if self.version == Version::V0 => match self.callee(function) {
                Some(callee) => format!("call function_{callee}"),
                None => format!("mov64 r{dst}, r1"),
            },
            92..98 => self.syscall(),
            _ => format!("add64 r{dst}, r{src}"),
        };
        let _ = writeln!(text, "    {line}");
    }

    fn target(&mut self, at: usize, length: usize) -> usize {
        if self.rng.gen_ratio(1, 12) {
            self.rng.gen_range(0..=length)
        } else {
            self.rng.gen_range(at + 1..=length)
        }
    }

    fn callee(&mut self, function: usize) -> Option<usize> {
        if self.functions == 0 {
            return None;
        }
        if self.rng.gen_ratio(1, 20) {
            return Some(self.rng.gen_range(1..=self.functions));
        }
        (function < self.functions).then(|| self.rng.gen_range(function + 1..=self.functions))
    }

    /// Memory syscalls between the input and this frame. They leave r1 as it was.
    fn syscall(&mut self) -> String {
        let name = ["memcpy", "memmove", "memset", "memcmp"].choose(&mut self.rng).unwrap();
        let length = self.rng.gen_range(0..30);
        let place = |rng: &mut StdRng| match rng.gen_bool(0.5) {
            true => format!("r10\n    add64 r{{}}, -{}", rng.gen_range(30..200)),
            false => format!("r1\n    add64 r{{}}, {}", rng.gen_range(0..10)),
        };
        let (first, second) = (place(&mut self.rng), place(&mut self.rng));
        let result = self.rng.gen_range(2..60) * 4;
        let misaligned = i32::from(self.rng.gen_ratio(1, 60));
        [
            "mov64 r9, r1".to_owned(),
            format!("mov64 r2, {}", second.replace("{}", "2")),
            format!("mov64 r3, {length}"),
            format!("mov64 r4, r10\n    add64 r4, {}", misaligned - result),
            format!("mov64 r1, {}", first.replace("{}", "1")),
            format!("syscall sol_{name}_"),
            "mov64 r1, r9".to_owned(),
        ]
        .join("\n    ")
    }
}
