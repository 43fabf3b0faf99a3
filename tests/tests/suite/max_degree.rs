//! Gates of degree above 5, which the library allows only if `MAX_DEGREE` says so.
//!
//! The library reads the variable whenever it needs the degree of a constraint system, so it
//! must be right from the start of the process: the test runs itself once more, with it set.

use std::env;
use std::process::Command;

use parhelion::Prover;
use parhelion::oracle::{TranscriptShape, first_difference};
use parhelion_tests::bench::{Bench, MULTI_OPENS, with_slices};
use parhelion_tests::circuits::{Copies, Gate, GateSelector, Recipe, ZooCircuit};

const VARIABLE: &str = "MAX_DEGREE";
const VALUE: &str = "9";

fn bench(degree: usize, compress_selectors: bool) -> Bench<ZooCircuit> {
    let gate = Gate { degree, rotations: vec![0, -1, 1], rows: 14, selector: GateSelector::Simple };
    let recipe = Recipe::default().with(gate).with(Copies { columns: 9, rows: 20 });
    Bench::new(5, vec![ZooCircuit::new(recipe, 0)], vec![vec![]], compress_selectors)
}

#[test]
fn same_bytes_with_the_variable() {
    if env::var(VARIABLE).as_deref() == Ok(VALUE) {
        return [6, 7, 8, 9].into_iter().for_each(same_bytes_at_degree);
    }
    let output = Command::new(env::current_exe().expect("this program has a path"))
        .args(["--exact", "max_degree::same_bytes_with_the_variable", "--test-threads=1"])
        .env(VARIABLE, VALUE)
        .output()
        .expect("this program runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    // A filter that matches no test would succeed, too.
    assert!(text.contains("1 passed"), "{text}");
}

fn same_bytes_at_degree(degree: usize) {
    for multi_open in MULTI_OPENS {
        let bench = bench(degree, degree.is_multiple_of(2));
        assert_eq!(bench.vk().get_domain().get_quotient_poly_degree() + 1, degree);
        let prover = Prover::builder().multi_open(multi_open).build().expect("prover");
        let (stock, injection) = bench.stock(1, multi_open).expect("stock proof");
        let ours = bench.injected(&prover, 1, &injection).expect("our proof");
        let shape = with_slices(&bench.instances, |i| TranscriptShape::new(bench.vk(), i));
        if let Some(difference) = first_difference(&stock.events, &ours.events, &shape) {
            panic!("degree {degree}, {multi_open}: {difference}");
        }
        assert_eq!(stock.bytes, ours.bytes);
        bench.verify(multi_open, &ours.bytes).expect("accepted");
    }
}

/// The library makes a key that cannot work, and a proof that does not verify. We refuse.
#[test]
fn degree_above_5_is_refused_without_the_variable() {
    let bench = bench(7, false);
    assert_eq!(bench.vk().get_domain().get_quotient_poly_degree() + 1, 5, "unset {VARIABLE} for this test");
    let (stock, _) = bench.stock(1, MULTI_OPENS[0]).expect("a proof, if a useless one");
    assert!(bench.verify(MULTI_OPENS[0], &stock.bytes).is_err());

    let prover = Prover::builder().build().expect("prover");
    let error = bench.ours(&prover, 1).expect_err("the key cannot work");
    assert!(matches!(error, parhelion::Error::DegreeTooHigh { degree: 7, key_degree: 5, .. }), "{error}");
    assert!(error.to_string().contains("set MAX_DEGREE to at least 7"), "{error}");
}
