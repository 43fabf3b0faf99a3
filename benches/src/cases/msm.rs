//! Multi-scalar multiplications.

use std::hint::black_box;
use std::sync::{Arc, OnceLock};

use ark_ec::CurveGroup;
use group::Curve;
use halo2_axiom::halo2curves::bn256 as axiom;
use halo2curves::bn256 as curves;
use parhelion_field_kernels::{Affine, Bn254G1Spec, CurveSpec, Fp, PallasSpec, VestaSpec};

use crate::Result;
use crate::contest::{Contest, Contestant, Role};
use crate::element::{convert, point_bytes};
use crate::inputs::{self, Scalars};
use crate::peers::{self, ARKWORKS, AXIOM, CURVES, PASTA_MSM, Point, ZCASH, ark_msm, pallas_msm, vesta_msm};
use crate::setup::kernels;

const GROUP: &str = "msm";

/// The size at which all kinds of scalars are compared.
const KINDS_AT: u32 = 17;

/// The largest size.
const MAX_K: u32 = 18;

/// Points of a curve, made once.
type Points<C> = OnceLock<Arc<Vec<Affine<C>>>>;

static BN254: Points<Bn254G1Spec> = OnceLock::new();
static PALLAS: Points<PallasSpec> = OnceLock::new();
static VESTA: Points<VestaSpec> = OnceLock::new();

/// The first `n` points of the curve.
fn points<C: CurveSpec>(cached: &Points<C>) -> Result<Arc<Vec<Affine<C>>>> {
    let kernels = kernels()?;
    Ok(cached.get_or_init(|| Arc::new(inputs::points(&kernels, 1 << MAX_K))).clone())
}

/// Our kernel, as a contestant in some role.
fn ours<C: CurveSpec>(
    name: &str,
    role: Role,
    all: &Arc<Vec<Affine<C>>>,
    scalars: Vec<Fp<C::Scalar>>,
) -> Result<Contestant> {
    let (kernels, points) = (kernels()?, all.clone());
    let run = move || kernels.msm(&points[..scalars.len()], black_box(&scalars));
    Ok(Contestant::value(name, role, run, |sum| point_bytes(&sum.to_affine())))
}

/// A goal for uniform scalars.
fn goal(contestant: Contestant, kind: Scalars, goal: f64) -> Contestant {
    if kind == Scalars::Uniform { contestant.goal(goal) } else { contestant }
}

/// Our own uniform time, which scalars of these kinds should beat.
fn uniform<C: CurveSpec>(all: &Arc<Vec<Affine<C>>>, kind: Scalars, n: usize) -> Result<Option<Contestant>> {
    let goal = match kind {
        Scalars::Uniform => return Ok(None),
        Scalars::Words => Some(3.0),
        Scalars::Bytes => Some(12.0),
        Scalars::Bits => Some(25.0),
        _ => None,
    };
    let uniform = ours("parhelion, uniform", Role::Yardstick, all, Scalars::Uniform.draw(n))?;
    Ok(Some(match goal {
        Some(goal) => uniform.goal(goal),
        None => uniform,
    }))
}

fn bn254(kind: Scalars, k: u32) -> Result<Vec<Contestant>> {
    let (all, scalars) = (points(&BN254)?, kind.draw(1 << k));
    let axiom = {
        let (points, scalars) = (peers::points(&all[..1 << k]), convert::<_, axiom::Fr>(&scalars));
        let run =
            move || halo2_axiom::arithmetic::best_multiexp::<axiom::G1Affine>(black_box(&scalars), &points);
        Contestant::value(AXIOM, Role::Peer, run, |sum| sum.to_affine().to_bytes())
    };
    let curves = {
        let (points, scalars) = (peers::points(&all[..1 << k]), convert::<_, curves::Fr>(&scalars));
        let run = move || halo2curves::msm::msm_best::<curves::G1Affine>(black_box(&scalars), &points);
        Contestant::value(CURVES, Role::Peer, run, |sum| Point::to_bytes(&sum.to_affine()))
    };
    let arkworks = {
        let (points, scalars) = (peers::points(&all[..1 << k]), convert(&scalars));
        let run = move || ark_msm::<ark_bn254::g1::Config>(&points, black_box(&scalars));
        Contestant::value(ARKWORKS, Role::Peer, run, |sum| sum.into_affine().to_bytes())
    };
    let peers = [goal(axiom, kind, 4.5), goal(arkworks, kind, 5.0), curves];
    Ok([ours("parhelion", Role::Ours, &all, scalars)?]
        .into_iter()
        .chain(peers)
        .chain(uniform(&all, kind, 1 << k)?)
        .collect())
}

