//! Running the library prover and picking its private draws out of the record.

use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{self, Circuit, ProvingKey};
use halo2_axiom::poly::kzg::commitment::ParamsKZG;
use halo2_axiom::poly::kzg::multiopen::{ProverGWC, ProverSHPLONK};
use halo2_axiom::transcript::{EncodedChallenge, TranscriptWrite};
use rand_core::RngCore;

use super::shape::Counts;
use super::spy::{Heard, SpyParams, SpyProver, SpyScheme};
use crate::MultiOpen;

/// What the library prover draws outside the caller's RNG.
#[derive(Clone, PartialEq, Eq)]
pub struct Injection {
    /// The random polynomial of the vanishing argument, n coefficients.
    pub random_poly: Vec<Fr>,
    /// The permuted input column A' and the permuted table column S' of each lookup argument,
    /// circuit by circuit and within a circuit lookup by lookup. Each has n rows, blinding
    /// rows included.
    pub permuted_lookups: Vec<(Vec<Fr>, Vec<Fr>)>,
}

impl std::fmt::Debug for Injection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Injection")
            .field("random_poly", &self.random_poly.len())
            .field("permuted_lookups", &self.permuted_lookups.len())
            .finish()
    }
}

/// Why the library prover's draws could not be captured.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureError {
    /// The library prover itself failed.
    #[error("the library prover failed: {0}")]
    Library(#[from] plonk::Error),
    /// The library committed to another number of polynomials than this circuit needs.
    #[error("the library committed to {got} polynomials in {basis} form, expected {expected}")]
    CommitmentCount {
        /// Lagrange or coefficient form.
        basis: &'static str,
        /// Commitments a proof of this shape has.
        expected: usize,
        /// Commitments recorded.
        got: usize,
    },
    /// A recorded pair of columns is not a permuted lookup.
    #[error("lookup {lookup}: at row {row} the recorded columns are not a permuted input and its table")]
    NotALookup {
        /// Index of the lookup, over all circuits.
        lookup: usize,
        /// The first row that breaks the rule "A' = S' or A' repeats the row above".
        row: usize,
    },
}

/// Makes a proof with the library's unmodified `create_proof` and returns what it drew
/// outside `rng`.
///
/// The proof goes to `transcript`, exactly as the library writes it. Only good witnesses can
/// be captured: the library panics on many bad ones.
///
/// # Errors
/// [`CaptureError`] if the library returns an error, or if its commitments are not the ones
/// that a proof of this shape has.
pub fn capture<E, R, T, ConcreteCircuit>(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    circuits: &[ConcreteCircuit],
    instances: &[&[&[Fr]]],
    rng: R,
    multi_open: MultiOpen,
    transcript: &mut T,
) -> Result<Injection, CaptureError>
where
    E: EncodedChallenge<G1Affine>,
    R: RngCore,
    T: TranscriptWrite<G1Affine, E>,
    ConcreteCircuit: Circuit<Fr>,
{
    let spy = SpyParams::on(params);
    match multi_open {
        MultiOpen::Shplonk => {
            plonk::create_proof::<SpyScheme<'_>, SpyProver<ProverSHPLONK<'_, Bn256>>, E, R, T, _>(
                &spy, pk, circuits, instances, rng, transcript,
            )?;
        }
        MultiOpen::Gwc => {
            plonk::create_proof::<SpyScheme<'_>, SpyProver<ProverGWC<'_, Bn256>>, E, R, T, _>(
                &spy, pk, circuits, instances, rng, transcript,
            )?;
        }
    }
    identify(spy.take_heard(), &Counts::new(pk.get_vk(), circuits.len()))
}

/// Finds the injected polynomials by their place in the order of the protocol: all advice
/// columns of all circuits, then A', S' of each lookup, then the grand products; in
/// coefficient form, the random polynomial and then the pieces of the quotient.
fn identify(heard: Heard, counts: &Counts) -> Result<Injection, CaptureError> {
    let expect = |basis, expected, got| {
        if expected == got { Ok(()) } else { Err(CaptureError::CommitmentCount { basis, expected, got }) }
    };
    let per_circuit = counts.advice + 3 * counts.lookups + counts.permutation_sets;
    expect("Lagrange", counts.circuits * per_circuit, heard.lagrange.len())?;
    expect("coefficient", 1 + counts.quotient_pieces, heard.coeff.len())?;

    let lookups = counts.circuits * counts.lookups;
    let mut columns = heard.lagrange.into_iter().skip(counts.circuits * counts.advice);
    let pairs = std::iter::from_fn(|| Some((columns.next()?, columns.next()?)));
    let permuted_lookups: Vec<_> = pairs.take(lookups).collect();
    for (lookup, (input, table)) in permuted_lookups.iter().enumerate() {
        let rows = input.iter().zip(table).take(counts.usable_rows);
        let follows = |row: usize| row > 0 && input[row] == input[row - 1];
        if let Some((row, _)) = rows.enumerate().find(|(row, (a, s))| a != s && !follows(*row)) {
            return Err(CaptureError::NotALookup { lookup, row });
        }
    }
    let random_poly = heard.coeff.into_iter().next().unwrap_or_default();
    Ok(Injection { random_poly, permuted_lookups })
}
