//! Making the same proof with the library and with the engine.

use ff_0_14::FromUniformBytes;
use halo2_proofs::plonk::{self, Circuit, ProvingKey, SingleVerifier};
use halo2_proofs::poly::commitment::Params;
use halo2_proofs::transcript::{Blake2bRead, Blake2bWrite, Challenge255};
use parhelion::zcash::{PastaCurve, PreparedKey};
use parhelion::{Error, KernelChoice, Prover};
use rand_chacha_0_10::ChaCha20Rng;
use rand_chacha_0_10::rand_core::SeedableRng;

/// Randomness for a proof. Test vectors need not be secret.
pub(crate) fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// The kernels this machine can run.
pub(crate) fn backends() -> Vec<KernelChoice> {
    let all = [KernelChoice::Scalar, KernelChoice::Avx2, KernelChoice::Avx512Ifma];
    all.into_iter().filter(|kernels| Prover::builder().kernels(*kernels).build().is_ok()).collect()
}

/// A circuit's parameters and library key.
pub(crate) struct Setup<C: PastaCurve> {
    pub(crate) params: Params<C>,
    pub(crate) pk: ProvingKey<C>,
}

impl<C: PastaCurve> Setup<C>
where
    C::ScalarExt: FromUniformBytes<64>,
{
    pub(crate) fn new<ConcreteCircuit: Circuit<C::ScalarExt>>(k: u32, circuit: &ConcreteCircuit) -> Self {
        let params = Params::new(k);
        let vk = plonk::keygen_vk(&params, circuit).unwrap();
        let pk = plonk::keygen_pk(&params, vk, circuit).unwrap();
        Self { params, pk }
    }

    /// The engine's key.
    pub(crate) fn key<ConcreteCircuit: Circuit<C::ScalarExt>>(
        &self,
        prover: &Prover,
        circuit: &ConcreteCircuit,
    ) -> Result<PreparedKey<C>, Error> {
        prover.prepare_zcash(&prover.prepare_zcash_params(&self.params)?, self.pk.get_vk(), circuit)
    }

    /// The library's proof.
    pub(crate) fn stock<ConcreteCircuit: Circuit<C::ScalarExt>>(
        &self,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        seed: u64,
    ) -> Vec<u8> {
        let mut transcript = Blake2bWrite::<_, C, Challenge255<C>>::init(Vec::new());
        plonk::create_proof(&self.params, &self.pk, circuits, instances, rng(seed), &mut transcript).unwrap();
        transcript.finalize()
    }

    /// The engine's proof.
    pub(crate) fn ours<ConcreteCircuit: Circuit<C::ScalarExt>>(
        prover: &Prover,
        key: &PreparedKey<C>,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        seed: u64,
    ) -> Result<Vec<u8>, Error> {
        let mut transcript = Blake2bWrite::<_, C, Challenge255<C>>::init(Vec::new());
        prover.prove_zcash(key, circuits, instances, rng(seed), &mut transcript)?;
        Ok(transcript.finalize())
    }

    /// The engine's key and proof, where circuits may be looked at by several threads; with tables of bases but for two
    /// threads.
    pub(crate) fn ours_in_parallel<ConcreteCircuit: Circuit<C::ScalarExt> + Sync>(
        &self,
        prover: &Prover,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
        seed: u64,
    ) -> Result<Vec<u8>, Error> {
        let mut params = prover.prepare_zcash_params(&self.params)?;
        if prover.threads() != 2 {
            let bytes = 2 * (64 << params.k()) * 8;
            assert!((1..=bytes).contains(&prover.make_tables_zcash(&mut params, bytes)));
        }
        let key = prover.prepare_zcash_parallel(&params, self.pk.get_vk(), &circuits[0])?;
        let mut transcript = Blake2bWrite::<_, C, Challenge255<C>>::init(Vec::new());
        prover.prove_zcash_parallel(&key, circuits, instances, rng(seed), &mut transcript)?;
        Ok(transcript.finalize())
    }

    /// Whether the library's verifier accepts a proof.
    pub(crate) fn verify(&self, proof: &[u8], instances: &[&[&[C::ScalarExt]]]) -> bool {
        let mut transcript = Blake2bRead::<_, C, Challenge255<C>>::init(proof);
        let strategy = SingleVerifier::new(&self.params);
        plonk::verify_proof(&self.params, self.pk.get_vk(), strategy, instances, &mut transcript).is_ok()
    }

    /// Proves with every backend and with 1, 2 and 3 threads, both ways, and compares with the library.
    pub(crate) fn assert_same<ConcreteCircuit: Circuit<C::ScalarExt> + Sync>(
        &self,
        circuits: &[ConcreteCircuit],
        instances: &[&[&[C::ScalarExt]]],
    ) {
        let seed = 11 + circuits.len() as u64;
        let stock = self.stock(circuits, instances, seed);
        assert!(self.verify(&stock, instances), "the library refuses its own proof");
        for kernels in backends() {
            for threads in 1..=3 {
                let prover = Prover::builder().kernels(kernels).threads(threads).build().unwrap();
                let key = self.key(&prover, &circuits[0]).unwrap();
                let ours = Self::ours(&prover, &key, circuits, instances, seed).unwrap();
                let same = ours.iter().zip(&stock).take_while(|(a, b)| a == b).count();
                assert!(
                    ours == stock,
                    "{kernels:?}, {threads} threads: {same} of {} bytes agree",
                    stock.len()
                );
                let ours = self.ours_in_parallel(&prover, circuits, instances, seed).unwrap();
                assert!(ours == stock, "{kernels:?}, {threads} threads, in parallel");
            }
        }
    }
}
