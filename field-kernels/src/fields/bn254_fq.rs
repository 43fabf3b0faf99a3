//! The base field of BN254.

use super::{FieldSpec, Fp};

/// Constants of [`Bn254Fq`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bn254FqSpec;

/// An element of the base field of BN254, the field of its points' coordinates.
pub type Bn254Fq = Fp<Bn254FqSpec>;

impl FieldSpec for Bn254FqSpec {
    const NAME: &'static str = "BN254 Fq";
    const MODULUS: [u64; 4] =
        [0x3c20_8c16_d87c_fd47, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
    const ROOT_OF_UNITY: [u64; 4] =
        [0x3c20_8c16_d87c_fd46, 0x9781_6a91_6871_ca8d, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
    const GENERATOR: [u64; 4] = [3, 0, 0, 0];
    const DELTA: [u64; 4] = [9, 0, 0, 0];
}
