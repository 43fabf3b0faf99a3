//! The Lagrange half of an SRS, which the library keeps to itself.

use std::io::{self, Write};

use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::commitment::{Params, ParamsProver};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_field_kernels::{Bn254Fq, Bn254G1Affine};

use crate::Error;

/// Bytes of a point of G1 in the raw format: x then y, each four little-endian Montgomery limbs.
const G1_BYTES: usize = 64;
/// Bytes of the two points of G2 that end the raw format.
const G2_PAIR_BYTES: usize = 2 * 128;
/// log2 of the largest SRS there can be: the 2-adicity of BN254's scalar field.
const MAX_K: u32 = 28;

/// The number of rows 2^k of an SRS, after checking that its monomial half has as many points.
pub(crate) fn checked_rows(params: &ParamsKZG<Bn256>) -> Result<usize, Error> {
    let k = params.k();
    if k > MAX_K {
        return Err(Error::DamagedParams(format!("k = {k} is more than {MAX_K}")));
    }
    let (rows, points) = (1usize << k, params.get_g().len());
    if points != rows {
        return Err(Error::DamagedParams(format!("k = {k} needs {rows} monomial points, got {points}")));
    }
    Ok(rows)
}

/// The 2^k commitments to the Lagrange basis, [L_0(s)]G ... [L_{n-1}(s)]G.
///
/// The library computes them at setup, commits with them, and has no getter. They are read out of
/// its own serialisation (`k | g | g_lagrange | g2 | s_g2`), which costs a copy where a group
/// transform of the monomial points would cost n log n group operations.
pub(crate) fn lagrange_bases(params: &ParamsKZG<Bn256>) -> Result<Vec<Bn254G1Affine>, Error> {
    let rows = checked_rows(params)?;
    let mut sink = LagrangeSink::new(size_of::<u32>() + rows * G1_BYTES, rows);
    params
        .write_custom(&mut sink, SerdeFormat::RawBytesUnchecked)
        .map_err(|error| Error::DamagedParams(format!("cannot be serialised: {error}")))?;
    sink.finish()
}

/// Takes the middle of a stream: skips `skip` bytes, then collects `rows` points.
struct LagrangeSink {
    skip: usize,
    rows: usize,
    points: Vec<Bn254G1Affine>,
    /// Bytes of the point being received.
    partial: [u8; G1_BYTES],
    filled: usize,
    /// Bytes that came after the last expected point.
    excess: usize,
    /// The first point with a coordinate at or above the modulus.
    not_canonical: Option<usize>,
}

impl LagrangeSink {
    fn new(skip: usize, rows: usize) -> Self {
        Self {
            skip,
            rows,
            points: Vec::with_capacity(rows),
            partial: [0; G1_BYTES],
            filled: 0,
            excess: 0,
            not_canonical: None,
        }
    }

    fn push_point(&mut self) {
        let mut limbs = [0u64; 8];
        for (limb, bytes) in limbs.iter_mut().zip(self.partial.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        let [x0, x1, x2, x3, y0, y1, y2, y3] = limbs;
        let coordinates =
            (Bn254Fq::from_montgomery([x0, x1, x2, x3]), Bn254Fq::from_montgomery([y0, y1, y2, y3]));
        match coordinates {
            (Some(x), Some(y)) => self.points.push(Bn254G1Affine { x, y }),
            _ => {
                self.not_canonical.get_or_insert(self.points.len());
                self.points.push(Bn254G1Affine { x: Bn254Fq::ZERO, y: Bn254Fq::ZERO });
            }
        }
        self.filled = 0;
    }

    fn finish(self) -> Result<Vec<Bn254G1Affine>, Error> {
        if let Some(point) = self.not_canonical {
            return Err(Error::DamagedParams(format!(
                "Lagrange point {point} has a coordinate above the modulus"
            )));
        }
        if self.points.len() != self.rows || self.filled != 0 || self.excess != G2_PAIR_BYTES {
            // The stream has no lengths of its own: a longer or shorter Lagrange half shifts the end.
            let bytes = self.points.len() * G1_BYTES + self.filled + self.excess;
            let got = bytes.saturating_sub(G2_PAIR_BYTES) / G1_BYTES;
            return Err(Error::DamagedParams(format!("expected {} Lagrange points, got {got}", self.rows)));
        }
        Ok(self.points)
    }
}

impl Write for LagrangeSink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let skipped = self.skip.min(bytes.len());
        self.skip -= skipped;
        let mut rest = &bytes[skipped..];
        while !rest.is_empty() && self.points.len() < self.rows {
            let take = rest.len().min(G1_BYTES - self.filled);
            self.partial[self.filled..self.filled + take].copy_from_slice(&rest[..take]);
            self.filled += take;
            rest = &rest[take..];
            if self.filled == G1_BYTES {
                self.push_point();
            }
        }
        self.excess += rest.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::adapters::cast;
    use ff::Field;
    use group::Curve;
    use halo2_axiom::halo2curves::bn256::{Fr, G1Affine};
    use halo2_axiom::poly::Polynomial;
    use halo2_axiom::poly::commitment::Blind;
    use rand_core::{RngCore, impls};

