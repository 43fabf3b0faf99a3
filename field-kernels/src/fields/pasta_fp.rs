//! The base field of Pallas and scalar field of Vesta (Zcash protocol specification, section 5.4.9.6).

use super::{FieldSpec, Fp};

/// Constants of [`PastaFp`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PastaFpSpec;

/// An element of the field of Pallas' coordinates, which is that of Vesta's scalars.
pub type PastaFp = Fp<PastaFpSpec>;

impl FieldSpec for PastaFpSpec {
    const NAME: &'static str = "Pasta Fp";
    const MODULUS: [u64; 4] =
        [0x992d_30ed_0000_0001, 0x2246_98fc_094c_f91b, 0x0000_0000_0000_0000, 0x4000_0000_0000_0000];
    const ROOT_OF_UNITY: [u64; 4] =
        [0xbdad_6fab_d87e_a32f, 0xea32_2bf2_b7bb_7584, 0x3621_2083_0561_f81a, 0x2bce_74de_ac30_ebda];
    const GENERATOR: [u64; 4] = [5, 0, 0, 0];
    const DELTA: [u64; 4] =
        [0x6a6c_cd20_dd7b_9ba2, 0xf5e4_f3f1_3eee_5636, 0xbd45_5b71_12a5_049d, 0x0a75_7d0f_0006_ab6c];
}
