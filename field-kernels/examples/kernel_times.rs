//! Times of the main kernels on one thread, for every backend that this CPU can run.
//!
//! A quick look while working on a kernel; `benches/` compares with other libraries.
//!
//!     cargo run --release -p parhelion-field-kernels --example kernel_times [k]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use parhelion_field_kernels::{
    Affine, Bn254Fr, Bn254G1, Bn254G1Affine, Bn254G1Spec, CurveSpec, Domain, KernelChoice, Kernels,
};
use parhelion_scheduler::Sequential;

/// The shortest of a few runs, in nanoseconds for each of `count` items.
fn time(name: &str, backend: &str, count: usize, mut run: impl FnMut()) {
    let nanoseconds = (0..7).map(|_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64() * 1e9 / count as f64
    });
    let best = nanoseconds.fold(f64::INFINITY, f64::min);
    println!("{backend:>11}  {name:<32} {best:>10.2} ns");
}

/// Multiples of the generator.
fn bases(kernels: &Kernels, count: usize) -> Vec<Bn254G1Affine> {
    let generator = Bn254G1Spec::generator();
    let mut point = Bn254G1::from(generator);
    let points: Vec<Bn254G1> = (0..count)
        .map(|_| {
            point = point.double().add_affine(generator);
            point
        })
        .collect();
    let points: Vec<Affine<_>> = kernels.normalize(&points);
    points
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let k = std::env::args().nth(1).map_or(Ok(15), |k| k.parse())?;
    let count = 1 << k;
    let scalars = |bits: u32| -> Vec<Bn254Fr> {
        let mut seed = Bn254Fr::generator();
        let step = seed.invert().unwrap_or_default();
        (0..count)
            .map(|_| {
                seed = (seed + step).square();
                let word = seed.to_canonical()[0];
                if bits > 64 { seed } else { Bn254Fr::from_u64(word >> (64 - bits)) }
            })
            .collect()
    };
    let domain = Domain::new(k)?;
    let bases = bases(&Kernels::sequential(), count);
    for choice in [KernelChoice::Scalar, KernelChoice::Avx2, KernelChoice::Avx512Ifma] {
        let Ok(kernels) = Kernels::new(choice, Arc::new(Sequential)) else { continue };
        let name = kernels.backend_name();
        let (mut a, b) = (scalars(255), scalars(255));
        for _ in 0..2 {
            let (a, b) = (&mut a[..256.min(count)], &b[..256.min(count)]);
            time("product, 256 at a time", name, 1000 * a.len(), || {
                (0..1000).for_each(|_| kernels.mul_assign(black_box(a), b));
            });
        }
        time("product", name, count, || kernels.mul_assign(black_box(&mut a), &b));
        time("batch inversion", name, count, || kernels.batch_invert(black_box(&mut a)));
        time("evaluation", name, count, || {
            black_box(kernels.evaluate(black_box(&a), b[0]));
        });
        time("NTT", name, count, || kernels.ntt(&domain, black_box(&mut a)));
        for bits in [255, 64, 8, 1] {
            let scalars = scalars(bits);
            time(&format!("MSM, {bits}-bit scalars"), name, count, || {
                black_box(kernels.msm(black_box(&bases), black_box(&scalars)));
            });
        }
    }
    Ok(())
}
