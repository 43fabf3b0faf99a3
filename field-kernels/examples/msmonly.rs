use parhelion_field_kernels::*;
use parhelion_scheduler::*;
use std::sync::Arc;
use std::time::Instant;
fn main() {
    let k: u32 = 15;
    let n = 1 << k;
    let s = Kernels::sequential();
    let g = Bn254G1Spec::generator();
    let mut p = Bn254G1::from(g);
    let pts: Vec<Bn254G1> = (0..n)
        .map(|_| {
            p = p.double().add_affine(g);
            p
        })
        .collect();
    let b = s.normalize(&pts);
    let mut x = Bn254Fr::generator();
    let st = x.invert().unwrap();
    let sc: Vec<Bn254Fr> = (0..n)
        .map(|_| {
            x = (x + st).square();
            x
        })
        .collect();
    let f = Kernels::new(KernelChoice::Avx512Ifma, Arc::new(Sequential)).unwrap();
    let mut best = 1e9f64;
    for _ in 0..200 {
        let t = Instant::now();
        std::hint::black_box(f.msm(&b, &sc));
        best = best.min(t.elapsed().as_secs_f64());
    }
    println!("{:.1} ns/pt", best * 1e9 / n as f64);
}