/// A Pasta curve beside pasta-msm, halo2_proofs, and arkworks where it has the curve.
macro_rules! pasta {
    ($curve:ident, $cached:expr, $supranational:path $(, $arkworks:ty)?) => {
        fn $curve(kind: Scalars, k: u32) -> Result<Vec<Contestant>> {
            let (all, scalars) = (points(&$cached)?, kind.draw(1 << k));
            let supranational = {
                let (points, scalars) = (peers::points(&all[..1 << k]), convert(&scalars));
                let run = move || $supranational(&points, black_box(&scalars));
                Contestant::value(PASTA_MSM, Role::Peer, run, |sum: &pasta_curves_0_5::$curve::Point| {
                    sum.to_affine().to_bytes()
                })
            };
            let zcash = {
                type Affine = pasta_curves::$curve::Affine;
                let (points, scalars) = (peers::points(&all[..1 << k]), convert(&scalars));
                let run = move || {
                    halo2_proofs::arithmetic::best_multiexp::<Affine>(black_box(&scalars), &points)
                };
                Contestant::value(ZCASH, Role::Peer, run, |sum| Affine::from(*sum).to_bytes())
            };
            let mut contestants = vec![goal(supranational, kind, 3.5), goal(zcash, kind, 6.0)];
            $({
                let (points, scalars) = (peers::points(&all[..1 << k]), convert(&scalars));
                let run = move || ark_msm::<$arkworks>(&points, black_box(&scalars));
                let bytes = |sum: &ark_ec::short_weierstrass::Projective<$arkworks>| {
                    sum.into_affine().to_bytes()
                };
                contestants.push(Contestant::value(ARKWORKS, Role::Peer, run, bytes));
            })?
            contestants.insert(0, ours("parhelion", Role::Ours, &all, scalars)?);
            contestants.extend(uniform(&all, kind, 1 << k)?);
            Ok(contestants)
        }
    };
}

pasta!(pallas, PALLAS, pallas_msm, ark_pallas::PallasConfig);
pasta!(vesta, VESTA, vesta_msm);

/// Uniform scalars with a table of as many multiples of each base, beside the bases alone.
fn tabled<C: CurveSpec>(cached: &Points<C>, k: u32, multiples: usize) -> Result<Vec<Contestant>> {
    let (all, scalars) = (points(cached)?, Scalars::Uniform.draw::<C::Scalar>(1 << k));
    let (kernels, bases) = (kernels()?, &all[..1 << k]);
    let table = kernels.shift_bases(bases, multiples * size_of_val(bases)).ok_or("no table is of use")?;
    let alone = ours("parhelion, no table", Role::Yardstick, &all, scalars.clone())?;
    let run = move || kernels.msm_columns_of(table.bases(), &[black_box(&scalars)]);
    let tabled = Contestant::value("parhelion", Role::Ours, run, |sums| point_bytes(&sums[0].to_affine()));
    Ok(vec![tabled, alone])
}

/// The contests of the group `tables`: what memory buys.
#[must_use]
pub fn tables() -> Vec<Contest> {
    let mut contests = Vec::new();
    for (k, multiples) in [(11, 4), (11, 32), (14, 4), (14, 32), (17, 4), (17, 32)] {
        let name = |curve: &str| format!("{curve}, 2^{k}, up to {multiples} multiples");
        let bn254 = move || tabled(&BN254, k, multiples);
        contests.push(Contest::new("tables", name("BN254"), 1 << k, bn254));
        let pallas = move || tabled(&PALLAS, k, multiples);
        contests.push(Contest::new("tables", name("Pallas"), 1 << k, pallas));
    }
    contests
}

/// The contests of the group `msm`.
#[must_use]
pub fn msm() -> Vec<Contest> {
    let mut contests = Vec::new();
    let curves: [(&str, fn(Scalars, u32) -> _); 3] = [("BN254", bn254), ("Pallas", pallas), ("Vesta", vesta)];
    for (curve, build) in curves {
        let mut contest = |k: u32, kind: Scalars| {
            let name = format!("{curve}, 2^{k}, {}", kind.name());
            contests.push(Contest::new(GROUP, name, 1 << k, move || build(kind, k)));
        };
        [14, KINDS_AT, MAX_K].into_iter().for_each(|k| contest(k, Scalars::Uniform));
        // The curves of a cycle differ in their fields alone.
        if curve != "Vesta" {
            Scalars::ALL.into_iter().skip(1).for_each(|kind| contest(KINDS_AT, kind));
        }
    }
    contests
}
