//! The structured reference string: the user's file, or one for testing.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use ff::Field;
use group::Curve;
use group::prime::PrimeCurveAffine;
use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine, G2Affine, pairing};
use halo2_axiom::halo2curves::serde::SerdeObject;
use halo2_axiom::poly::EvaluationDomain;
use halo2_axiom::poly::commitment::{Blind, Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use rand::SeedableRng;
use rand::rngs::OsRng;
use rand_chacha::ChaCha20Rng;

use super::{CacheDir, Provenance, StoreError};

/// The seed of the testing parameters. Public, hence so is their secret: whoever knows it can
/// prove anything.
const TESTING_SEED: [u8; 32] = *b"parhelion testing SRS: INSECURE!";

/// The largest size worth trying: 2^28 is the largest power of two that divides r - 1.
const MAX_K: u32 = 28;
/// Bytes of a point in the library's raw format: two coordinates in Montgomery form.
const G1_BYTES: u64 = 64;
const G2_BYTES: u64 = 128;

/// Parameters of exactly the size asked for.
#[derive(Clone, Debug)]
pub struct Srs {
    /// The parameters.
    pub params: ParamsKZG<Bn256>,
    /// Where they come from.
    pub origin: SrsOrigin,
    /// Whether they had to be made in this run.
    pub provenance: Provenance,
    /// BLAKE3 of the parameters in raw form. Keys and proofs belong to one of these.
    pub digest: blake3::Hash,
}

/// Where parameters come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SrsOrigin {
    /// A file of the user's.
    File(PathBuf),
    /// A public seed: proofs mean nothing.
    Testing,
}

impl Srs {
    /// Parameters for 2^k rows: from `file`, cut down if it has more, or else for testing.
    ///
    /// A file is checked completely (format, length, points on their curves, powers of one
    /// secret, Lagrange form) before it is used.
    ///
    /// # Errors
    /// If `file` is not a parameter file in the library's raw format (`ParamsKZG::write`), or
    /// is too small.
    pub fn load(cache: &CacheDir, file: Option<&Path>, k: u32) -> Result<Self, StoreError> {
        let (params, provenance, origin) = match file {
            Some(path) => {
                let (params, provenance) = from_file(cache, path, k)?;
                (params, provenance, SrsOrigin::File(path.to_owned()))
            }
            None => {
                let (params, provenance) = cached(cache, &format!("srs-testing-k{k}.params"), k, || {
                    Ok(ParamsKZG::setup(k, ChaCha20Rng::from_seed(TESTING_SEED)))
                })?;
                (params, provenance, SrsOrigin::Testing)
            }
        };
        let mut hasher = blake3::Hasher::new();
        // A hasher takes every byte.
        let written = params.write_custom(&mut hasher, SerdeFormat::RawBytes);
        debug_assert!(written.is_ok());
        Ok(Self { params, origin, provenance, digest: hasher.finalize() })
    }
}

/// The cached parameters of that name, or those that `make` makes.
fn cached(
    cache: &CacheDir,
    name: &str,
    k: u32,
    make: impl FnOnce() -> Result<ParamsKZG<Bn256>, StoreError>,
) -> Result<(ParamsKZG<Bn256>, Provenance), StoreError> {
    if let Some(mut reader) = cache.find(name) {
        match ParamsKZG::read_custom(&mut reader, SerdeFormat::RawBytes) {
            Ok(params) if params.k() == k => return Ok((params, Provenance::Cached)),
            Ok(params) => tracing::warn!("{name} is for k = {} and will be made anew", params.k()),
            Err(error) => tracing::warn!("{name} cannot be read and will be made anew: {error}"),
        }
    }
    let params = make()?;
    cache.keep(name, |mut out| params.write_custom(&mut out, SerdeFormat::RawBytes));
    Ok((params, Provenance::Made))
}

fn from_file(cache: &CacheDir, path: &Path, k: u32) -> Result<(ParamsKZG<Bn256>, Provenance), StoreError> {
    let fail = |source| StoreError::ReadParams { path: path.to_owned(), source };
    let mut file = File::open(path).map_err(fail)?;
    let file_k = check_length(path, &mut file)?;
    if file_k < k {
        return Err(StoreError::SmallParams { path: path.to_owned(), needed: k, got: file_k });
    }
    if file_k == k {
        return Ok((read_checked(path, file)?, Provenance::Cached));
    }
    // The Lagrange form of fewer points takes long; it is kept under the whole file's hash,
    // so that the file need not be checked again either.
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(&file).map_err(fail)?;
    file.rewind().map_err(fail)?;
    let name = format!("srs-{}-k{k}.params", &hasher.finalize().to_hex()[..16]);
    cached(cache, &name, k, || {
        let mut params = read_checked(path, file)?;
        params.downsize(k);
        Ok(params)
    })
}

