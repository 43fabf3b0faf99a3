//! The library proves and verifies with our keys: they are whole, not only their bytes right.

use ff::Field;
use halo2_axiom::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_axiom::halo2curves::bn256::{Bn256, Fr, G1Affine};
use halo2_axiom::plonk::{
    self, Advice, Assigned, Circuit, Column, ConstraintSystem, Error, Instance, Selector, TableColumn,
};
use halo2_axiom::poly::Rotation;
use halo2_axiom::poly::kzg::commitment::KZGCommitmentScheme;
use halo2_axiom::poly::kzg::multiopen::{ProverSHPLONK, VerifierSHPLONK};
use halo2_axiom::poly::kzg::strategy::SingleStrategy;
use halo2_axiom::transcript::{
    Blake2bRead, Blake2bWrite, Challenge255, TranscriptReadBuffer, TranscriptWriterBuffer,
};
use parhelion::axiom;
use rand_core::SeedableRng;

use crate::params;
use crate::random_circuit::TestRng;

/// Knows x with x below 16 and x^3 the instance.
#[derive(Clone, Default)]
struct CubeRoot {
    x: Value<Fr>,
}

#[derive(Clone)]
struct Columns {
    x: Column<Advice>,
    cube: Column<Advice>,
    instance: Column<Instance>,
    cubed: Selector,
    ranged: Selector,
    range: TableColumn,
}

impl Circuit<Fr> for CubeRoot {
    type Config = Columns;
    type FloorPlanner = SimpleFloorPlanner;
    type Params = ();

    fn without_witnesses(&self) -> Self {
        Self::default()
    }

    fn configure(cs: &mut ConstraintSystem<Fr>) -> Columns {
        let (x, cube, instance) = (cs.advice_column(), cs.advice_column(), cs.instance_column());
        cs.enable_equality(x);
        cs.enable_equality(cube);
        cs.enable_equality(instance);
        let (cubed, ranged, range) = (cs.selector(), cs.complex_selector(), cs.lookup_table_column());
        cs.create_gate("cube", |cells| {
            let (x, cube) =
                (cells.query_advice(x, Rotation::cur()), cells.query_advice(cube, Rotation::next()));
            vec![cells.query_selector(cubed) * (x.clone() * x.clone() * x - cube)]
        });
        cs.lookup("range", |cells| {
            let x = cells.query_advice(x, Rotation::cur());
            vec![(cells.query_selector(ranged) * x, range)]
        });
        Columns { x, cube, instance, cubed, ranged, range }
    }

    fn synthesize(&self, columns: Columns, mut layouter: impl Layouter<Fr>) -> Result<(), Error> {
        layouter.assign_table(
            || "range",
            |mut table| {
                // 16/1, 30/2, ...: fractions, as circuits leave them for one batch inversion.
                (0..16u64).try_for_each(|i| {
                    let value = Assigned::Rational(Fr::from(i * (i + 1)), Fr::from(i + 1));
                    table.assign_cell(|| "value", columns.range, i as usize, || Value::known(value))
                })
            },
        )?;
        let cube = layouter.assign_region(
            || "cube",
            |mut region| {
                columns.cubed.enable(&mut region, 2)?;
                columns.ranged.enable(&mut region, 5)?;
                let x = region.assign_advice(columns.x, 2, self.x);
                x.copy_advice(&mut region, columns.x, 5);
                let cube = self.x.map(|x| x * x * x);
                Ok(region.assign_advice(columns.cube, 3, cube).cell())
            },
        )?;
        layouter.constrain_instance(cube, columns.instance, 0);
        Ok(())
    }
}

#[test]
fn the_library_proves_and_verifies_with_our_keys() {
    let params = params(5);
    for compress in [false, true] {
        let circuit = CubeRoot { x: Value::known(Fr::from(11)) };
        let vk = axiom::keygen_vk_custom::<G1Affine, _, _>(&params, &circuit, compress).unwrap();
        let pk = axiom::keygen_pk(&params, vk.clone(), &circuit).unwrap();
        let prove = |instance: Fr| {
            let mut transcript = Blake2bWrite::<_, G1Affine, Challenge255<_>>::init(Vec::new());
            plonk::create_proof::<KZGCommitmentScheme<Bn256>, ProverSHPLONK<'_, Bn256>, _, _, _, _>(
                &params,
                &pk,
                std::slice::from_ref(&circuit),
                &[&[&[instance]]],
                TestRng::seed_from_u64(1),
                &mut transcript,
            )
            .map(|()| transcript.finalize())
        };
        let verify = |proof: &[u8], instance: Fr| {
            let mut transcript = Blake2bRead::<_, G1Affine, Challenge255<_>>::init(proof);
            plonk::verify_proof::<KZGCommitmentScheme<Bn256>, VerifierSHPLONK<'_, Bn256>, _, _, _>(
                &params,
                &vk,
                SingleStrategy::new(&params),
                &[&[&[instance]]],
                &mut transcript,
            )
        };
        let instance = Fr::from(1331);
        let proof = prove(instance).expect("the library proves");
        verify(&proof, instance).expect("the library verifies");
        assert!(verify(&proof, instance + Fr::ONE).is_err(), "another instance was accepted");
    }
}
