//! The drop-in functions, called as users of the library call its own.

use std::hash::Hash;
use std::io;

use ff::{Field, FromUniformBytes, WithSmallOrderMulGroup};
use halo2_axiom::circuit::Value;
use halo2_axiom::halo2curves::bn256::{self, Bn256, Fr, G1Affine};
use halo2_axiom::halo2curves::pluto_eris::{ErisAffine, Pluto};
use halo2_axiom::plonk::{self, ProvingKey, VerifyingKey, verify_proof};
use halo2_axiom::poly::VerificationStrategy;
use halo2_axiom::poly::commitment::{CommitmentScheme, ParamsProver, Prover, Verifier};
use halo2_axiom::poly::ipa::commitment::IPACommitmentScheme;
use halo2_axiom::poly::ipa::multiopen::ProverIPA;
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::{ProverGWC, ProverSHPLONK, VerifierGWC, VerifierSHPLONK};
use halo2_axiom::poly::kzg::strategy::AccumulatorStrategy;
use halo2_axiom::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, EncodedChallenge, Keccak256Read, Keccak256Write, TranscriptRead,
    TranscriptReadBuffer, TranscriptWriterBuffer,
};
use parhelion::axiom::{create_proof, keygen_pk, keygen_vk};
use parhelion::oracle::{SpyParams, SpyProver, SpyScheme};
use parhelion_tests::bench::{MULTI_OPENS, params, rng, verify};
use parhelion_tests::circuits::Square;
use rand_core::RngCore;
use snark_verifier_sdk::NativeLoader;
use snark_verifier_sdk::halo2::{POSEIDON_SPEC, PoseidonTranscript};

const K: u32 = 4;

type Kzg = KZGCommitmentScheme<Bn256>;

/// A key from the drop-in functions, whatever the scheme.
fn keygen<Scheme: CommitmentScheme>(
    params: &Scheme::ParamsProver,
) -> Result<ProvingKey<Scheme::Curve>, plonk::Error>
where
    Scheme::Scalar: FromUniformBytes<64> + WithSmallOrderMulGroup<3>,
    Scheme::ParamsProver: Sync,
{
    let circuit = Square::<Scheme::Scalar>::default();
    let vk = keygen_vk(params, &circuit)?;
    keygen_pk(params, vk, &circuit)
}

/// A proof from the drop-in function, whatever the scheme, opening and transcript.
fn prove<'params, Scheme, P, E, R, T>(
    rng: R,
    params: &'params Scheme::ParamsProver,
    pk: &ProvingKey<Scheme::Curve>,
) -> Result<Vec<u8>, plonk::Error>
where
    Scheme: CommitmentScheme,
    P: Prover<'params, Scheme>,
    E: EncodedChallenge<Scheme::Curve>,
    R: RngCore,
    T: TranscriptWriterBuffer<Vec<u8>, Scheme::Curve, E>,
    Scheme::Scalar: Hash + Ord + WithSmallOrderMulGroup<3> + FromUniformBytes<64>,
    Scheme::ParamsProver: Sync,
{
    let x = Scheme::Scalar::from(12);
    let circuit = Square { x: Value::known(x) };
    let mut transcript = T::init(vec![]);
    create_proof::<Scheme, P, _, _, _, _>(params, pk, &[circuit], &[&[&[x.square()]]], rng, &mut transcript)?;
    Ok(transcript.finalize())
}

fn accept<'params, Scheme, V, E, T, Strategy>(
    params: &'params Scheme::ParamsVerifier,
    vk: &VerifyingKey<Scheme::Curve>,
    mut transcript: T,
) where
    Scheme: CommitmentScheme,
    V: Verifier<'params, Scheme>,
    E: EncodedChallenge<Scheme::Curve>,
    T: TranscriptRead<Scheme::Curve, E>,
    Strategy: VerificationStrategy<'params, Scheme, V, Output = Strategy>,
    Scheme::Scalar: Ord + WithSmallOrderMulGroup<3> + FromUniformBytes<64>,
{
    let public = [Scheme::Scalar::from(144)];
    let strategy = Strategy::new(params);
    let strategy = verify_proof(params, vk, strategy, &[&[&public[..]]], &mut transcript).expect("accepted");
    assert!(strategy.finalize());
}

