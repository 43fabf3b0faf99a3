//! Prime-field and curve kernels for proof systems.
//!
//! Number-theoretic transforms, multi-scalar multiplication, batch inversion and polynomial
//! arithmetic over the fields and curves of halo2 circuits, called through one handle,
//! [`Kernels`], which knows the backend chosen for this CPU and the threads to use. Nothing here
//! depends on the types of a proof system or of another field library; elements are four Montgomery
//! limbs ([`Fp`]), so such types can be read in place.
//!
//! ```
//! use parhelion_field_kernels::{Bn254Fr, Domain, Kernels};
//!
//! let kernels = Kernels::sequential();
//! let domain = Domain::new(3)?;
//! let mut values: Vec<Bn254Fr> = (0..8).map(Bn254Fr::from_u64).collect();
//! kernels.ntt(&domain, &mut values);
//! assert_eq!(values[0], Bn254Fr::from_u64(28));
//! kernels.intt(&domain, &mut values);
//! assert_eq!(values[5], Bn254Fr::from_u64(5));
//! # Ok::<(), parhelion_field_kernels::Error>(())
//! ```

mod contract;
mod curves;
mod dispatch;
mod error;
mod fields;
#[cfg(target_arch = "x86_64")]
mod ifma;
mod msm;
mod ntt;
mod parallel;
mod poly;
mod program;
mod scalar;
mod scratch;

pub use curves::{
    Affine, Bn254G1, Bn254G1Affine, Bn254G1Spec, CurveSpec, Pallas, PallasAffine, PallasSpec, Projective,
    Vesta, VestaAffine, VestaSpec,
};
pub use dispatch::{CpuFeatures, KernelChoice, KernelReport, Kernels};
pub use error::Error;
pub use fields::{
    Bn254Fq, Bn254FqSpec, Bn254Fr, Bn254FrSpec, FieldSpec, Fp, PastaFp, PastaFpSpec, PastaFq, PastaFqSpec,
};
pub use msm::{Bases, ShiftedBases};
pub use ntt::{CosetJob, Domain};
pub use poly::Packed;
pub use program::{Node, Output, Program, ProgramBuilder};
pub use scratch::{Lender, Line, Loan, Scratch};
