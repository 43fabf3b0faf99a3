//! Parameters for chunks, from the command's own cache.

use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use halo2_axiom::halo2curves::bn256::Bn256;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use parhelion_cli::store::{CacheDir, Srs};
use parhelion_sbpf::SrsSource;

/// The user's file or the parameters for testing, cut down to the size asked for.
#[derive(Debug)]
pub(super) struct CachedSrs {
    cache: CacheDir,
    file: Option<PathBuf>,
    last: Mutex<Option<(u32, Arc<ParamsKZG<Bn256>>, blake3::Hash)>>,
}

impl CachedSrs {
    pub(super) fn new(cache: CacheDir, file: Option<PathBuf>) -> Arc<Self> {
        Arc::new(Self { cache, file, last: Mutex::default() })
    }

    /// The digest of those that were used last.
    pub(super) fn digest(&self) -> Option<String> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        last.as_ref().map(|(_, _, digest)| digest.to_hex().to_string())
    }
}

impl SrsSource for CachedSrs {
    fn params(&self, k: u32) -> Result<Arc<ParamsKZG<Bn256>>, Box<dyn Error + Send + Sync>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((size, params, _)) if *size == k => Ok(params.clone()),
            _ => {
                let srs = Srs::load(&self.cache, self.file.as_deref(), k)?;
                let params = Arc::new(srs.params);
                *last = Some((k, params.clone(), srs.digest));
                Ok(params)
            }
        }
    }
}