#[test]
fn generic_shplonk_blake2b() {
    let params = params(K);
    let pk = keygen::<Kzg>(&params).expect("keys");
    let proof =
        prove::<Kzg, ProverSHPLONK<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(rng(1), &params, &pk);
    let proof = proof.expect("proof");
    let transcript = Blake2bRead::<_, _, Challenge255<_>>::init(&proof[..]);
    accept::<Kzg, VerifierSHPLONK<'_, _>, _, _, AccumulatorStrategy<'_, _>>(
        params.verifier_params(),
        pk.get_vk(),
        transcript,
    );
}

#[test]
fn generic_gwc_blake2b() {
    let params = params(K);
    let pk = keygen::<Kzg>(&params).expect("keys");
    let proof =
        prove::<Kzg, ProverGWC<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(rng(2), &params, &pk);
    let proof = proof.expect("proof");
    let transcript = Blake2bRead::<_, _, Challenge255<_>>::init(&proof[..]);
    accept::<Kzg, VerifierGWC<'_, _>, _, _, AccumulatorStrategy<'_, _>>(
        params.verifier_params(),
        pk.get_vk(),
        transcript,
    );
}

#[test]
fn generic_shplonk_keccak() {
    let params = params(K);
    let pk = keygen::<Kzg>(&params).expect("keys");
    let proof =
        prove::<Kzg, ProverSHPLONK<'_, _>, _, _, Keccak256Write<_, _, Challenge255<_>>>(rng(3), &params, &pk);
    let proof = proof.expect("proof");
    let transcript = Keccak256Read::<_, _, Challenge255<_>>::init(&proof[..]);
    accept::<Kzg, VerifierSHPLONK<'_, _>, _, _, AccumulatorStrategy<'_, _>>(
        params.verifier_params(),
        pk.get_vk(),
        transcript,
    );
}

/// The transcript of snark-verifier's aggregation, with its own challenge type.
#[test]
fn poseidon_transcript() {
    let params = params(K);
    let pk = keygen::<Kzg>(&params).expect("keys");
    let x = Fr::from(12);
    let circuit = Square { x: Value::known(x) };
    let mut transcript =
        PoseidonTranscript::<NativeLoader, Vec<u8>>::from_spec(vec![], POSEIDON_SPEC.clone());
    create_proof::<Kzg, ProverSHPLONK<'_, _>, _, _, _, _>(
        &params,
        &pk,
        &[circuit],
        &[&[&[x.square()]]],
        rng(4),
        &mut transcript,
    )
    .expect("proof");
    let proof = transcript.finalize();
    let transcript = PoseidonTranscript::<NativeLoader, &[u8]>::from_spec(&proof[..], POSEIDON_SPEC.clone());
    accept::<Kzg, VerifierSHPLONK<'_, _>, _, _, AccumulatorStrategy<'_, _>>(
        params.verifier_params(),
        pk.get_vk(),
        transcript,
    );
}

/// The drop-in function and the prover object make the same proof.
#[test]
fn same_proof_as_the_prover_object() {
    let params = params(K);
    let pk = keygen::<Kzg>(&params).expect("keys");
    for multi_open in MULTI_OPENS {
        let dropped_in = match multi_open {
            parhelion::MultiOpen::Shplonk => {
                prove::<Kzg, ProverSHPLONK<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(
                    rng(5),
                    &params,
                    &pk,
                )
            }
            parhelion::MultiOpen::Gwc => {
                prove::<Kzg, ProverGWC<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(
                    rng(5),
                    &params,
                    &pk,
                )
            }
        }
        .expect("proof");
        let prover = parhelion::Prover::builder().multi_open(multi_open).build().expect("prover");
        let key = prover.prepare(&params, &pk).expect("prepared key");
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
        let circuit = Square { x: Value::known(Fr::from(12)) };
        let public = Fr::from(144);
        prover.prove(&key, &[circuit], &[&[&[public]]], rng(5), &mut transcript).expect("proof");
        assert_eq!(transcript.finalize(), dropped_in);
        verify(multi_open, &params, pk.get_vk(), &[vec![vec![public]]], &dropped_in).expect("accepted");
    }
}

