//! The base field of Vesta and scalar field of Pallas (Zcash protocol specification, section 5.4.9.6).

use super::{FieldSpec, Fp};

/// Constants of [`PastaFq`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PastaFqSpec;

/// An element of the field of Vesta's coordinates, which is that of Pallas' scalars.
pub type PastaFq = Fp<PastaFqSpec>;

impl FieldSpec for PastaFqSpec {
    const NAME: &'static str = "Pasta Fq";
    const MODULUS: [u64; 4] =
        [0x8c46_eb21_0000_0001, 0x2246_98fc_0994_a8dd, 0x0000_0000_0000_0000, 0x4000_0000_0000_0000];
    const ROOT_OF_UNITY: [u64; 4] =
        [0xa70e_2c11_02b6_d05f, 0x9bb9_7ea3_c106_f049, 0x9e5c_4dfd_492a_e26e, 0x2de6_a9b8_746d_3f58];
    const GENERATOR: [u64; 4] = [5, 0, 0, 0];
    const DELTA: [u64; 4] =
        [0x8494_3924_72d1_683c, 0xe3ac_3376_541d_1140, 0x06f0_a88e_7f79_49f8, 0x2237_d544_2372_4166];
}
