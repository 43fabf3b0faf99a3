//! Packed circuits against the builders that they were made of: the same keys, the same proofs, and refusals where
//! halo2-base itself would give up.

use halo2_axiom::SerdeFormat;
use halo2_axiom::dev::MockProver;
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{self, Assigned, Circuit, ProvingKey};
use halo2_axiom::poly::kzg::commitment::{KZGCommitmentScheme, ParamsKZG};
use halo2_axiom::poly::kzg::multiopen::ProverSHPLONK;
use halo2_axiom::transcript::{Blake2bWrite, Challenge255, TranscriptWriterBuffer};
use halo2_base::gates::circuit::CircuitBuilderStage;
use halo2_base::gates::circuit::builder::BaseCircuitBuilder;
use halo2_base::gates::{GateInstructions, RangeInstructions};
use halo2_base::{AssignedValue, Context, ContextCell, QuantumCell};
use parhelion::axiom;
use parhelion::base::{PackError, PackedCircuit};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha20Rng;

/// A circuit of random operations, from one seed whatever the witness.
#[derive(Clone, Copy, Debug)]
struct Shape {
    seed: u64,
    k: usize,
    lookup_bits: Option<usize>,
    contexts: usize,
    operations: usize,
    instance_columns: usize,
}

impl Shape {
    /// Fills a builder with cells that depend on `witness`.
    fn fill(&self, builder: &mut BaseCircuitBuilder<Fr>, witness: u64) {
        let mut rng = ChaCha20Rng::seed_from_u64(self.seed);
        let mut public = Vec::new();
        let range = self.lookup_bits.map(|_| builder.range_chip());
        for context in 0..self.contexts {
            let ctx = if context == 0 { builder.main(0) } else { builder.new_thread(0) };
            public.extend(self.operate(ctx, range.as_ref(), witness + context as u64, &mut rng));
        }
        let columns = builder.assigned_instances.len();
        for (index, cell) in public.into_iter().enumerate().take(3 * columns) {
            builder.assigned_instances[index % columns].push(cell);
        }
    }

