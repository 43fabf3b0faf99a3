//! How wide the values in the advice columns of the demo circuits are.
//!
//! Output of `cargo run --release -p parhelion-benches --features peers --bin witness_widths`: both
//! circuits synthesised with their usual k (15 and 14) and the witness of seed 1, every cell of the
//! advice columns counted but for the blinding rows.

/// Classes of values and how many values are in each. Class w holds values below 2^w that are in no
/// narrower class, class -w the negatives of such values.
pub type Widths = &'static [(i32, u32)];

/// The class of all values too wide for the other classes.
pub const FULL: i32 = 254;

/// `pairing`. A BN254 pairing with limbs of 88 bits and range lookups.
pub const PAIRING: Widths = &[
    (-192, 50526),
    (-176, 53205),
    (-160, 97),
    (-112, 1872),
    (-96, 10973),
    (-88, 30353),
    (-80, 5900),
    (-72, 140),
    (-8, 3488),
    (-1, 18517),
    (0, 290226),
    (1, 216360),
    (8, 166731),
    (16, 865752),
    (24, 3557),
    (32, 109958),
    (48, 113636),
    (64, 114201),
    (72, 114430),
    (80, 122398),
    (88, 614133),
    (96, 112546),
    (112, 79589),
    (128, 6249),
    (160, 3424),
    (176, 437336),
    (192, 153911),
    (254, 264573),
];

/// `poseidon`. A chain of Poseidon hashes.
pub const POSEIDON: Widths = &[(0, 252928), (1, 4003), (72, 1002), (254, 2002093)];
