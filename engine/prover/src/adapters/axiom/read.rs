//! Compact keys straight from the library's files.
//!
//! ```text
//! proving key    verifying key | l_0 | l_last | l_active | fixed values | fixed polynomials
//!                | permutation values | permutation polynomials
//! verifying key  version, a byte | k, u32 | whether selectors were compressed, a byte
//!                | number of fixed columns, u32 | commitments to these
//!                | commitments to permutation columns | compressed selectors, a bit for each row
//! ```
//! Points and scalars are in Montgomery form, integers of the verifying key little-endian. A
//! polynomial is its length and so many scalars, a list of polynomials begins with their number, both
//! u32 and big-endian. The values of columns are kept; what can be computed from them is skipped.

use std::io::{self, Read};

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::halo2curves::serde::SerdeObject;
use halo2_axiom::plonk::{Circuit, ConstraintSystem, VerifyingKey, permutation};
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec};
use parhelion_scheduler::ExecutorExt;

use super::key::{PreparedKey, derive, permutation_columns};
use super::keygen::{check_constraints, evaluation_domain};
use super::params::checked_rows;
use crate::storage::Stored;
use crate::{Error, Prover};

/// What a verifying key begins with.
const VERSION: u8 = 2;

/// Bytes of a scalar, and of a point.
const SCALAR: usize = 32;
const POINT: usize = 64;

/// Scalars whose bytes are read at a time.
const CHUNK: usize = 1 << 10;

/// Columns that are in memory as scalars at a time.
const BATCH: usize = 16;

/// The polynomials before the columns: l_0, l_last and l_active.
const LAGRANGE: usize = 3;

impl Prover {
    /// Reads a proving key that the library has written with `SerdeFormat::RawBytes` (or
    /// `RawBytesUnchecked`, the same bytes), and keeps it as [`Prover::prepare_compact`] does. Also
    /// returns its verifying key. `circuit_params` are those of the circuit the key was made for.
    ///
    /// The key is never in memory as a whole but for what is kept, only 16 columns of it at a time.
    /// `reader` is read in small pieces up to the end of the key, so it should be buffered. Coefficients,
    /// of which the engine needs none, are skipped and not looked at.
    ///
    /// # Errors
    /// If the input ends early, is something else or is damaged, as far as that shows without a
    /// checksum; if the key is of another size than the SRS or of another circuit; and as
    /// [`Prover::prepare`].
    pub fn read_compact<ConcreteCircuit: Circuit<Fr>>(
        &self,
        params: &ParamsKZG<Bn256>,
        mut reader: impl Read,
        circuit_params: ConcreteCircuit::Params,
    ) -> Result<(PreparedKey<'static>, VerifyingKey<G1Affine>), Error> {
        checked_rows(params)?;
        let mut cs = ConstraintSystem::default();
        ConcreteCircuit::configure_with_params(&mut cs, circuit_params);
        let vk = read_verifying_key(&mut reader, params.k(), cs)?;
        let kernels = self.kernels_for_a_key();
        let (derived, constraint_system) = derive(&kernels, params, &vk)?;
        let (num_fixed, num_sigma) = (derived.shape.num_fixed, derived.shape.permutation.len());

        let mut columns = Columns { reader, n: derived.shape.n() };
        columns.skip(LAGRANGE)?;
        columns.expect("fixed columns", num_fixed)?;
        let fixed = columns.read("fixed column", num_fixed, |rows| {
            kernels.executor().map(rows.len(), |index| Stored::keep(&kernels, &rows[index]))
        })?;
        columns.expect("fixed polynomials", num_fixed)?;
        columns.skip(num_fixed)?;
        columns.expect("permutation columns", num_sigma)?;
        let sigma = columns.read("permutation column", num_sigma, |rows| {
            let rows: Vec<&[Bn254Fr]> = rows.iter().map(Vec::as_slice).collect();
            permutation_columns(&kernels, &derived, &rows).collect()
        })?;
        columns.expect("permutation polynomials", num_sigma)?;
        columns.skip(num_sigma)?;
        Ok((PreparedKey::of_columns(params, derived, constraint_system, fixed, sigma)?, vk))
    }
}

