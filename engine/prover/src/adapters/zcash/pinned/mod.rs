//! Verifying keys and constraint systems, read from the library's pinned text.
//!
//! The library shows neither; but what it hashes to tell keys apart, the `Debug` text of `pinned()`,
//! has all that a prover must know. Key texts are authenticated by that very hash, so that a
//! version of the library that writes them differently is an error, never a misunderstanding.

mod cursor;
mod expression;
mod system;
#[cfg(test)]
mod tests;

pub(super) use expression::{Expression, Selector};
pub(super) use system::{ConstraintSystem, Lookup};

use blake2b_simd::Params as Blake2b;
use ff_0_14::{Field, FromUniformBytes, PrimeField};
use halo2_proofs::plonk;
use halo2_proofs::transcript::{Challenge255, EncodedChallenge, Transcript};
use parhelion_field_kernels::{Affine, CurveSpec, Fp};

use crate::Error;
use crate::adapters::cast::{self, KernelScalar, PastaCurve, Spec};
use cursor::Cursor;

/// A verifying key, taken apart.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct VerifyingKey<C: CurveSpec> {
    pub(super) k: u32,
    pub(super) omega: Fp<C::Scalar>,
    pub(super) system: ConstraintSystem<C::Scalar>,
    pub(super) fixed_commitments: Vec<Affine<C>>,
    pub(super) sigma_commitments: Vec<Affine<C>>,
}

/// Takes a key of the library apart, and returns what stands for it in transcripts as well.
pub(super) fn verifying_key<C: PastaCurve>(
    vk: &plonk::VerifyingKey<C>,
) -> Result<(VerifyingKey<Spec<C>>, Fp<KernelScalar<C>>), Error>
where
    C::ScalarExt: FromUniformBytes<64>,
{
    let mut recorder = Recorder::<C>(None);
    vk.hash_into(&mut recorder)?;
    let Some(expected) = recorder.0 else {
        return Err(Error::KeyHash { expected: "a scalar".to_owned(), got: "none".to_owned() });
    };
    authenticated::<C>(&format!("{:?}", vk.pinned()), expected)
}

/// Reads a key's text after comparing its hash with what the key says of itself.
fn authenticated<C: PastaCurve>(
    text: &str,
    expected: C::ScalarExt,
) -> Result<(VerifyingKey<Spec<C>>, Fp<KernelScalar<C>>), Error>
where
    C::ScalarExt: FromUniformBytes<64>,
{
    let mut hasher = Blake2b::new().hash_length(64).personal(b"Halo2-Verify-Key").to_state();
    hasher.update(&(text.len() as u64).to_le_bytes());
    hasher.update(text.as_bytes());
    let got = C::ScalarExt::from_uniform_bytes(hasher.finalize().as_array());
    if got != expected {
        return Err(Error::KeyHash { expected: format!("{expected:?}"), got: format!("{got:?}") });
    }
    let moduli = [C::Base::MODULUS, C::ScalarExt::MODULUS];
    Ok((parse(text, moduli)?, cast::pasta_scalar::<C>(expected)))
}

fn parse<C: CurveSpec>(text: &str, moduli: [&str; 2]) -> Result<VerifyingKey<C>, Error> {
    let cursor = &mut Cursor::new(text);
    cursor.expect("PinnedVerificationKey { base_modulus: ")?;
    modulus(cursor, moduli[0])?;
    cursor.expect(", scalar_modulus: ")?;
    modulus(cursor, moduli[1])?;
    cursor.expect(", domain: PinnedEvaluationDomain { k: ")?;
    let k = cursor.number()?;
    cursor.expect(", extended_k: ")?;
    // The library's choice of domain for the quotient, which another choice does not change.
    cursor.number::<u32>()?;
    cursor.expect(", omega: ")?;
    let omega = cursor.element()?;
    cursor.expect(" }, cs: ")?;
    let system = ConstraintSystem::parse(cursor)?;
    cursor.expect(", fixed_commitments: ")?;
    let fixed_commitments = cursor.list(point)?;
    cursor.expect(", permutation: VerifyingKey { commitments: ")?;
    let sigma_commitments = cursor.list(point)?;
    cursor.expect(" } }")?;
    cursor.end()?;
    Ok(VerifyingKey { k, omega, system, fixed_commitments, sigma_commitments })
}

/// The constraint system that a circuit configures, before key generation, and its fingerprint.
pub(super) fn constraint_system<C: PastaCurve>(
    system: &plonk::ConstraintSystem<C::ScalarExt>,
) -> Result<(ConstraintSystem<KernelScalar<C>>, [u8; 32]), Error> {
    let text = format!("{:?}", system.pinned());
    let cursor = &mut Cursor::new(&text);
    let system = ConstraintSystem::parse(cursor)?;
    cursor.end()?;
    Ok((system, hash(&text)))
}

/// A hash of a constraint system's pinned text, which tells circuits apart that configure other constraints.
pub(super) fn fingerprint<F: Field>(system: &plonk::ConstraintSystem<F>) -> [u8; 32] {
    hash(&format!("{:?}", system.pinned()))
}

fn hash(text: &str) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(Blake2b::new().hash_length(32).hash(text.as_bytes()).as_bytes());
    hash
}

fn modulus(cursor: &mut Cursor<'_>, expected: &str) -> Result<(), Error> {
    let before = *cursor;
    if cursor.quoted()? == expected { Ok(()) } else { Err(before.error("the modulus of the curve's field")) }
}

/// `(0x..., 0x...)` or `Infinity`.
fn point<C: CurveSpec>(cursor: &mut Cursor<'_>) -> Result<Affine<C>, Error> {
    if cursor.take("Infinity") {
        return Ok(Affine::IDENTITY);
    }
    let before = *cursor;
    cursor.expect("(")?;
    let x = cursor.element()?;
    cursor.expect(", ")?;
    let y = cursor.element()?;
    cursor.expect(")")?;
    let point = Affine { x, y };
    if point.is_on_curve() { Ok(point) } else { Err(before.error("a point of the curve")) }
}

/// Notes the scalar that is absorbed, and nothing else.
struct Recorder<C: PastaCurve>(Option<C::ScalarExt>);

impl<C: PastaCurve> Transcript<C, Challenge255<C>> for Recorder<C>
where
    C::ScalarExt: FromUniformBytes<64>,
{
    fn squeeze_challenge(&mut self) -> Challenge255<C> {
        Challenge255::new(&[0; 64])
    }

    fn common_point(&mut self, _: C) -> std::io::Result<()> {
        Ok(())
    }

    fn common_scalar(&mut self, scalar: C::ScalarExt) -> std::io::Result<()> {
        self.0 = Some(scalar);
        Ok(())
    }
}
