//! Proving and verifying keys of the demo circuits.

use std::error::Error;
use std::io::{self, Read, Write};

use halo2_axiom::SerdeFormat;
use halo2_axiom::halo2curves::bn256::G1Affine;
use halo2_axiom::plonk::{ProvingKey, VerifyingKey};
use parhelion::{PreparedKey, Prover};

use super::{CacheDir, Provenance, Srs, StoreError};
use crate::circuits::{Demo, DemoCircuit, DemoParams, Layout};

/// The packages whose versions decide what a key looks like, as locked for this build.
pub const KEY_VERSIONS: &str = env!("PARHELION_KEY_VERSIONS");

/// Part of every key's name: change it when the payload of the files changes.
const FORMAT: u32 = 1;

/// Every selector is a fixed column of its own: what the library's `keygen_vk` does.
const COMPRESS_SELECTORS: bool = false;

/// The keys of one circuit of one size under one SRS.
#[derive(Debug)]
pub struct KeyStore<'a> {
    cache: &'a CacheDir,
    demo: &'static dyn Demo,
    k: u32,
    srs: &'a Srs,
    stem: String,
}

/// What the library's prover needs.
#[derive(Debug)]
pub struct Keys {
    /// The proving key; the verifying key is in it.
    pub pk: ProvingKey<G1Affine>,
    /// How the witness has to be laid out.
    pub layout: Layout,
    /// Whether they had to be made.
    pub provenance: Provenance,
}

/// What the engine needs.
#[derive(Debug)]
pub struct PreparedKeys {
    /// The proving key in compact form.
    pub key: PreparedKey<'static>,
    /// The verifying key.
    pub vk: VerifyingKey<G1Affine>,
    /// How the witness has to be laid out.
    pub layout: Layout,
    /// Whether they had to be made.
    pub provenance: Provenance,
}

/// What a verifier needs.
#[derive(Debug)]
pub struct VerifierKey {
    /// The verifying key.
    pub vk: VerifyingKey<G1Affine>,
    /// Whether it had to be made.
    pub provenance: Provenance,
}

