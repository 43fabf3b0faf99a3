//! The SRS for a size of circuit, and the cache of the one for testing.

use std::sync::Arc;

use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::commitment::Params;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;

use super::config::{KeygenConfig, Srs};
use super::error::ProveError;
use crate::files::{self, Kind};

/// The seed of the SRS for testing. It is public, hence so is its secret: whoever knows it can prove
/// anything.
const TESTING_SEED: [u8; 32] = *b"parhelion testing SRS: INSECURE!";

/// Bytes of points in raw form.
const G1_BYTES: usize = 64;
const G2_BYTES: usize = 128;

/// The SRS of exactly that size.
pub(super) fn params(config: &KeygenConfig, k: u32) -> Result<Arc<ParamsKZG<Bn256>>, ProveError> {
    let params = match &config.srs {
        Srs::Testing => Arc::new(testing(config, k)),
        Srs::Given(params) => params.clone(),
        Srs::Source(source) => source.params(k).map_err(|source| ProveError::Srs { k, source })?,
    };
    match params.k() {
        got if got == k => Ok(params),
        got => Err(ProveError::SrsSize { expected: k, got }),
    }
}

/// From the cache or, if what is there is missing, damaged or stale, made again. That a cache cannot
/// be written to costs time but is no error.
fn testing(config: &KeygenConfig, k: u32) -> ParamsKZG<Bn256> {
    let path = config.cache.join(format!("srs-testing-k{k}.sbpf"));
    if let Some(params) = files::read(&path, Kind::Srs).ok().and_then(|bytes| decode(&bytes, k)) {
        return params;
    }
    let params = ParamsKZG::setup(k, ChaCha20Rng::from_seed(TESTING_SEED));
    let mut bytes = Vec::new();
    let written = params.write_custom(&mut bytes, SerdeFormat::RawBytes).is_ok();
    if written && std::fs::create_dir_all(&config.cache).is_ok() {
        // See above: not keeping it is no error.
        let _ = files::write(&path, Kind::Srs, &bytes);
    }
    params
}

/// `None` unless it is of the size expected, before anything is allocated by what it says.
fn decode(mut bytes: &[u8], k: u32) -> Option<ParamsKZG<Bn256>> {
    let length = 4 + 2 * (G1_BYTES << k) + 2 * G2_BYTES;
    if bytes.len() != length || bytes[..4] != k.to_le_bytes() {
        return None;
    }
    ParamsKZG::read_custom(&mut bytes, SerdeFormat::RawBytes).ok()
}
