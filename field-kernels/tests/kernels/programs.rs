//! Row-wise programs: random ones, and ones that stretch sums without reduction as far as they go.

use parhelion_field_kernels::Fp;
use rand::Rng;

use crate::common::{Mirror, Suite, cycled, edges, heaviest, largest, random, rng, shapes};
use crate::graph::{Graph, Store, Value};

pub(crate) const COLUMNS: usize = 5;

/// Row counts around lanes, the tiles of both kinds (64 and 128) and pieces for a thread, and so few that
/// rotations wrap several times.
pub(crate) const ROWS: [usize; 17] =
    [1, 2, 3, 7, 8, 9, 63, 64, 65, 127, 128, 129, 200, 1023, 1024, 1025, 3073];

/// Columns of different kinds, so that every pair of kinds meets in some program.
pub(crate) fn columns<S: Mirror>(rows: usize, seed: u64) -> Vec<Vec<Fp<S>>> {
    let mut columns: Vec<Vec<Fp<S>>> = (0..COLUMNS as u64).map(|i| random(rows, seed + i)).collect();
    columns[1] = cycled(&edges(), rows);
    columns[2] = vec![largest(); rows];
    columns[3] = vec![heaviest(); rows];
    columns
}

pub(crate) fn overwrite(value: Value, column: usize) -> Store {
    Store { value, column, scale: None }
}

/// A graph whose values read any value before them, most often a recent one.
fn random_graph<S: Mirror>(rng: &mut impl Rng, operations: usize) -> Graph<S> {
    let mut graph = Graph::new(2);
    (0..COLUMNS).for_each(|column| _ = graph.column(column, 0));
    for _ in 0..operations {
        let mut some = || {
            let range = if rng.gen_bool(0.7) { graph.len() - 4..graph.len() } else { 0..graph.len() };
            rng.gen_range(range)
        };
        let (a, b) = (some(), some());
        _ = match rng.gen_range(0..14) {
            0 | 1 => graph.column(rng.gen_range(0..COLUMNS), rng.gen_range(-9..10)),
            2 => graph.uniform(rng.gen_range(0..2)),
            3 => graph.constant(Fp::from_u64(rng.gen_range(0..3))),
            4 => graph.neg(a),
            5..8 => graph.add(a, b),
            8..11 => graph.sub(a, b),
            _ => graph.mul(a, b),
        };
    }
    graph
}

fn random_programs<S: Mirror>(suite: &Suite) {
    let mut rng = rng(1);
    let uniforms = [random(1, 3)[0], largest()];
    for rows in ROWS {
        for size in [6, 20, 60] {
            let graph = random_graph::<S>(&mut rng, size);
            let last = graph.len() - 1;
            // Two overwrite their columns, and some others are summed up in a third.
            let sums = [last, last / 2, last - 2, last - 1].map(|value| Store {
                value,
                column: 2,
                scale: Some(value % 2),
            });
            let stores = [&[overwrite(last, 0), overwrite(last - 1, 1)], &sums[..]].concat();
            graph.check(suite, &format!("{graph:?}"), &stores, &columns(rows, 10), &uniforms);
        }
    }
}

/// Checks the values of a graph of columns 0..6 on columns of all kinds, as they are, squared, times
/// each other, negated, and summed up.
fn stretch<S: Mirror>(suite: &Suite, what: &str, make: impl Fn(&mut Graph<S>, &[Value]) -> Vec<Value>) {
    let mut graph = Graph::new(1);
    let inputs: Vec<Value> =
        (0..6).flat_map(|i| [(i, 0), (i, 1), (i, -7)]).map(|(column, by)| graph.column(column, by)).collect();
    let values = make(&mut graph, &inputs);
    let last = *values.last().expect("a value");
    let mut stores: Vec<Store> = Vec::new();
    for value in values {
        let derived = [value, graph.mul(value, value), graph.mul(value, last), graph.neg(value)];
        for value in derived {
            stores.push(overwrite(value, stores.len() + 1));
        }
        stores.extend(derived.map(|value| Store { value, column: 0, scale: Some(0) }));
    }
    let by = [largest()];
    for rows in [3, 70, 200] {
        for (name, column) in shapes::<S>(rows) {
            let mut columns = vec![column; 6];
            graph.check(suite, &format!("{what} of {name}"), &stores, &columns, &by);
            // Subtracting as much as there can be from nothing, and from edges.
            columns[3].fill(largest());
            columns[5] = cycled(&edges(), rows);
            graph.check(suite, &format!("{what} of {name} and others"), &stores, &columns, &by);
        }
    }
}

