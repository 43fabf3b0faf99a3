//! Row-wise programs against the same expressions computed row by row.

mod common;

use common::Mirror;
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec, Kernels, Node, Output, Program, ProgramBuilder};
use rand::Rng;

const COLUMNS: usize = 5;

/// An expression kept twice: as a node, and as something that can be evaluated on a row.
#[derive(Clone, Debug)]
enum Tree {
    Column(usize, i32),
    Uniform(usize),
    Constant(Bn254Fr),
    Add(Box<Tree>, Box<Tree>),
    Sub(Box<Tree>, Box<Tree>),
    Mul(Box<Tree>, Box<Tree>),
    Neg(Box<Tree>),
}

impl Tree {
    fn random(rng: &mut impl Rng, depth: u32) -> Self {
        let part = |rng: &mut _| Box::new(Self::random(rng, depth - 1));
        match if depth == 0 { rng.gen_range(0..3) } else { rng.gen_range(0..8) } {
            0 => Self::Column(rng.gen_range(0..COLUMNS), rng.gen_range(-3..4)),
            1 => Self::Uniform(rng.gen_range(0..2)),
            2 => Self::Constant(Bn254Fr::from_u64(rng.gen_range(0..3))),
            3 => Self::Neg(part(rng)),
            4 => Self::Add(part(rng), part(rng)),
            5 => Self::Sub(part(rng), part(rng)),
            _ => Self::Mul(part(rng), part(rng)),
        }
    }

    fn build(&self, builder: &mut ProgramBuilder<Bn254FrSpec>, uniforms: &[Node]) -> Node {
        match self {
            Self::Column(index, rotation) => builder.column(*index, *rotation),
            Self::Uniform(index) => uniforms[*index],
            Self::Constant(value) => builder.constant(*value),
            Self::Neg(a) => {
                let a = a.build(builder, uniforms);
                builder.neg(a)
            }
            Self::Add(a, b) | Self::Sub(a, b) | Self::Mul(a, b) => {
                let (a, b) = (a.build(builder, uniforms), b.build(builder, uniforms));
                match self {
                    Self::Add(..) => builder.add(a, b),
                    Self::Sub(..) => builder.sub(a, b),
                    _ => builder.mul(a, b),
                }
            }
        }
    }

    fn evaluate(&self, columns: &[Vec<Bn254Fr>], uniforms: &[Bn254Fr], row: usize) -> Bn254Fr {
        let at = |tree: &Self| tree.evaluate(columns, uniforms, row);
        match self {
            Self::Column(index, rotation) => {
                let rows = columns[*index].len() as i64;
                columns[*index][(row as i64 + i64::from(*rotation)).rem_euclid(rows) as usize]
            }
            Self::Uniform(index) => uniforms[*index],
            Self::Constant(value) => *value,
            Self::Neg(a) => -at(a),
            Self::Add(a, b) => at(a) + at(b),
            Self::Sub(a, b) => at(a) - at(b),
            Self::Mul(a, b) => at(a) * at(b),
        }
    }
}

/// Runs a program that was built from columns 0.. and uniforms 0.. of the test.
fn run(
    kernels: &Kernels,
    program: &Program,
    builder: &ProgramBuilder<Bn254FrSpec>,
    columns: &[Vec<Bn254Fr>],
    uniforms: &[Bn254Fr],
    outputs: &mut [Vec<Bn254Fr>],
) {
    let columns: Vec<&[_]> = program.column_indices().iter().map(|&i| columns[i].as_slice()).collect();
    let constants = builder.constants();
    let value = |index: &usize| {
        constants
            .iter()
            .find(|(known, _)| known == index)
            .map_or_else(|| uniforms[*index], |(_, value)| *value)
    };
    let uniforms: Vec<_> = program.uniform_indices().iter().map(value).collect();
    let mut outputs: Vec<&mut [_]> = outputs.iter_mut().map(Vec::as_mut_slice).collect();
    kernels.run_program(program, &columns, &uniforms, &mut outputs);
}

#[test]
fn random_expressions_on_every_length() {
    let mut rng = common::rng(1);
    // Around a tile (128 rows), a task, and far below either, where rotations wrap more than once.
    for rows in [1, 2, 3, 127, 128, 129, 1023, 1024, 1025, 5000] {
        let columns: Vec<Vec<Bn254Fr>> =
            (0..COLUMNS as u64).map(|seed| Bn254FrSpec::random(rows, seed)).collect();
        for _ in 0..6 {
            let trees: Vec<Tree> = (0..4).map(|_| Tree::random(&mut rng, 5)).collect();
            let mut builder = ProgramBuilder::new();
            let ((_, first), (by, second)) = (builder.uniform(), builder.uniform());
            let nodes: Vec<Node> =
                trees.iter().map(|tree| tree.build(&mut builder, &[first, second])).collect();
            // The first two overwrite, the others add up in one column.
            let outputs: Vec<Output> = nodes
                .iter()
                .enumerate()
                .map(|(i, &node)| Output { node, column: i.min(2), scale: (i >= 2).then_some(by) })
                .collect();
            let program = builder.build(&outputs);
            let uniforms = [Bn254Fr::from_u64(11), -Bn254Fr::from_u64(12)];
            let start = Bn254FrSpec::random(rows, 99);
            for kernels in common::all_kernels() {
                let mut results = vec![start.clone(); 3];
                run(&kernels, &program, &builder, &columns, &uniforms, &mut results);
                for row in 0..rows {
                    let value = |tree: &Tree| tree.evaluate(&columns, &uniforms, row);
                    assert_eq!(results[0][row], value(&trees[0]), "{rows} rows, row {row}: {:?}", trees[0]);
                    assert_eq!(results[1][row], value(&trees[1]), "{rows} rows, row {row}: {:?}", trees[1]);
                    let sum = start[row] + (value(&trees[2]) + value(&trees[3])) * uniforms[1];
                    assert_eq!(results[2][row], sum, "{rows} rows, row {row}");
                }
            }
        }
    }
}

#[test]
fn equal_parts_are_computed_once() {
    let mut builder = ProgramBuilder::<Bn254FrSpec>::new();
    let (a, b) = (builder.column(0, 0), builder.column(1, 1));
    let (left, right) = (builder.mul(a, b), builder.mul(b, a));
    assert_eq!(left, right);
    let (one, zero) = (builder.constant(Bn254Fr::ONE), builder.constant(Bn254Fr::ZERO));
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
    let mut builder = ProgramBuilder::<Bn254FrSpec>::new();
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
    let mut builder = ProgramBuilder::<Bn254FrSpec>::new();
    let node = builder.column(0, 0);
    let program = builder.build(&[Output { node, column: 0, scale: None }]);
    Kernels::sequential().run_program(&program, &[], &[], &mut [&mut [Bn254Fr::ZERO]]);
}
