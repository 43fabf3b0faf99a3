//! The scalar field of BN254.

use super::{FieldSpec, Fp};

/// Constants of [`Bn254Fr`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bn254FrSpec;

/// An element of the scalar field of BN254, the field of its circuits.
pub type Bn254Fr = Fp<Bn254FrSpec>;

impl FieldSpec for Bn254FrSpec {
    const NAME: &'static str = "BN254 Fr";
    const MODULUS: [u64; 4] =
        [0x43e1_f593_f000_0001, 0x2833_e848_79b9_7091, 0xb850_45b6_8181_585d, 0x3064_4e72_e131_a029];
    const ROOT_OF_UNITY: [u64; 4] =
        [0xd34f_1ed9_60c3_7c9c, 0x3215_cf6d_d393_29c8, 0x9886_5ea9_3dd3_1f74, 0x03dd_b9f5_166d_18b7];
    const GENERATOR: [u64; 4] = [7, 0, 0, 0];
    const DELTA: [u64; 4] =
        [0x870e_56bb_e533_e9a2, 0x5b5f_898e_5e96_3f25, 0x64ec_26aa_d4c8_6e71, 0x0922_6b6e_22c6_f0ca];
}
