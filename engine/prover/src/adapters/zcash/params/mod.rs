//! Parameters of the commitment scheme, in the engine's layout.

mod sqrt;

use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;

use halo2_proofs::poly::commitment::Params;
use parhelion_field_kernels::{Affine, Bases, CurveSpec, Fp, Kernels, ShiftedBases};
use parhelion_scheduler::{ExecutorExt, Sequential};

use crate::Error;
use crate::adapters::cast::{self, PastaCurve, Spec};
use crate::fixed_base::FixedBase;
use crate::key::Hiding;

/// Bytes of a point in the library's format.
const POINT_BYTES: usize = 32;

/// Fewer points than this are not worth another thread.
const MIN_POINTS: usize = 64;

/// The library's `Params` as the engine reads them, made once and shared by any number of keys. Cheap
/// to clone.
///
/// The library keeps the bases in Lagrange form to itself, and only writes points compressed: half of
/// what this holds is decompressed, with the kernels, and checked to be on the curve. 128 bytes per
/// row.
pub struct PreparedParams<C: PastaCurve> {
    inner: Arc<Inner<Spec<C>>>,
    /// Bases with multiples of each, if there is memory for them: those in Lagrange form, and the others.
    tables: [Option<Arc<ShiftedBases<Spec<C>>>>; 2],
}

pub(super) struct Inner<C: CurveSpec> {
    pub(super) k: u32,
    pub(super) bases: Vec<Affine<C>>,
    pub(super) lagrange_bases: Vec<Affine<C>>,
    pub(super) hiding: Hiding<C>,
}

impl<C: PastaCurve> Clone for PreparedParams<C> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), tables: self.tables.clone() }
    }
}

impl<C: PastaCurve> fmt::Debug for PreparedParams<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedParams")
            .field("curve", &Spec::<C>::NAME)
            .field("k", &self.k())
            .finish_non_exhaustive()
    }
}

impl<C: PastaCurve> PreparedParams<C> {
    pub(super) fn new(kernels: &Kernels, params: &Params<C>) -> Result<Self, Error> {
        let k = params.k();
        let bases = params.get_g();
        let rows = bases.len();
        if 1usize.checked_shl(k) != Some(rows) {
            return Err(Error::DamagedParams(format!("k = {k} needs 2^{k} bases, got {rows}")));
        }
        // k, bases, bases in Lagrange form, W, U.
        let mut sink = Tail { skip: size_of::<u32>() + rows * POINT_BYTES, bytes: Vec::new() };
        sink.bytes.reserve_exact((rows + 2) * POINT_BYTES);
        params
            .write(&mut sink)
            .map_err(|error| Error::DamagedParams(format!("cannot be serialised: {error}")))?;
        let (points, rest) = sink.bytes.as_chunks::<POINT_BYTES>();
        if points.len() != rows + 2 || !rest.is_empty() {
            let got = points.len().saturating_sub(2);
            return Err(Error::DamagedParams(format!("expected {rows} Lagrange bases, got {got}")));
        }
        let mut lagrange_bases = decompress_all::<C>(kernels, points)?;
        let [w, u] = lagrange_bases.split_off(rows)[..] else {
            return Err(Error::DamagedParams("W or U is missing".to_owned()));
        };
        let (blinding, product) =
            kernels.executor().join(|| FixedBase::new(kernels, w), || FixedBase::new(kernels, u));
        let hiding = Hiding { blinding, product };
        let bases = cast::pasta_points(&bases).to_vec();
        let inner = Arc::new(Inner { k, bases, lagrange_bases, hiding });
        Ok(Self { inner, tables: [None, None] })
    }

    /// log2 of the number of rows.
    #[must_use]
    pub fn k(&self) -> u32 {
        self.inner.k
    }

    /// Makes tables of multiples of the bases, of at most `bytes` together. What they take.
    pub(super) fn make_tables(&mut self, kernels: &Kernels, bytes: usize) -> usize {
        let Inner { lagrange_bases, bases, .. } = &*self.inner;
        self.tables =
            [lagrange_bases, bases].map(|bases| kernels.shift_bases(bases, bytes / 2).map(Arc::new));
        self.tables.iter().flatten().map(|table| table.bytes()).sum()
    }

    pub(super) fn lagrange_bases(&self) -> Bases<'_, Spec<C>> {
        self.tables[0].as_ref().map_or_else(|| self.inner.lagrange_bases[..].into(), |table| table.bases())
    }

    pub(super) fn bases(&self) -> Bases<'_, Spec<C>> {
        self.tables[1].as_ref().map_or_else(|| self.inner.bases[..].into(), |table| table.bases())
    }

    pub(super) fn inner(&self) -> &Inner<Spec<C>> {
        &self.inner
    }
}

