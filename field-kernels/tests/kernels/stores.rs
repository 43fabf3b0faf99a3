//! What programs write and where they read: overwriting, adding up, and rotations.

use parhelion_field_kernels::Fp;

use crate::common::{Mirror, Suite, largest, random};
use crate::graph::{Graph, Store, Value};
use crate::programs::{COLUMNS, ROWS, columns, overwrite};

/// More scaled values for one column than a sum of products holds, of columns, uniforms and big sums.
fn many_scaled_stores<S: Mirror>(suite: &Suite) {
    for count in [1usize, 2, 399, 400, 401, 900] {
        let mut graph = Graph::<S>::new(3);
        let inputs: Vec<Value> = (0..COLUMNS).map(|column| graph.column(column, column as i32)).collect();
        let uniform = graph.uniform(1);
        let sum = inputs.iter().cycle().take(50).fold(uniform, |sum, term| graph.add(sum, *term));
        for values in [&inputs[..], &inputs[2..3], &[sum], &[uniform], &[inputs[2], uniform, sum]] {
            // In the order of the values.
            let each = count.div_ceil(values.len());
            let stores: Vec<Store> = values
                .iter()
                .flat_map(|value| vec![*value; each])
                .zip(0..)
                .map(|(value, i)| Store { value, column: 0, scale: Some(i % 3) })
                .collect();
            let uniforms = [largest(), -Fp::ONE, random(1, 4)[0]];
            let what = format!("{count} scaled stores of {} values", values.len());
            graph.check(suite, &what, &stores, &columns(70, 20), &uniforms);
        }
    }
}

/// Columns that are overwritten before, between and after values are added to them.
fn mixed_stores<S: Mirror>(suite: &Suite) {
    let mut graph = Graph::<S>::new(2);
    let mut value = graph.column(0, 0);
    let values: Vec<Value> = (0..12)
        .map(|i| {
            let term = graph.column(i % COLUMNS, i as i32);
            value = if i % 3 == 0 { graph.mul(value, term) } else { graph.sub(value, term) };
            value
        })
        .collect();
    for pattern in [0b1u32, 0b1000, 0b1000_0000_0000, 0b1000_0100_0001, 0b11_0011_0011, 0] {
        for outputs in [1, 2, 5] {
            let stores: Vec<Store> = values
                .iter()
                .enumerate()
                .map(|(i, value)| Store {
                    value: *value,
                    column: i % outputs,
                    scale: (pattern >> i & 1 == 0).then_some(i % 2),
                })
                .collect();
            for rows in [5, 64, 137] {
                let what = format!("stores by pattern {pattern:b} to {outputs} columns");
                graph.check(suite, &what, &stores, &columns(rows, 30), &[random(1, 5)[0], largest()]);
            }
        }
    }
}

fn rotations<S: Mirror>(suite: &Suite) {
    let mut graph = Graph::<S>::new(0);
    let by = [0, 1, -1, 7, 8, 9, -64, 65, 127, 128, -129, 1024, -1025, i32::MAX, i32::MIN];
    let values: Vec<Value> = by.iter().map(|by| graph.column(0, *by)).collect();
    let sums: Vec<Value> = values.iter().map(|value| graph.sub(*value, values[1])).collect();
    let all = values.into_iter().chain(sums).enumerate();
    let stores: Vec<Store> = all.map(|(column, value)| overwrite(value, column)).collect();
    for rows in ROWS {
        graph.check(suite, "rotations", &stores, &[random(rows, 6)], &[]);
    }
}

on_fields! { many_scaled_stores, mixed_stores, rotations }
