//! From expressions to a flat program: shared subexpressions, constant folding, registers.

use std::collections::{BTreeSet, HashMap};

use super::{Instruction, Operand, Operation, Program, Store};
use crate::{FieldSpec, Fp};

/// A value in the graph being built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(u32);

/// Something a program writes.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    /// The value.
    pub node: Node,
    /// Index of the output column.
    pub column: usize,
    /// `None`: overwrite the column. A uniform's index: add the value times that uniform to it.
    pub scale: Option<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Definition {
    Column { index: u32, rotation: i32 },
    Uniform(u32),
    Add(Node, Node),
    Sub(Node, Node),
    Mul(Node, Node),
}

/// A graph of values, from which a [`Program`] is built. Equal subexpressions become one node;
/// sums and products with 0 and 1 vanish.
///
/// Columns and uniforms are named by index; a program lists which of them it reads
/// ([`Program::column_indices`], [`Program::uniform_indices`]), and is run with just those.
/// Constants are uniforms whose value is known now; the caller passes them like the others, see
/// [`ProgramBuilder::constants`].
#[derive(Debug)]
pub struct ProgramBuilder<S: FieldSpec> {
    definitions: Vec<Definition>,
    known: HashMap<Definition, Node>,
    constants: Vec<(u32, Fp<S>)>,
    constant_nodes: HashMap<Fp<S>, Node>,
    constant_values: HashMap<Node, Fp<S>>,
    uniforms: u32,
}

impl<S: FieldSpec> Default for ProgramBuilder<S> {
    fn default() -> Self {
        Self {
            definitions: Vec::new(),
            known: HashMap::new(),
            constants: Vec::new(),
            constant_nodes: HashMap::new(),
            constant_values: HashMap::new(),
            uniforms: 0,
        }
    }
}

impl<S: FieldSpec> ProgramBuilder<S> {
    /// An empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn node(&mut self, definition: Definition) -> Node {
        let next = Node(self.definitions.len() as u32);
        let node = *self.known.entry(definition).or_insert(next);
        if node == next {
            self.definitions.push(definition);
        }
        node
    }

    /// The value of column `index` at the row plus `rotation`, cyclically.
    pub fn column(&mut self, index: usize, rotation: i32) -> Node {
        self.node(Definition::Column { index: index as u32, rotation })
    }

    /// A new uniform, given at run time; returns its index with its node.
    pub fn uniform(&mut self) -> (usize, Node) {
        let index = self.uniforms;
        self.uniforms += 1;
        (index as usize, self.node(Definition::Uniform(index)))
    }

    /// A uniform whose value is known now. Equal constants share one uniform.
    pub fn constant(&mut self, value: Fp<S>) -> Node {
        if let Some(node) = self.constant_nodes.get(&value) {
            return *node;
        }
        let (index, node) = self.uniform();
        self.constants.push((index as u32, value));
        self.constant_nodes.insert(value, node);
        self.constant_values.insert(node, value);
        node
    }

    /// Index and value of every constant's uniform.
    #[must_use]
    pub fn constants(&self) -> Vec<(usize, Fp<S>)> {
        self.constants.iter().map(|&(index, value)| (index as usize, value)).collect()
    }

    fn value(&self, node: Node) -> Option<Fp<S>> {
        self.constant_values.get(&node).copied()
    }

    fn is(&self, node: Node, value: Fp<S>) -> bool {
        self.value(node) == Some(value)
    }

    /// a + b
    pub fn add(&mut self, a: Node, b: Node) -> Node {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => self.constant(a + b),
            _ if self.is(a, Fp::ZERO) => b,
            _ if self.is(b, Fp::ZERO) => a,
            _ => self.node(Definition::Add(a.min(b), a.max(b))),
        }
    }

    /// a - b
    pub fn sub(&mut self, a: Node, b: Node) -> Node {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => self.constant(a - b),
            _ if self.is(b, Fp::ZERO) => a,
            _ if a == b => self.constant(Fp::ZERO),
            _ => self.node(Definition::Sub(a, b)),
        }
    }

    /// -a
    pub fn neg(&mut self, a: Node) -> Node {
        let zero = self.constant(Fp::ZERO);
        self.sub(zero, a)
    }

    /// a * b
    pub fn mul(&mut self, a: Node, b: Node) -> Node {
        match (self.value(a), self.value(b)) {
            (Some(a), Some(b)) => self.constant(a * b),
            _ if self.is(a, Fp::ZERO) || self.is(b, Fp::ZERO) => self.constant(Fp::ZERO),
            _ if self.is(a, Fp::ONE) => b,
            _ if self.is(b, Fp::ONE) => a,
            _ => self.node(Definition::Mul(a.min(b), a.max(b))),
        }
    }

    /// Flattens what `outputs` need of the graph. Registers are reused as soon as their last
    /// reader has run. The graph stays, so that one graph can be cut into several programs.
    #[must_use]
    pub fn build(&self, outputs: &[Output]) -> Program {
        let order = self.needed(outputs);
        let mut flattening = Flattening::new(self.count_readers(&order, outputs));
        let mut pending: Vec<Output> = outputs.to_vec();
        pending.sort_by_key(|output| output.node);
        let mut pending = pending.into_iter().peekable();
        for &node in &order {
            let operand = match self.definitions[node.0 as usize] {
                Definition::Column { index, rotation } => flattening.column(index, rotation),
                Definition::Uniform(index) => flattening.uniform(index),
                Definition::Add(a, b) => flattening.instruction(Operation::Add, a, b),
                Definition::Sub(a, b) => flattening.instruction(Operation::Sub, a, b),
                Definition::Mul(a, b) => flattening.instruction(Operation::Mul, a, b),
            };
            flattening.operands.insert(node, operand);
            // An output leaves as soon as its value exists, so that its register is free again.
            while let Some(output) = pending.next_if(|output| output.node == node) {
                flattening.output(output);
            }
        }
        #[cfg(target_arch = "x86_64")]
        {
            flattening.program.lanes = crate::ifma::LaneProgram::new::<S>(&flattening.program);
        }
        flattening.program
    }

    /// The nodes that `outputs` depend on, in dependency order: a node's operands were made, and
    /// so numbered, before it.
    fn needed(&self, outputs: &[Output]) -> Vec<Node> {
        let mut needed = BTreeSet::new();
        let mut stack: Vec<Node> = outputs.iter().map(|output| output.node).collect();
        while let Some(node) = stack.pop() {
            if needed.insert(node)
                && let Definition::Add(a, b) | Definition::Sub(a, b) | Definition::Mul(a, b) =
                    self.definitions[node.0 as usize]
            {
                stack.extend([a, b]);
            }
        }
        needed.into_iter().collect()
    }

    fn count_readers(&self, order: &[Node], outputs: &[Output]) -> HashMap<Node, u32> {
        let mut readers = HashMap::new();
        let operands = order.iter().flat_map(|node| match self.definitions[node.0 as usize] {
            Definition::Add(a, b) | Definition::Sub(a, b) | Definition::Mul(a, b) => vec![a, b],
            _ => Vec::new(),
        });
        for node in operands.chain(outputs.iter().map(|output| output.node)) {
            *readers.entry(node).or_insert(0) += 1;
        }
        readers
    }
}

