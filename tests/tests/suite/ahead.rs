//! Circuits that fill one column after the other: their columns are committed to while they go on.

use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::Fr;
use halo2_axiom::plonk::{Advice, Circuit, Column, ConstraintSystem, Error};
use halo2_axiom::poly::Rotation;
use parhelion::{MultiOpen, Prover};
use parhelion_tests::bench::Bench;

const K: u32 = 8;
/// More than a prover of four threads keeps open at once.
const COLUMNS: usize = 40;
/// All but a few of the usable rows.
const ROWS: usize = (1 << K) - 12;

/// Columns of powers of their index, from the first to the last; then some cells once more.
#[derive(Clone)]
struct ByColumns {
    /// (column, row, column after which it is written again)
    again: Vec<(usize, usize, usize)>,
    /// Whether the first column ends in a fraction.
    fraction: bool,
}

impl Circuit<Fr> for ByColumns {
    type Config = Vec<Column<Advice>>;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        self.clone()
    }

    fn configure(meta: &mut ConstraintSystem<Fr>) -> Self::Config {
        let columns: Vec<_> = (0..COLUMNS).map(|_| meta.advice_column()).collect();
        columns.iter().for_each(|column| meta.enable_equality(*column));
        let selector = meta.selector();
        let first = columns[0];
        meta.create_gate("x = x", |meta| {
            let x = meta.query_advice(first, Rotation::cur());
            vec![meta.query_selector(selector) * (x.clone() - x)]
        });
        columns
    }

    fn synthesize(&self, columns: Self::Config, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_region(
            || "all",
            |mut region| {
                for (index, column) in columns.iter().enumerate() {
                    let mut value = Fr::from(3);
                    for row in 0..ROWS {
                        region.assign_advice(*column, row, Value::known(value));
                        value *= Fr::from(index as u64 + 2);
                    }
                    if self.fraction && index == 0 {
                        let half = halo2_axiom::plonk::Assigned::Rational(Fr::one(), Fr::from(2));
                        region.assign_advice(*column, ROWS - 1, Value::known(half));
                    }
                    for (column, row, _) in self.again.iter().filter(|(.., after)| *after == index) {
                        region.assign_advice(columns[*column], *row, Value::known(Fr::from(77)));
                    }
                }
                Ok(())
            },
        )
    }
}

#[test]
fn columns_committed_to_ahead_do_not_show() {
    let provers: Vec<Prover> = [1, 2, 3, 4]
        .map(|threads| Prover::builder().threads(threads).multi_open(MultiOpen::Gwc).build())
        .into_iter()
        .collect::<Result<_, _>>()
        .expect("provers");
    let cases = [
        (vec![], false),
        (vec![], true),
        (vec![(0, 5, 2)], false),
        (vec![(0, 5, 16), (0, 6, 18)], false),
        (vec![(0, ROWS - 1, 20), (1, 0, 39), (0, 7, 39)], false),
        (vec![(3, 100, 39), (4, 100, 39), (38, 100, 39)], true),
        ((0..COLUMNS).map(|column| (column, 9, COLUMNS - 1)).collect(), true),
    ];
    for (again, fraction) in cases {
        let bench = Bench::new(K, vec![ByColumns { again: again.clone(), fraction }], vec![vec![]], false);
        let (stock, injection) = bench.stock(5, MultiOpen::Gwc).expect("the library's proof");
        for prover in &provers {
            let proof = bench.injected(prover, 5, &injection).expect("our proof");
            assert!(proof == stock, "{again:?}, {} threads", prover.threads());
        }
    }
}

#[test]
fn a_proof_can_be_cancelled_while_columns_are_out() {
    let bench = Bench::new(K, vec![ByColumns { again: vec![], fraction: false }], vec![vec![]], false);
    let prover = Prover::builder().threads(2).multi_open(MultiOpen::Gwc).build().expect("prover");
    let key = prover.prepare(&bench.params, &bench.pk).expect("key");
    let expected = bench.ours_with(&prover, &key, 5).expect("proof");
    for step in 0..100 {
        let deadline = std::time::Instant::now() + std::time::Duration::from_micros(step * 100);
        match bench.ours_with(&prover.with_deadline(deadline), &key, 5) {
            Ok(proof) => assert!(proof == expected),
            Err(error) => assert!(matches!(error, parhelion::Error::Deadline), "{error}"),
        }
        assert_eq!(prover.pool().stats().live, 0, "buffers are out");
    }
}