/// Reads a verifying key of a circuit as it was configured, for 2^k rows.
///
/// The library's reader panics on some of what is an error here, and makes tables of many columns for
/// transforms.
fn read_verifying_key(
    reader: &mut impl Read,
    k: u32,
    cs: ConstraintSystem<Fr>,
) -> Result<VerifyingKey<G1Affine>, Error> {
    let [version] = array(reader)?;
    if version != VERSION {
        let (expected, got) = (VERSION.into(), version.into());
        return Err(Error::KeyFormat { what: "version", expected, got });
    }
    let key = u32::from_le_bytes(array(reader)?);
    if key != k {
        return Err(Error::ParamsMismatch { key, params: k });
    }
    let [flag] = array(reader)?;
    let compress_selectors = flag == 1;
    if flag > 1 {
        let what = "flag of compressed selectors";
        return Err(Error::KeyFormat { what, expected: 1, got: flag.into() });
    }
    check_constraints(&cs, compress_selectors)?;
    let domain = evaluation_domain(cs.degree(), k)?;

    let num_fixed = u32::from_le_bytes(array(reader)?) as usize;
    let fixed = points(reader, "fixed commitment", num_fixed)?;
    let sigma = points(reader, "permutation commitment", cs.permutation().get_columns().len())?;
    let (cs, selectors) = if compress_selectors {
        let selectors = selectors(reader, cs.num_selectors(), 1 << k)?;
        (cs.compress_selectors(selectors.clone()).0, selectors)
    } else {
        let none = vec![Vec::new(); cs.num_selectors()];
        (cs.directly_convert_selectors_to_fixed(none).0, Vec::new())
    };
    if cs.num_fixed_columns() != num_fixed {
        let (what, expected) = ("fixed commitments", cs.num_fixed_columns());
        return Err(Error::DamagedKey { what, expected, got: num_fixed });
    }
    let sigma = permutation::VerifyingKey::from_commitments(sigma);
    Ok(VerifyingKey::from_parts(domain, fixed, sigma, cs, selectors, compress_selectors))
}

fn points(reader: &mut impl Read, what: &'static str, count: usize) -> Result<Vec<G1Affine>, Error> {
    // The count is not trusted with an allocation.
    let mut points = Vec::new();
    for index in 0..count {
        let bytes: [u8; POINT] = array(reader)?;
        points.push(G1Affine::from_raw_bytes(&bytes).ok_or(Error::KeyPoint { what, index })?);
    }
    Ok(points)
}

fn selectors(reader: &mut impl Read, count: usize, rows: usize) -> Result<Vec<Vec<bool>>, Error> {
    let mut bytes = vec![0; rows.div_ceil(8)];
    let mut selectors = Vec::new();
    for _ in 0..count {
        reader.read_exact(&mut bytes).map_err(Error::ReadKey)?;
        selectors.push((0..rows).map(|row| bytes[row / 8] >> (row % 8) & 1 == 1).collect());
    }
    Ok(selectors)
}

fn array<const N: usize>(reader: &mut impl Read) -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    reader.read_exact(&mut bytes).map_err(Error::ReadKey)?;
    Ok(bytes)
}

/// The part of a key with polynomials of n scalars each.
struct Columns<R> {
    reader: R,
    n: usize,
}

impl<R: Read> Columns<R> {
    /// An integer that is known before.
    fn expect(&mut self, what: &'static str, expected: usize) -> Result<(), Error> {
        let got = u32::from_be_bytes(array(&mut self.reader)?) as usize;
        if got == expected { Ok(()) } else { Err(Error::DamagedKey { what, expected, got }) }
    }

    /// Goes past so many polynomials.
    fn skip(&mut self, count: usize) -> Result<(), Error> {
        for _ in 0..count {
            self.expect("rows of a column", self.n)?;
            let bytes = (self.n * SCALAR) as u64;
            let skipped = io::copy(&mut self.reader.by_ref().take(bytes), &mut io::sink());
            if skipped.map_err(Error::ReadKey)? != bytes {
                return Err(Error::ReadKey(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        Ok(())
    }

    /// Reads so many polynomials, and makes of each what `keep` makes of some at a time.
    fn read(
        &mut self,
        what: &'static str,
        count: usize,
        keep: impl Fn(&[Vec<Bn254Fr>]) -> Vec<Stored<Bn254FrSpec>>,
    ) -> Result<Vec<Stored<Bn254FrSpec>>, Error> {
        let mut kept = Vec::with_capacity(count);
        let mut batch = vec![vec![Bn254Fr::ZERO; self.n]; count.min(BATCH)];
        for first in (0..count).step_by(BATCH) {
            let batch = &mut batch[..BATCH.min(count - first)];
            for (column, rows) in (first..).zip(batch.iter_mut()) {
                self.expect("rows of a column", self.n)?;
                self.scalars(rows).map_err(|error| match error {
                    ScalarError::Read(error) => Error::ReadKey(error),
                    ScalarError::NotReduced(row) => Error::KeyScalar { what, column, row },
                })?;
            }
            kept.extend(keep(batch));
        }
        Ok(kept)
    }

    fn scalars(&mut self, rows: &mut [Bn254Fr]) -> Result<(), ScalarError> {
        let mut bytes = vec![0; CHUNK.min(rows.len()) * SCALAR];
        for (chunk, rows) in rows.chunks_mut(CHUNK).enumerate() {
            let bytes = &mut bytes[..rows.len() * SCALAR];
            self.reader.read_exact(bytes).map_err(ScalarError::Read)?;
            for (index, (row, bytes)) in rows.iter_mut().zip(bytes.as_chunks::<SCALAR>().0).enumerate() {
                let mut limbs = [0; 4];
                for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks().0) {
                    *limb = u64::from_le_bytes(*bytes);
                }
                let place = chunk * CHUNK + index;
                *row = Bn254Fr::from_montgomery(limbs).ok_or(ScalarError::NotReduced(place))?;
            }
        }
        Ok(())
    }
}

/// Why scalars cannot be had.
enum ScalarError {
    Read(io::Error),
    /// The scalar of this row is not below the modulus.
    NotReduced(usize),
}