/// A program being written, with the registers that are free.
struct Flattening {
    program: Program,
    operands: HashMap<Node, Operand>,
    readers: HashMap<Node, u32>,
    columns: HashMap<u32, u32>,
    uniforms: HashMap<u32, u32>,
    free: Vec<u32>,
}

impl Flattening {
    fn new(readers: HashMap<Node, u32>) -> Self {
        let program = Program {
            instructions: Vec::new(),
            stores: Vec::new(),
            registers: 0,
            column_indices: Vec::new(),
            uniform_indices: Vec::new(),
            output_columns: 0,
            #[cfg(target_arch = "x86_64")]
            lanes: Default::default(),
        };
        Self {
            program,
            operands: HashMap::new(),
            readers,
            columns: HashMap::new(),
            uniforms: HashMap::new(),
            free: Vec::new(),
        }
    }

    fn column(&mut self, index: u32, rotation: i32) -> Operand {
        let indices = &mut self.program.column_indices;
        let index = *self.columns.entry(index).or_insert_with(|| {
            indices.push(index as usize);
            indices.len() as u32 - 1
        });
        Operand::Column { index, rotation }
    }

    fn uniform(&mut self, index: u32) -> Operand {
        let indices = &mut self.program.uniform_indices;
        Operand::Uniform(*self.uniforms.entry(index).or_insert_with(|| {
            indices.push(index as usize);
            indices.len() as u32 - 1
        }))
    }

    fn instruction(&mut self, operation: Operation, a: Node, b: Node) -> Operand {
        // Taken before the operands are released: a target is never an operand.
        let target = self.free.pop().unwrap_or_else(|| {
            self.program.registers += 1;
            self.program.registers as u32 - 1
        });
        let (left, right) = (self.operands[&a], self.operands[&b]);
        self.release(a);
        self.release(b);
        self.program.instructions.push(Instruction { operation, target, left, right });
        Operand::Register(target)
    }

    fn output(&mut self, output: Output) {
        let value = self.operands[&output.node];
        let scale = output.scale.map(|uniform| match self.uniform(uniform as u32) {
            Operand::Uniform(index) => index,
            _ => unreachable!("a uniform is a uniform"),
        });
        self.program.output_columns = self.program.output_columns.max(output.column + 1);
        self.program.stores.push(Store {
            after: self.program.instructions.len(),
            column: output.column as u32,
            value,
            scale,
        });
        self.release(output.node);
    }

    /// Notes that one reader of `node` has been served.
    fn release(&mut self, node: Node) {
        if let Some(count) = self.readers.get_mut(&node) {
            *count -= 1;
            if *count == 0
                && let Operand::Register(register) = self.operands[&node]
            {
                self.free.push(register);
            }
        }
    }
}
