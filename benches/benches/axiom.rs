//! BN254 kernels beside those of halo2-axiom (`asm` on): the same inputs, the same threads.
#![allow(missing_docs)]

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use halo2_axiom::arithmetic::best_multiexp;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::halo2curves::ff::PrimeField;
use halo2_axiom::poly::commitment::ParamsProver;
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::poly::{EvaluationDomain, Polynomial};
use parhelion_benches::Scalars;
use parhelion_field_kernels::{Affine, Bn254Fq, Bn254Fr, Bn254G1Affine, Domain, KernelChoice, Kernels};
use parhelion_scheduler::RayonExecutor;

fn kernels() -> Kernels {
    Kernels::new(KernelChoice::Auto, Arc::new(RayonExecutor::ambient())).expect("kernels for this CPU")
}

fn library_scalar(value: &Bn254Fr) -> Fr {
    let mut repr = [0; 32];
    for (bytes, limb) in repr.chunks_mut(8).zip(value.to_canonical()) {
        bytes.copy_from_slice(&limb.to_le_bytes());
    }
    Fr::from_repr(repr).expect("canonical")
}

fn our_point(point: &G1Affine) -> Bn254G1Affine {
    let limbs = |repr: [u8; 32]| {
        let mut limbs = [0; 4];
        for (limb, bytes) in limbs.iter_mut().zip(repr.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*bytes);
        }
        Bn254Fq::from_canonical(limbs).expect("canonical")
    };
    Affine { x: limbs(point.x.to_repr()), y: limbs(point.y.to_repr()) }
}

fn ntt(c: &mut Criterion) {
    let (kernels, mut group) = (kernels(), c.benchmark_group("inverse NTT"));
    group.sample_size(10);
    for k in [12, 15, 18] {
        let ours = Scalars::Uniform.draw(1 << k);
        let theirs: Vec<Fr> = ours.iter().map(library_scalar).collect();
        let (domain, library) = (Domain::new(k).expect("k"), EvaluationDomain::<Fr>::new(3, k));
        group.bench_function(BenchmarkId::new("parhelion", k), |b| {
            let mut values = ours.clone();
            b.iter(|| kernels.intt(&domain, black_box(&mut values)));
        });
        group.bench_function(BenchmarkId::new("halo2-axiom", k), |b| {
            let mut values = Some(theirs.clone());
            b.iter(|| {
                let polynomial = Polynomial::new(values.take().unwrap_or_default());
                values = Some(library.lagrange_to_coeff(black_box(polynomial)).into_values());
            });
        });
    }
}

fn msm(c: &mut Criterion) {
    let kernels = kernels();
    for k in [12, 15] {
        let params = ParamsKZG::<Bn256>::new(k);
        let points: Vec<Bn254G1Affine> = params.get_g().iter().map(our_point).collect();
        for kind in Scalars::ALL {
            let mut group = c.benchmark_group(format!("MSM 2^{k} {kind:?}"));
            group.sample_size(10);
            let ours = kind.draw(1 << k);
            let theirs: Vec<Fr> = ours.iter().map(library_scalar).collect();
            group.bench_function("parhelion", |b| b.iter(|| kernels.msm(&points, black_box(&ours))));
            group.bench_function("halo2-axiom", |b| {
                b.iter(|| best_multiexp(black_box(&theirs), params.get_g()));
            });
        }
    }
}

criterion_group!(benches, ntt, msm);
criterion_main!(benches);