impl<'a> KeyStore<'a> {
    /// The keys of `demo` for 2^k rows; `srs` must be of that size.
    #[must_use]
    pub fn new(cache: &'a CacheDir, demo: &'static dyn Demo, k: u32, srs: &'a Srs) -> Self {
        let mut hasher = blake3::Hasher::new();
        // Everything that decides the key. MAX_DEGREE is read by the library itself.
        let max_degree = std::env::var("MAX_DEGREE").unwrap_or_default();
        for part in [
            &FORMAT.to_le_bytes()[..],
            KEY_VERSIONS.as_bytes(),
            demo.name().as_bytes(),
            &k.to_le_bytes(),
            srs.digest.as_bytes(),
            &[u8::from(COMPRESS_SELECTORS)],
            max_degree.as_bytes(),
        ]
        .into_iter()
        .chain(demo.source().iter().map(|text| text.as_bytes()))
        {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        let stem = format!("{}-k{k}-{}", demo.name(), &hasher.finalize().to_hex()[..16]);
        Self { cache, demo, k, srs, stem }
    }

    /// The proving key, from the cache if it is there and whole.
    ///
    /// # Errors
    /// If the circuit does not suit k, or key generation fails.
    pub fn proving(&self, prover: &Prover) -> Result<Keys, StoreError> {
        let name = self.file("pk");
        if let Some(mut reader) = self.cache.find(&name) {
            match self.read_proving(&mut reader) {
                Ok((pk, layout)) => return Ok(Keys { pk, layout, provenance: Provenance::Cached }),
                Err(error) => tracing::warn!("{name} cannot be read and will be made anew: {error}"),
            }
        }
        let (pk, layout) = self.make_proving(prover)?;
        Ok(Keys { pk, layout, provenance: Provenance::Made })
    }

    /// The proving key as the engine keeps it. If it is in the cache and whole, it is never in memory
    /// in the library's form.
    ///
    /// # Errors
    /// If the circuit does not suit k, or key generation fails.
    pub fn prepared(&self, prover: &Prover) -> Result<PreparedKeys, StoreError> {
        let name = self.file("pk");
        if let Some(mut reader) = self.cache.find(&name) {
            match self.read_prepared(prover, &mut reader) {
                Ok(keys) => return Ok(keys),
                Err(error) => tracing::warn!("{name} cannot be read and will be made anew: {error}"),
            }
        }
        let (pk, layout) = self.make_proving(prover)?;
        let vk = pk.get_vk().clone();
        let key = prover.prepare_compact(&self.srs.params, pk).map_err(keygen)?;
        Ok(PreparedKeys { key, vk, layout, provenance: Provenance::Made })
    }

    /// How witnesses have to be laid out, if keys were made before: what a program that builds its circuit
    /// before it loads them needs to know.
    #[must_use]
    pub fn layout(&self) -> Option<Layout> {
        let mut reader = self.cache.find(&self.file("vk"))?;
        self.read_layout(&mut reader).ok().map(|(layout, _)| layout)
    }

    fn make_proving(&self, prover: &Prover) -> Result<(ProvingKey<G1Affine>, Layout), StoreError> {
        let circuit = self.demo.keygen_circuit(self.k)?;
        let vk = self.make_verifying(prover, &circuit)?;
        let pk = prover.keygen_pk(&self.srs.params, vk, &circuit).map_err(keygen)?;
        let layout = circuit.layout();
        self.cache.keep(&self.file("pk"), |out| {
            write_layout(out, &layout)?;
            pk.write(&mut &mut *out, SerdeFormat::RawBytes)
        });
        Ok((pk, layout))
    }

    /// The verifying key alone, from the cache if it is there and whole.
    ///
    /// # Errors
    /// If the circuit does not suit k, or key generation fails.
    pub fn verifying(&self, prover: &Prover) -> Result<VerifierKey, StoreError> {
        let name = self.file("vk");
        if let Some(mut reader) = self.cache.find(&name) {
            match self.read_verifying(&mut reader) {
                Ok(vk) => return Ok(VerifierKey { vk, provenance: Provenance::Cached }),
                Err(error) => tracing::warn!("{name} cannot be read and will be made anew: {error}"),
            }
        }
        let circuit = self.demo.keygen_circuit(self.k)?;
        let vk = self.make_verifying(prover, &circuit)?;
        Ok(VerifierKey { vk, provenance: Provenance::Made })
    }

    fn file(&self, extension: &str) -> String {
        format!("{}.{extension}", self.stem)
    }

    fn make_verifying(
        &self,
        prover: &Prover,
        circuit: &DemoCircuit,
    ) -> Result<VerifyingKey<G1Affine>, StoreError> {
        let vk = prover.keygen_vk(&self.srs.params, circuit, COMPRESS_SELECTORS).map_err(keygen)?;
        let layout = circuit.layout();
        self.cache.keep(&self.file("vk"), |out| {
            write_layout(out, &layout)?;
            vk.write(&mut &mut *out, SerdeFormat::RawBytes)
        });
        Ok(vk)
    }

    // The library's readers panic on short or foreign input; the seal has vouched for every
    // byte before these are called.

    fn read_proving(&self, reader: &mut impl Read) -> io::Result<(ProvingKey<G1Affine>, Layout)> {
        let (layout, params) = self.read_layout(reader)?;
        let pk = ProvingKey::read::<_, DemoCircuit>(reader, SerdeFormat::RawBytes, params)?;
        Ok((pk, layout))
    }

    fn read_prepared(
        &self,
        prover: &Prover,
        reader: &mut impl Read,
    ) -> Result<PreparedKeys, Box<dyn Error + Send + Sync>> {
        let (layout, params) = self.read_layout(reader)?;
        let (key, vk) = prover.read_compact::<DemoCircuit>(&self.srs.params, &mut *reader, params)?;
        match io::copy(reader, &mut io::sink())? {
            0 => Ok(PreparedKeys { key, vk, layout, provenance: Provenance::Cached }),
            rest => Err(format!("expected the end of the file, got {rest} bytes more").into()),
        }
    }

    fn read_verifying(&self, reader: &mut impl Read) -> io::Result<VerifyingKey<G1Affine>> {
        let (_, params) = self.read_layout(reader)?;
        VerifyingKey::read::<_, DemoCircuit>(reader, SerdeFormat::RawBytes, params)
    }

    fn read_layout(&self, reader: &mut impl Read) -> io::Result<(Layout, DemoParams)> {
        let mut len = [0; 4];
        reader.read_exact(&mut len)?;
        let mut json = Vec::new();
        reader.take(u32::from_le_bytes(len).into()).read_to_end(&mut json)?;
        let layout: Layout = serde_json::from_slice(&json)?;
        let params = layout.params.clone();
        Ok((layout, params))
    }
}

fn write_layout(out: &mut dyn Write, layout: &Layout) -> io::Result<()> {
    let json = serde_json::to_vec(layout)?;
    let len = u32::try_from(json.len()).map_err(io::Error::other)?;
    out.write_all(&len.to_le_bytes())?;
    out.write_all(&json)
}

fn keygen(error: parhelion::Error) -> StoreError {
    StoreError::Keygen(error.to_string())
}