/// Points from the library's format, on all threads: each takes some of them from beginning to end, rather than
/// a share of each of the hundreds of products that a square root is.
fn decompress_all<C: PastaCurve>(
    kernels: &Kernels,
    encoded: &[[u8; POINT_BYTES]],
) -> Result<Vec<Affine<Spec<C>>>, Error> {
    let executor = kernels.executor();
    let alone = kernels.with_executor(Arc::new(Sequential));
    let len = encoded.len().div_ceil(executor.threads()).max(MIN_POINTS);
    let pieces: Vec<_> = encoded.chunks(len).collect();
    let points = executor.map(pieces.len(), |index| decompress::<C>(&alone, pieces[index], index * len));
    Ok(points.into_iter().collect::<Result<Vec<_>, Error>>()?.concat())
}

/// Points from the library's format: x as a little-endian integer, with the parity of y in the highest bit. The
/// identity is 0. `first` is the number of the first one, for errors.
fn decompress<C: PastaCurve>(
    kernels: &Kernels,
    encoded: &[[u8; POINT_BYTES]],
    first: usize,
) -> Result<Vec<Affine<Spec<C>>>, Error> {
    type Base<C> = Fp<<Spec<C> as CurveSpec>::Base>;
    let damaged = |index: usize, what: &str| Error::DamagedParams(format!("Lagrange point {index} {what}"));
    let mut xs: Vec<Base<C>> = Vec::with_capacity(encoded.len());
    for (index, bytes) in (first..).zip(encoded) {
        let mut limbs = [0u64; 4];
        for (limb, bytes) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        limbs[3] &= u64::MAX >> 1;
        xs.push(Fp::from_canonical(limbs).ok_or_else(|| damaged(index, "has x above the modulus"))?);
    }
    let b = Spec::<C>::b();
    let squares: Vec<Base<C>> = xs.iter().map(|&x| x.square() * x + b).collect();
    let roots = sqrt::square_roots(kernels, &squares);
    let points = (first..).zip(xs.into_iter().zip(squares).zip(roots).zip(encoded));
    points
        .map(|(index, (((x, square), y), bytes))| {
            let sign = bytes[POINT_BYTES - 1] >> 7 == 1;
            if x.is_zero() && !sign {
                return Ok(Affine::IDENTITY);
            }
            if y.square() != square {
                return Err(damaged(index, "is not on the curve"));
            }
            let is_odd = y.to_canonical()[0] & 1 == 1;
            Ok(Affine { x, y: if is_odd == sign { y } else { -y } })
        })
        .collect()
}

/// Keeps what comes after so many bytes.
struct Tail {
    skip: usize,
    bytes: Vec<u8>,
}

impl Write for Tail {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        self.bytes.extend_from_slice(&bytes[skipped..]);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use halo2_proofs::pasta::group::GroupEncoding;
    use halo2_proofs::pasta::{EpAffine, EqAffine};

    fn compare<C: PastaCurve + GroupEncoding<Repr = [u8; POINT_BYTES]>>() {
        let mut points = vec![C::identity()];
        let mut point = C::generator();
        for _ in 0..50 {
            points.extend([point, -point]);
            point = (point + C::generator()).into();
        }
        let encoded: Vec<[u8; POINT_BYTES]> = points.iter().map(C::to_bytes).collect();
        let decoded = decompress_all::<C>(&Kernels::sequential(), &encoded).unwrap();
        assert_eq!(decoded, cast::pasta_points(&points));
        let bad = [[0xff; POINT_BYTES]];
        let error = decompress_all::<C>(&Kernels::sequential(), &bad).unwrap_err().to_string();
        assert_eq!(error, "damaged SRS: Lagrange point 0 has x above the modulus");
        // Not all x are on the curve; the library refuses the same ones.
        for x in 0..20u8 {
            let mut bytes = [0; POINT_BYTES];
            bytes[0] = x;
            let ours = decompress_all::<C>(&Kernels::sequential(), &[bytes]);
            let library: Option<C> = C::from_bytes(&bytes).into();
            assert_eq!(ours.ok(), library.map(|point| cast::pasta_points(&[point]).to_vec()));
        }
    }

    #[test]
    fn points_come_back() {
        compare::<EqAffine>();
        compare::<EpAffine>();
    }

    #[test]
    fn the_lagrange_bases_commit_as_the_library_does() {
        use halo2_proofs::poly::EvaluationDomain;
        use halo2_proofs::poly::commitment::Blind;

        let params = Params::<EqAffine>::new(4);
        let prepared = PreparedParams::new(&Kernels::sequential(), &params).unwrap();
        let domain = EvaluationDomain::new(1, 4);
        for row in 0..16 {
            let mut column = domain.empty_lagrange();
            column[row] = 3.into();
            let library: EqAffine = params.commit_lagrange(&column, Blind(7.into())).into();
            let inner = prepared.inner();
            let ours = inner.lagrange_bases[row].to_projective().mul(Fp::from_u64(3))
                + inner.hiding.blinding.mul(Fp::from_u64(7));
            assert_eq!(cast::pasta_point::<EqAffine>(ours.to_affine()), library);
        }
    }
}
