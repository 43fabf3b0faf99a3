//! Evaluations at x and its rotations, and the check that the constraints hold there.

use parhelion_field_kernels::{CurveSpec, FieldSpec, Fp};

use super::lagrange::{self, lagrange_basis};
use super::queries::{self, Opened, Poly, PolyQuery, Polys};
use crate::Error;
use crate::algebra::{Algebra, Challenges, Source, Uniform};
use crate::session::Session;
use crate::shape::Shape;
use crate::stages::quotient::constraints;

/// Evaluates and writes what the verifier wants to know, and checks that a verifier will find the
/// constraints satisfied.
pub(crate) fn evaluate<'a, C: CurveSpec>(
    session: &mut Session<'_, C>,
    polys: Polys<'a, C::Scalar>,
    challenges: &mut Challenges<C::Scalar>,
    x: Fp<C::Scalar>,
) -> Result<Opened<'a, C::Scalar>, Error> {
    let (shape, domain) = (session.key.shape(), session.key.domain());
    let (omega, omega_inv) = (domain.omega(), domain.omega_inv());
    let circuits = polys.circuits.len();
    let written = queries::written(shape, circuits);
    let all: Vec<PolyQuery> = written.iter().copied().chain([(Poly::Quotient, 0)]).collect();
    let tools = session.tools();
    let (basis, evaluations) = tools.inside(|| {
        let basis = lagrange_basis(tools, x)?;
        let evaluations = lagrange::evaluate(tools, &polys, &all, &basis, x)?;
        Ok::<_, Error>((basis, evaluations))
    })?;
    for query in &written {
        session.transcript.write_scalar(evaluations[query])?;
    }
    let queries = queries::opened(shape, circuits);
    let mut opened = Opened { polys, queries, evaluations, x, omega, omega_inv };
    let one = |query: PolyQuery, polys: &Polys<'_, C::Scalar>| {
        Ok(lagrange::evaluate(tools, polys, &[query], &basis, x)?[&query])
    };
    check(&one, shape, challenges, &mut opened)?;
    Ok(opened)
}

/// Evaluates what was not opened.
type Evaluate<'a, S> = dyn Fn(PolyQuery, &Polys<'_, S>) -> Result<Fp<S>, Error> + 'a;

/// Does what the verifier does first: combines the constraints at x and compares them with the
/// quotient. A witness that breaks a gate is found here, before a useless proof leaves the engine.
fn check<S: FieldSpec>(
    evaluate: &Evaluate<'_, S>,
    shape: &Shape<S>,
    challenges: &mut Challenges<S>,
    opened: &mut Opened<'_, S>,
) -> Result<(), Error> {
    let xn = opened.x.pow(shape.n() as u64);
    let mut expected = Fp::ZERO;
    for circuit in 0..opened.polys.circuits.len() {
        let y = challenges.y;
        let mut point = Point { evaluate, shape, challenges, opened, circuit, xn, failure: None };
        constraints(shape, &mut point, |_, value| expected = expected * y + value);
        point.failure.map_or(Ok(()), Err)?;
    }
    let got = opened.evaluations[&(Poly::Quotient, 0)] * (xn - Fp::ONE);
    if expected != got {
        return Err(Error::Unsatisfied { expected: format!("{expected:?}"), got: format!("{got:?}") });
    }
    Ok(())
}

/// Constraints over the evaluations at x.
struct Point<'p, 'a, S: FieldSpec> {
    evaluate: &'p Evaluate<'p, S>,
    shape: &'p Shape<S>,
    challenges: &'p Challenges<S>,
    opened: &'p mut Opened<'a, S>,
    circuit: usize,
    xn: Fp<S>,
    /// The first evaluation that failed: an algebra's methods return no errors.
    failure: Option<Error>,
}

impl<S: FieldSpec> Point<'_, '_, S> {
    /// l_0 at x * omega^rotation, which is l_{-rotation} at x. At a point of the domain itself,
    /// where the closed form has a zero denominator, it is 1 or 0.
    fn lagrange(&self, rotation: i32) -> Fp<S> {
        let point = self.opened.point(rotation);
        match ((point - Fp::ONE) * Fp::from_u64(self.shape.n() as u64)).invert() {
            Some(inverse) => (self.xn - Fp::ONE) * inverse,
            None => Fp::ONE,
        }
    }
}

impl<S: FieldSpec> Algebra<S> for Point<'_, '_, S> {
    type Value = Fp<S>;

    fn load(&mut self, source: Source, rotation: i32) -> Fp<S> {
        let circuit = self.circuit;
        let poly = match source {
            Source::Fixed(index) => Poly::Fixed(index),
            Source::Sigma(index) => Poly::Sigma(index),
            Source::Advice(index) => Poly::Advice { circuit, index },
            Source::Instance(index) => Poly::Instance { circuit, index },
            Source::PermutationProduct(index) => Poly::PermutationProduct { circuit, index },
            Source::PermutedInput(index) => Poly::PermutedInput { circuit, index },
            Source::PermutedTable(index) => Poly::PermutedTable { circuit, index },
            Source::LookupProduct(index) => Poly::LookupProduct { circuit, index },
            Source::FirstRow => return self.lagrange(rotation),
            Source::ActiveRows => {
                let inactive = 1..=self.shape.blinding_factors as i32 + 1;
                return Fp::ONE - inactive.map(|row| self.lagrange(row)).sum::<Fp<S>>();
            }
            Source::Identity => return self.opened.point(rotation),
        };
        // Instances are not opened: their evaluations are only needed here.
        if let Some(value) = self.opened.evaluations.get(&(poly, rotation)) {
            return *value;
        }
        match (self.evaluate)((poly, rotation), &self.opened.polys) {
            Ok(value) => {
                self.opened.evaluations.insert((poly, rotation), value);
                value
            }
            Err(error) => {
                self.failure.get_or_insert(error);
                Fp::ZERO
            }
        }
    }

    fn uniform(&mut self, uniform: Uniform<S>) -> Fp<S> {
        self.challenges.value(&uniform)
    }

    fn add(&mut self, a: Fp<S>, b: Fp<S>) -> Fp<S> {
        a + b
    }

    fn sub(&mut self, a: Fp<S>, b: Fp<S>) -> Fp<S> {
        a - b
    }

    fn mul(&mut self, a: Fp<S>, b: Fp<S>) -> Fp<S> {
        a * b
    }
}
