//! Our kernels beside the machine at its limit.

use std::cell::RefCell;
use std::hint::black_box;
use std::rc::Rc;

use parhelion_field_kernels::{
    Bn254FrSpec, Bn254G1Spec, CurveSpec, Domain, FieldSpec, Fp, PallasSpec, PastaFpSpec,
};

use crate::Result;
use crate::contest::{Contest, Contestant, Role};
use crate::inputs::{self, Scalars};
use crate::limits::{Ifma, Stream, additions_of_msm, ifma_of_addition, ifma_of_product, products_of_ntt};
use crate::setup::kernels;

const GROUP: &str = "limits";

/// Elements of a vector in the first-level cache.
const IN_CACHE: usize = 512;

/// The share of the limit that a product of vectors should reach.
const GOAL: f64 = 0.6;

thread_local! {
    /// One buffer for all contests.
    static STREAM: Rc<RefCell<Stream>> = Rc::default();
}

/// As many multiply-adds as the work takes at least, if this CPU has them.
fn multiplier(count: f64) -> Option<Contestant> {
    Ifma::detect().map(|ifma| Contestant::bare("IFMA", Role::Limit, move || ifma.run(count)))
}

/// As much memory as the work touches at least.
fn memory(bytes: usize) -> Contestant {
    let stream = STREAM.with(Rc::clone);
    Contestant::bare("memory", Role::Limit, move || stream.borrow_mut().run(bytes))
}

fn product<S: FieldSpec>(n: usize) -> Result<Vec<Contestant>> {
    let (kernels, both) = (kernels()?, Scalars::Uniform.draw::<S>(2 * n));
    let (a, b) = (both[..n].to_vec(), both[n..].to_vec());
    let ours = Contestant::in_place("parhelion", Role::Ours, &a, move |a: &mut Vec<Fp<S>>| {
        kernels.mul_assign(a, black_box(&b));
    });
    let limit = multiplier(n as f64 / 8.0 * ifma_of_product::<S>());
    // Two vectors read, one written.
    let memory = (n > IN_CACHE).then(|| memory(96 * n));
    let goal = |limit: Contestant| if n == IN_CACHE { limit.goal(GOAL) } else { limit };
    Ok([Some(ours), limit.map(goal), memory].into_iter().flatten().collect())
}

fn ntt<S: FieldSpec>(k: u32) -> Result<Vec<Contestant>> {
    let (kernels, domain) = (kernels()?, Domain::<S>::new(k)?);
    let input = Scalars::Uniform.draw::<S>(1 << k);
    let ours = Contestant::in_place("parhelion", Role::Ours, &input, move |values: &mut Vec<Fp<S>>| {
        kernels.ntt(&domain, black_box(values));
    });
    let limit = multiplier(products_of_ntt(k) / 8.0 * ifma_of_product::<S>());
    // Two passes, each reading and writing.
    Ok([Some(ours), limit, Some(memory(128 << k))].into_iter().flatten().collect())
}

/// Bits of the field's order.
fn bits<S: FieldSpec>() -> u32 {
    256 - S::MODULUS[3].leading_zeros()
}

fn msm<C: CurveSpec>(k: u32) -> Result<Vec<Contestant>> {
    let kernels = kernels()?;
    let (points, scalars) = (inputs::points::<C>(&kernels, 1 << k), Scalars::Uniform.draw(1 << k));
    let ours = Contestant::bare("parhelion", Role::Ours, move || {
        black_box(kernels.msm(&points, black_box(&scalars)));
    });
    let floor = additions_of_msm(1 << k, bits::<C::Scalar>());
    let limit = multiplier(floor.additions / 8.0 * ifma_of_addition::<C::Base>());
    // Every point, 64 bytes, once a window.
    let memory = memory(floor.windows as usize * (64 << k));
    Ok([Some(ours), limit, Some(memory)].into_iter().flatten().collect())
}

/// The contests of the group `limits`.
#[must_use]
pub fn limits() -> Vec<Contest> {
    let mut contests = Vec::new();
    for (field, build) in [
        ("BN254 Fr", product::<Bn254FrSpec> as fn(usize) -> Result<Vec<Contestant>>),
        ("Pasta Fp", product::<PastaFpSpec>),
    ] {
        // What fits the cache of a core is not shared between threads.
        let in_cache = (rayon::current_num_threads() == 1).then_some((IN_CACHE, "in L1"));
        for (n, place) in in_cache.into_iter().chain([(1 << 21, "in memory")]) {
            let name = format!("product, {field}, {place}");
            contests.push(Contest::new(GROUP, name, n, move || build(n)));
        }
    }
    for (field, build) in [
        ("BN254 Fr", ntt::<Bn254FrSpec> as fn(u32) -> Result<Vec<Contestant>>),
        ("Pasta Fp", ntt::<PastaFpSpec>),
    ] {
        for k in [14, 17, 20] {
            contests.push(Contest::new(GROUP, format!("NTT, {field}, 2^{k}"), 1 << k, move || build(k)));
        }
    }
    for (curve, build) in
        [("BN254", msm::<Bn254G1Spec> as fn(u32) -> Result<Vec<Contestant>>), ("Pallas", msm::<PallasSpec>)]
    {
        for k in [14, 17, 18] {
            contests.push(Contest::new(GROUP, format!("MSM, {curve}, 2^{k}"), 1 << k, move || build(k)));
        }
    }
    contests
}
