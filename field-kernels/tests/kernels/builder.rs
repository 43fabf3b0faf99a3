//! How programs are built.

use parhelion_field_kernels::{Kernels, Output, PastaFq, PastaFqSpec, ProgramBuilder};

#[test]
fn equal_parts_are_computed_once() {
    let mut builder = ProgramBuilder::<PastaFqSpec>::new();
    let (a, b) = (builder.column(0, 0), builder.column(1, 1));
    let (left, right) = (builder.mul(a, b), builder.mul(b, a));
    assert_eq!(left, right);
    let (one, zero) = (builder.constant(PastaFq::ONE), builder.constant(PastaFq::ZERO));
    assert_eq!(builder.mul(left, one), left);
    assert_eq!(builder.add(left, zero), left);
    assert_eq!(builder.sub(left, zero), left);
    assert_eq!(builder.mul(left, zero), zero);
    let sum = builder.add(left, right);
    let program = builder.build(&[Output { node: sum, column: 0, scale: None }]);
    assert_eq!((program.instructions(), program.multiplications(), program.registers()), (2, 1, 2));
}

#[test]
fn one_graph_gives_several_programs() {
    let mut builder = ProgramBuilder::<PastaFqSpec>::new();
    let (a, b) = (builder.column(7, 0), builder.column(3, 0));
    let product = builder.mul(a, b);
    let only_b = builder.build(&[Output { node: b, column: 0, scale: None }]);
    assert_eq!(only_b.column_indices(), [3]);
    let both = builder.build(&[Output { node: product, column: 0, scale: None }]);
    assert_eq!(both.column_indices(), [7, 3]);
    assert!(builder.build(&[]).column_indices().is_empty());
}

#[test]
#[should_panic(expected = "the program reads 1 columns, got 0")]
fn missing_columns_break_the_contract() {
    let mut builder = ProgramBuilder::<PastaFqSpec>::new();
    let node = builder.column(0, 0);
    let program = builder.build(&[Output { node, column: 0, scale: None }]);
    Kernels::sequential().run_program(&program, &[], &[], &mut [&mut [PastaFq::ZERO]]);
}