    fn operate(
        &self,
        ctx: &mut Context<Fr>,
        range: Option<&impl RangeInstructions<Fr>>,
        witness: u64,
        rng: &mut ChaCha20Rng,
    ) -> Vec<AssignedValue<Fr>> {
        let gate = halo2_base::gates::GateChip::<Fr>::default();
        let mut cells = vec![ctx.load_witness(Fr::from(witness)), ctx.load_constant(Fr::from(7))];
        for _ in 0..self.operations {
            let [a, b] = [(); 2].map(|()| cells[rng.gen_range(0..cells.len())]);
            cells.push(match rng.gen_range(0..7) {
                0 => gate.add(ctx, a, b),
                1 => gate.mul(ctx, a, QuantumCell::Constant(Fr::from(rng.gen_range(0..5)))),
                2 => gate.mul_add(ctx, a, b, QuantumCell::Constant(-Fr::one())),
                3 => ctx.load_constant(Fr::from(rng.r#gen::<u64>())),
                4 => gate.is_zero(ctx, a),
                5 => {
                    // A fraction, whose value the library works out later.
                    let half = Assigned::Rational(Fr::from(witness), Fr::from(2));
                    ctx.assign_region_last([QuantumCell::WitnessFraction(half)], []);
                    let half = ctx.load_witness(half.evaluate());
                    let cell = ctx.get(-2);
                    ctx.constrain_equal(&cell, &half);
                    half
                }
                _ => {
                    let small = ctx.load_witness(Fr::from(witness % 50));
                    if let Some(range) = range {
                        range.range_check(ctx, small, rng.gen_range(6..20));
                    }
                    small
                }
            });
        }
        cells
    }

    fn builder(&self, stage: CircuitBuilderStage, witness: u64) -> BaseCircuitBuilder<Fr> {
        let mut builder =
            BaseCircuitBuilder::from_stage(stage).use_k(self.k).use_instance_columns(self.instance_columns);
        if let Some(bits) = self.lookup_bits {
            builder.set_lookup_bits(bits);
        }
        self.fill(&mut builder, witness);
        builder.calculate_params(Some(20));
        builder
    }

    /// For a proof, in the layout of a builder for keys.
    fn prover(&self, layout: &PackedCircuit, witness: u64) -> BaseCircuitBuilder<Fr> {
        let mut builder = BaseCircuitBuilder::prover(layout.params(), layout.break_points());
        self.fill(&mut builder, witness);
        builder
    }
}

const SHAPES: [Shape; 6] = [
    // Many columns, some contexts.
    Shape { seed: 1, k: 8, lookup_bits: Some(6), contexts: 3, operations: 300, instance_columns: 1 },
    Shape { seed: 2, k: 8, lookup_bits: Some(7), contexts: 1, operations: 500, instance_columns: 2 },
    // One column, in which cells are looked up where they are.
    Shape { seed: 3, k: 10, lookup_bits: Some(8), contexts: 2, operations: 60, instance_columns: 1 },
    // No lookups, or none that are used.
    Shape { seed: 4, k: 7, lookup_bits: None, contexts: 2, operations: 200, instance_columns: 1 },
    Shape { seed: 5, k: 9, lookup_bits: Some(8), contexts: 1, operations: 3, instance_columns: 0 },
    // Hardly anything.
    Shape { seed: 6, k: 6, lookup_bits: None, contexts: 1, operations: 0, instance_columns: 1 },
];

fn key<C: Circuit<Fr>>(params: &ParamsKZG<Bn256>, circuit: &C) -> ProvingKey<G1Affine> {
    let vk = plonk::keygen_vk(params, circuit).unwrap();
    plonk::keygen_pk(params, vk, circuit).unwrap()
}

fn proof<C: Circuit<Fr>>(
    params: &ParamsKZG<Bn256>,
    pk: &ProvingKey<G1Affine>,
    circuit: C,
    instances: &[Vec<Fr>],
) -> Vec<u8> {
    let instances: Vec<&[Fr]> = instances.iter().map(Vec::as_slice).collect();
    let rng = ChaCha20Rng::seed_from_u64(9);
    let mut transcript = Blake2bWrite::<_, _, Challenge255<_>>::init(vec![]);
    axiom::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        params,
        pk,
        &[circuit],
        &[&instances],
        rng,
        &mut transcript,
    )
    .unwrap();
    transcript.finalize()
}

#[test]
fn keys_and_proofs_are_those_of_the_builder() {
    for shape in SHAPES {
        let params = ParamsKZG::setup(shape.k as u32, ChaCha20Rng::seed_from_u64(1));
        let packed = PackedCircuit::new(shape.builder(CircuitBuilderStage::Keygen, 0)).unwrap();
        let builder = shape.builder(CircuitBuilderStage::Keygen, 0);
        let expected = key(&params, &builder);
        assert_eq!(packed.break_points(), builder.break_points(), "{shape:?}");
        let bytes = expected.to_bytes(SerdeFormat::RawBytes);
        assert!(
            key(&params, &packed).to_bytes(SerdeFormat::RawBytes) == bytes,
            "the library's key, {shape:?}"
        );
        let vk = axiom::keygen_vk(&params, &packed).unwrap();
        let pk = axiom::keygen_pk(&params, vk, &packed).unwrap();
        assert!(pk.to_bytes(SerdeFormat::RawBytes) == bytes, "our key, {shape:?}");

        for witness in [0, 3, u64::MAX - 9] {
            let builder = shape.prover(&packed, witness);
            let cell = |cell: &AssignedValue<Fr>| *cell.value();
            let instances: Vec<Vec<Fr>> =
                builder.assigned_instances.iter().map(|column| column.iter().map(cell).collect()).collect();
            let circuit = PackedCircuit::new(shape.prover(&packed, witness)).unwrap();
            let got = proof(&params, &pk, circuit.clone(), &instances);
            assert!(got == proof(&params, &pk, builder, &instances), "{shape:?}, witness {witness}");
            assert!(got == proof(&params, &pk, circuit, &instances), "once more");
        }
    }
}

#[test]
fn the_mock_prover_checks_values_and_constraints() {
    for shape in SHAPES {
        let builder = shape.builder(CircuitBuilderStage::Mock, 5);
        let cell = |cell: &AssignedValue<Fr>| *cell.value();
        let instances: Vec<Vec<Fr>> =
            builder.assigned_instances.iter().map(|column| column.iter().map(cell).collect()).collect();
        let circuit = PackedCircuit::new(builder).unwrap();
        MockProver::run(shape.k as u32, &circuit, instances.clone()).unwrap().assert_satisfied();
        if let Some(first) = instances.first() {
            let mut wrong = instances.clone();
            wrong[0][0] = first[0] + Fr::one();
            MockProver::run(shape.k as u32, &circuit, wrong).unwrap().verify().unwrap_err();
        }
        let mut wrong = shape.builder(CircuitBuilderStage::Mock, 5);
        let context = wrong.main(0);
        let last = context.advice.len() - 1;
        if shape.operations > 0 {
            // A gate's cell, or a copy.
            for offset in [last, last / 2] {
                let Assigned::Trivial(value) = context.advice[offset] else { continue };
                context.advice[offset] = Assigned::Trivial(value + Fr::one());
            }
            let wrong = PackedCircuit::new(wrong).unwrap();
            MockProver::run(shape.k as u32, &wrong, instances).unwrap().verify().unwrap_err();
        }
    }
}

#[test]
fn a_packed_witness_takes_a_fraction_of_the_builders() {
    let shape = SHAPES[1];
    let keygen = PackedCircuit::new(shape.builder(CircuitBuilderStage::Keygen, 0)).unwrap();
    let builder = shape.prover(&keygen, 3);
    let cells: usize = builder.core().phase_manager[0].total_advice();
    let packed = PackedCircuit::new(builder).unwrap();
    let bytes = cells * size_of::<Assigned<Fr>>();
    assert!(packed.size() > 0 && 2 * packed.size() < bytes, "{} bytes of {bytes}", packed.size());
    assert_eq!(packed.without_witnesses().size(), 0);
}

#[test]
fn builders_that_the_library_would_give_up_on_are_errors() {
    let shape = SHAPES[0];
    let keygen = PackedCircuit::new(shape.builder(CircuitBuilderStage::Keygen, 0)).unwrap();
    let packed = |builder| PackedCircuit::new(builder).map(|circuit| circuit.size());

    let mut without = BaseCircuitBuilder::new(true).use_params(keygen.params());
    shape.fill(&mut without, 1);
    assert!(matches!(packed(without), Err(PackError::NoBreakPoints)));

    let mut other = shape.builder(CircuitBuilderStage::Keygen, 0);
    let mut break_points = keygen.break_points();
    break_points[0][1] -= 1;
    other.set_break_points(break_points.clone());
    assert!(matches!(packed(other), Err(PackError::BreakPoints { .. })));

    // A column too long for its rows, and more columns than there are.
    let mut long = BaseCircuitBuilder::prover(keygen.params(), vec![vec![1 << 20]]);
    shape.fill(&mut long, 1);
    assert!(matches!(packed(long), Err(PackError::Room { .. })));
    let columns = keygen.params().num_advice_per_phase[0];
    let mut many = BaseCircuitBuilder::prover(keygen.params(), vec![vec![3; columns]]);
    shape.fill(&mut many, 1);
    assert!(matches!(packed(many), Err(PackError::Room { .. })));

    for narrow in [CircuitBuilderStage::Keygen, CircuitBuilderStage::Mock] {
        let mut narrow = shape.builder(narrow, 0);
        narrow.config_params.num_lookup_advice_per_phase[0] -= 1;
        assert!(matches!(packed(narrow), Err(PackError::Room { what: "range checks", .. })));
    }
    let mut narrow = shape.builder(CircuitBuilderStage::Keygen, 0);
    narrow.config_params.num_fixed = 0;
    assert!(matches!(packed(narrow), Err(PackError::Room { what: "constants", .. })));
    let mut fewer = shape.builder(CircuitBuilderStage::Keygen, 0);
    fewer.assigned_instances.clear();
    assert!(matches!(packed(fewer), Err(PackError::Room { what: "instance columns", .. })));

    let mut later = shape.builder(CircuitBuilderStage::Keygen, 0);
    later.main(1).load_witness(Fr::one());
    assert!(matches!(packed(later), Err(PackError::Builder(_))));

    let mut twice = shape.builder(CircuitBuilderStage::Keygen, 0);
    let context = twice.pool(0).threads[0].clone();
    twice.pool(0).threads[1] = context;
    assert!(matches!(packed(twice), Err(PackError::Builder(_))));

    let foreign = shape.builder(CircuitBuilderStage::Keygen, 0);
    let cell = foreign.core().phase_manager[0].threads[0].get(0).cell.unwrap();
    let nowhere = ContextCell::new("nowhere", 0, 0);
    foreign.core().copy_manager.lock().unwrap().advice_equalities.push((cell, nowhere));
    assert!(matches!(packed(foreign), Err(PackError::Builder(_))));
}

#[test]
fn another_circuits_configuration_is_an_error() {
    let [one, other] = [SHAPES[0], SHAPES[1]]
        .map(|shape| PackedCircuit::new(shape.builder(CircuitBuilderStage::Mock, 0)).unwrap());
    let params = ParamsKZG::<Bn256>::setup(8, ChaCha20Rng::seed_from_u64(1));
    let key = key(&params, &other);
    let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(vec![]);
    let instances: Vec<&[Fr]> = vec![&[]; 2];
    let made = axiom::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
        &params,
        &key,
        &[one],
        &[&instances],
        ChaCha20Rng::seed_from_u64(1),
        &mut transcript,
    );
    assert!(made.is_err());
}