    /// Counts; the secret of a test SRS need not be secret.
    struct Counter(u64);

    impl RngCore for Counter {
        fn next_u32(&mut self) -> u32 {
            self.next_u64() as u32
        }
        fn next_u64(&mut self) -> u64 {
            self.0 += 1;
            self.0
        }
        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            impls::fill_bytes_via_next(self, bytes);
        }
        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    fn params(k: u32) -> ParamsKZG<Bn256> {
        ParamsKZG::setup(k, Counter(5))
    }

    /// An SRS with another Lagrange half.
    fn with_lagrange(lagrange: Vec<G1Affine>) -> ParamsKZG<Bn256> {
        let params = params(3);
        let (g, g2, s_g2) = (params.get_g().to_vec(), params.g2(), params.s_g2());
        params.from_parts(3, g, Some(lagrange), g2, s_g2)
    }

    #[test]
    fn the_bases_are_those_the_library_commits_with() {
        for k in [1, 3, 6] {
            let params = params(k);
            let bases = lagrange_bases(&params).unwrap();
            assert_eq!(bases.len(), 1 << k);
            for (row, base) in bases.iter().enumerate() {
                let mut unit = vec![Fr::ZERO; 1 << k];
                unit[row] = Fr::ONE;
                let commitment = params.commit_lagrange(&Polynomial::new(unit), Blind::default());
                assert_eq!(cast::into_point(*base), commitment.to_affine());
            }
        }
    }

    #[test]
    fn the_point_at_infinity_is_kept() {
        let mut points = vec![G1Affine::generator(); 8];
        points[5] = G1Affine::default();
        let bases = lagrange_bases(&with_lagrange(points.clone())).unwrap();
        assert_eq!(bases, cast::points(&points));
    }

    #[test]
    fn a_damaged_srs_is_an_error() {
        for len in [0, 1, 7, 9, 16] {
            let error = lagrange_bases(&with_lagrange(vec![G1Affine::generator(); len])).unwrap_err();
            let expected = format!("damaged SRS: expected 8 Lagrange points, got {len}");
            assert_eq!(error.to_string(), expected);
        }
        let params = params(3);
        let g = params.get_g().to_vec();
        let short = params.from_parts(4, g.clone(), Some(g), params.g2(), params.s_g2());
        let error = lagrange_bases(&short).unwrap_err();
        assert_eq!(error.to_string(), "damaged SRS: k = 4 needs 16 monomial points, got 8");
    }

    #[test]
    fn a_coordinate_above_the_modulus_is_an_error() {
        let mut sink = LagrangeSink::new(3, 2);
        let raw = cast::points(&[G1Affine::generator()])[0];
        let limbs = [raw.x.to_montgomery(), raw.y.to_montgomery()].concat();
        let mut bytes: Vec<u8> = limbs.iter().flat_map(|limb| limb.to_le_bytes()).collect();
        // In pieces that do not respect points.
        let point = bytes.clone();
        bytes.splice(0..0, [9; 3]);
        bytes.extend(point);
        bytes.extend([7; G2_PAIR_BYTES]);
        bytes.chunks(13).for_each(|piece| sink.write_all(piece).unwrap());
        assert_eq!(sink.finish().unwrap(), [raw, raw]);

        let mut sink = LagrangeSink::new(0, 1);
        sink.write_all(&[0xff; G1_BYTES]).unwrap();
        sink.write_all(&[0; G2_PAIR_BYTES]).unwrap();
        let error = sink.finish().unwrap_err().to_string();
        assert_eq!(error, "damaged SRS: Lagrange point 0 has a coordinate above the modulus");
    }
}