fn is_unsupported(error: &plonk::Error) -> bool {
    matches!(error, plonk::Error::Transcript(error) if error.kind() == io::ErrorKind::Unsupported)
}

/// Keys of another scheme, made by the library because the drop-in functions refuse to.
fn refused<Scheme: CommitmentScheme>(params: &Scheme::ParamsProver) -> ProvingKey<Scheme::Curve>
where
    Scheme::Scalar: FromUniformBytes<64> + WithSmallOrderMulGroup<3>,
    Scheme::ParamsProver: Sync,
{
    let error = keygen::<Scheme>(params).expect_err("keys for another scheme");
    assert!(is_unsupported(&error), "{error}");
    let circuit = Square::<Scheme::Scalar>::default();
    let vk = plonk::keygen_vk(params, &circuit).expect("the library's key");
    plonk::keygen_pk(params, vk, &circuit).expect("the library's key")
}

#[test]
fn ipa_over_another_curve_is_refused() {
    type Ipa = IPACommitmentScheme<ErisAffine>;
    let params = Ipa::new_params(K);
    let pk = refused::<Ipa>(&params);
    let result =
        prove::<Ipa, ProverIPA<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(rng(6), &params, &pk);
    assert!(is_unsupported(&result.expect_err("no IPA")));
}

#[test]
fn ipa_over_the_same_curve_is_refused() {
    type Ipa = IPACommitmentScheme<bn256::G1Affine>;
    let params = Ipa::new_params(K);
    let pk = refused::<Ipa>(&params);
    let result =
        prove::<Ipa, ProverIPA<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(rng(7), &params, &pk);
    assert!(is_unsupported(&result.expect_err("no IPA")));
}

#[test]
fn kzg_over_another_curve_is_refused() {
    type Other = KZGCommitmentScheme<Pluto>;
    let params = Other::new_params(K);
    let pk = refused::<Other>(&params);
    let result =
        prove::<Other, ProverSHPLONK<'_, _>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(rng(8), &params, &pk);
    assert!(is_unsupported(&result.expect_err("no other curve")));
}

/// Another type of SRS for the supported curve might commit differently: no guessing.
#[test]
fn a_scheme_of_the_users_own_is_refused() {
    let stock: &ParamsKZG<Bn256> = &params(K);
    let pk = keygen::<Kzg>(stock).expect("keys");
    let spy = SpyParams::on(stock);
    let result =
        prove::<SpyScheme<'_>, SpyProver<ProverSHPLONK<'_, _>>, _, _, Blake2bWrite<_, _, Challenge255<_>>>(
            rng(8),
            &spy,
            &pk,
        );
    assert!(is_unsupported(&result.expect_err("unknown scheme")));
    assert!(spy.take_heard().coeff.is_empty());
}

/// Errors come back as the library's closest ones.
#[test]
fn wrong_instances_are_the_librarys_error() {
    let params = params(K);
    let pk = keygen::<Kzg>(&params).expect("keys");
    let circuit = Square { x: Value::known(Fr::from(12)) };
    let attempt = |instances: &[&[&[Fr]]]| {
        let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
        create_proof::<Kzg, ProverSHPLONK<'_, _>, _, _, _, _>(
            &params,
            &pk,
            &[circuit],
            instances,
            rng(9),
            &mut transcript,
        )
    };
    let too_long = vec![Fr::ZERO; 1 << K];
    assert!(matches!(attempt(&[]), Err(plonk::Error::InvalidInstances)));
    assert!(matches!(attempt(&[&[]]), Err(plonk::Error::InvalidInstances)));
    assert!(matches!(attempt(&[&[&too_long]]), Err(plonk::Error::InstanceTooLarge)));
    assert!(matches!(attempt(&[&[&[Fr::from(143)]]]), Err(plonk::Error::ConstraintSystemFailure)));
    assert!(attempt(&[&[&[Fr::from(144)]]]).is_ok());
}