/// Checks the header against the length, before anything is allocated by it, and returns k.
/// Leaves the file at its start.
fn check_length(path: &Path, file: &mut File) -> Result<u32, StoreError> {
    let fail = |source| StoreError::ReadParams { path: path.to_owned(), source };
    let bad = |what, expected, got| StoreError::BadParams { path: path.to_owned(), what, expected, got };

    let len = file.metadata().map_err(fail)?.len();
    let mut header = [0; 4];
    if len < 4 {
        return Err(bad("length", "at least 4 bytes".into(), format!("{len} bytes")));
    }
    file.read_exact(&mut header).map_err(fail)?;
    file.rewind().map_err(fail)?;
    let k = u32::from_le_bytes(header);
    if !(1..=MAX_K).contains(&k) {
        return Err(bad("k in the first four bytes", format!("1 to {MAX_K}"), k.to_string()));
    }
    let expected = 4 + 2 * (G1_BYTES << k) + 2 * G2_BYTES;
    if len != expected {
        return Err(bad("length", format!("{expected} bytes for k = {k}"), format!("{len} bytes")));
    }
    Ok(k)
}

/// Reads a file whose length is right and checks that its points are what they should be.
fn read_checked(path: &Path, file: File) -> Result<ParamsKZG<Bn256>, StoreError> {
    let bad = |what, expected: &str, got: &str| StoreError::BadParams {
        path: path.to_owned(),
        what,
        expected: expected.to_owned(),
        got: got.to_owned(),
    };
    let fail = |source| StoreError::ReadParams { path: path.to_owned(), source };
    let mut reader = BufReader::with_capacity(1 << 20, file);
    if let Some(point) = first_bad_point(&mut reader).map_err(fail)? {
        return Err(bad("points", "points on the curve", &format!("something else as number {point}")));
    }
    reader.rewind().map_err(fail)?;
    let params = ParamsKZG::<Bn256>::read_custom(&mut reader, SerdeFormat::RawBytes).map_err(fail)?;

    if params.get_g().first() != Some(&G1Affine::generator()) {
        return Err(bad("first G1 point", "the generator", "another point"));
    }
    if params.g2() != G2Affine::generator() {
        return Err(bad("first G2 point", "the generator", "another point"));
    }
    // Not every point on the twist is in the group: (r - 1) P = -P tells.
    let secret = params.s_g2();
    if bool::from(secret.is_identity()) || (secret * -Fr::ONE).to_affine() != -secret {
        return Err(bad("second G2 point", "a point of order r", "another point"));
    }
    check_powers(&params).map_err(|(what, expected)| bad(what, expected, "something else"))?;
    Ok(params)
}

/// Which point of the file, if any, is not on its curve. The library's reader only checks that
/// coordinates are below the modulus.
fn first_bad_point(reader: &mut impl Read) -> io::Result<Option<u64>> {
    let mut k = [0; 4];
    reader.read_exact(&mut k)?;
    let (mut g1, mut g2) = ([0; G1_BYTES as usize], [0; G2_BYTES as usize]);
    let in_g1 = 2 << u32::from_le_bytes(k);
    for point in 0..in_g1 {
        reader.read_exact(&mut g1)?;
        if G1Affine::from_raw_bytes(&g1).is_none() {
            return Ok(Some(point));
        }
    }
    for point in in_g1..in_g1 + 2 {
        reader.read_exact(&mut g2)?;
        if G2Affine::from_raw_bytes(&g2).is_none() {
            return Ok(Some(point));
        }
    }
    Ok(None)
}

/// Checks that the points are the powers of one secret and the second half their Lagrange
/// form, by random combinations: a fault is missed with probability about 2^k / r.
fn check_powers(params: &ParamsKZG<Bn256>) -> Result<(), (&'static str, &'static str)> {
    let n = params.get_g().len();
    let domain = EvaluationDomain::<Fr>::new(1, params.k());
    let blind = || Blind(Fr::ZERO);

    let values = std::iter::repeat_with(|| Fr::random(OsRng)).take(n).collect();
    let values = domain.lagrange_from_vec(values);
    let lagrange = params.commit_lagrange(&values, blind());
    let mut coefficients = domain.lagrange_to_coeff(values).into_values();
    let whole = params.commit(&domain.coeff_from_vec(coefficients.clone()), blind());
    if lagrange != whole {
        return Err(("second half of the G1 points", "the Lagrange form of the first"));
    }

    // Without its highest term, the polynomial f can be shifted: commit(X f) is the secret
    // times commit(f).
    let highest = coefficients.pop().unwrap_or(Fr::ZERO);
    let plain = whole - params.get_g()[n - 1] * highest;
    coefficients.insert(0, Fr::ZERO);
    let shifted = params.commit(&domain.coeff_from_vec(coefficients), blind());
    if pairing(&shifted.to_affine(), &params.g2()) != pairing(&plain.to_affine(), &params.s_g2()) {
        return Err(("G1 points", "powers of the secret in the second G2 point"));
    }
    Ok(())
}