fn long_sums<S: Mirror>(suite: &Suite) {
    stretch::<S>(suite, "200 additions", |graph, inputs| {
        let terms = inputs.iter().cycle().skip(1).take(200);
        vec![terms.fold(inputs[0], |sum, term| graph.add(sum, *term))]
    });
    stretch::<S>(suite, "a value doubled 150 times", |graph, inputs| {
        vec![(0..150).fold(inputs[3], |sum, _| graph.add(sum, sum))]
    });
    stretch::<S>(suite, "sums of sums", |graph, inputs| {
        let mut layer: Vec<Value> = inputs.iter().cycle().take(128).copied().collect();
        while layer.len() > 1 {
            // The halves, so that equal terms do not make equal nodes.
            let (left, right) = layer.split_at(layer.len() / 2);
            layer = left.iter().zip(right.iter().rev()).map(|(a, b)| graph.add(*a, *b)).collect();
        }
        layer
    });
}

fn long_differences<S: Mirror>(suite: &Suite) {
    stretch::<S>(suite, "a - b - c - ...", |graph, inputs| {
        let terms = inputs.iter().cycle().skip(1).take(200);
        vec![terms.fold(inputs[0], |sum, term| graph.sub(sum, *term))]
    });
    stretch::<S>(suite, "... (c - (b - a))", |graph, inputs| {
        let terms = inputs.iter().cycle().skip(1).take(200);
        vec![terms.fold(inputs[0], |sum, term| graph.sub(*term, sum))]
    });
    stretch::<S>(suite, "additions and subtractions in turn", |graph, inputs| {
        let mut sum = inputs[0];
        for (i, term) in inputs.iter().cycle().take(160).enumerate() {
            sum = if i % 2 == 0 { graph.add(sum, *term) } else { graph.sub(sum, *term) };
        }
        vec![sum]
    });
    stretch::<S>(suite, "differences of sums", |graph, inputs| {
        let left = inputs.iter().cycle().take(60).fold(inputs[1], |sum, term| graph.add(sum, *term));
        let right = inputs.iter().cycle().take(61).fold(inputs[2], |sum, term| graph.add(*term, sum));
        vec![graph.sub(left, right), graph.sub(right, left)]
    });
}

fn products_of_sums<S: Mirror>(suite: &Suite) {
    // Sums of every length up to more than fit without reduction, each squared and multiplied.
    stretch::<S>(suite, "sums of every length", |graph, inputs| {
        let mut sums = vec![inputs[0]];
        for term in inputs.iter().cycle().skip(1).take(24) {
            sums.push(graph.add(sums[sums.len() - 1], *term));
        }
        sums
    });
    stretch::<S>(suite, "squares of sums of squares", |graph, inputs| {
        let mut value = inputs[0];
        for _ in 0..6 {
            let sum = inputs.iter().cycle().take(30).fold(value, |sum, term| graph.add(sum, *term));
            let square = graph.mul(sum, sum);
            value = (0..70).fold(square, |total, _| graph.add(total, square));
        }
        vec![value]
    });
    stretch::<S>(suite, "uniforms and constants", |graph, inputs| {
        let (uniform, constant) = (graph.uniform(0), graph.constant(largest()));
        let alone = graph.mul(uniform, constant);
        let mut value = graph.sub(alone, inputs[0]);
        for _ in 0..100 {
            value = graph.sub(uniform, value);
            value = graph.add(constant, value);
        }
        vec![uniform, constant, alone, value]
    });
}

/// Values that many others read, and that must outlive all of them.
fn shared_values<S: Mirror>(suite: &Suite) {
    stretch::<S>(suite, "each value of all before", |graph, inputs| {
        let mut values = vec![graph.add(inputs[0], inputs[3])];
        for i in 0..14 {
            let sum = values.clone().into_iter().reduce(|sum, value| graph.sub(value, sum)).expect("values");
            let product = graph.mul(sum, values[i / 2]);
            values.push(graph.add(product, inputs[i]));
        }
        values
    });
}

on_fields! { random_programs, long_sums, long_differences, products_of_sums, shared_values }
