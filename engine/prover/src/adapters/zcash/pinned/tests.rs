use halo2_proofs::circuit::{Layouter, SimpleFloorPlanner, Value};
use halo2_proofs::pasta::{EqAffine, Fp};
use halo2_proofs::plonk::{
    Advice, Circuit, Column, ConstraintSystem, Error as PlonkError, Selector, keygen_vk,
};
use halo2_proofs::poly::Rotation;
use halo2_proofs::poly::commitment::Params;
use parhelion_field_kernels::{PastaFp, VestaSpec};

use super::*;
use crate::shape::{self, ColumnKind};

/// Has something of all that is printed.
#[derive(Clone, Default)]
struct Small;

impl Circuit<Fp> for Small {
    type Config = (Column<Advice>, [Selector; 2]);
    type FloorPlanner = SimpleFloorPlanner;

    fn without_witnesses(&self) -> Self {
        Self
    }

    fn configure(meta: &mut ConstraintSystem<Fp>) -> Self::Config {
        let (a, instance, fixed) = (meta.advice_column(), meta.instance_column(), meta.fixed_column());
        let (on, look_up, table) = (meta.selector(), meta.complex_selector(), meta.lookup_table_column());
        meta.enable_constant(fixed);
        meta.enable_equality(instance);
        meta.enable_equality(a);
        meta.set_minimum_degree(5);
        meta.create_gate("gate", |meta| {
            let [before, now] = [Rotation::prev(), Rotation::cur()].map(|at| meta.query_advice(a, at));
            let (fixed, public) = (meta.query_fixed(fixed), meta.query_instance(instance, Rotation::next()));
            let three = halo2_proofs::plonk::Expression::Constant(Fp::from(3));
            vec![meta.query_selector(on) * (before * Fp::from(7) - now * fixed + three + public)]
        });
        meta.lookup(|meta| {
            vec![(meta.query_selector(look_up) * meta.query_advice(a, Rotation::cur()), table)]
        });
        (a, [on, look_up])
    }

    fn synthesize(&self, (a, _): Self::Config, mut layouter: impl Layouter<Fp>) -> Result<(), PlonkError> {
        layouter.assign_region(
            || "a cell",
            |mut region| region.assign_advice(|| "a", a, 0, || Value::known(Fp::from(1))).map(drop),
        )
    }
}

fn text() -> (String, Fp) {
    let vk = keygen_vk(&Params::<EqAffine>::new(4), &Small).unwrap();
    let mut recorder = Recorder::<EqAffine>(None);
    vk.hash_into(&mut recorder).unwrap();
    (format!("{:?}", vk.pinned()), recorder.0.unwrap())
}

fn read(text: &str) -> Result<VerifyingKey<VestaSpec>, Error> {
    parse(text, [<EqAffine as halo2_proofs::arithmetic::CurveAffine>::Base::MODULUS, Fp::MODULUS])
}

#[test]
fn a_key_is_read_in_full() {
    let (text, hash) = text();
    let (key, repr) = authenticated::<EqAffine>(&text, hash).unwrap();
    assert_eq!(repr, cast::pasta_scalar::<EqAffine>(hash));
    let system = &key.system;
    assert_eq!((key.k, system.fixed, system.advice, system.instance, system.selectors), (4, 4, 1, 1, 2));
    assert_eq!(key.fixed_commitments.len(), 4);
    assert_eq!(key.sigma_commitments.len(), 3);
    assert_eq!(system.advice_queries, [(0, 0), (0, -1)]);
    assert_eq!(system.instance_queries, [(0, 0), (0, 1)]);
    assert_eq!(system.constants, [0]);
    assert_eq!((system.degree(), system.minimum_degree), (5, Some(5)));
    assert_eq!((system.blinding_factors(), system.minimum_rows()), (5, 8));
    let kinds: Vec<_> = system.permutation.iter().map(|column| column.kind).collect();
    assert_eq!(kinds, [ColumnKind::Fixed, ColumnKind::Instance, ColumnKind::Advice]);

    let column = |kind, index| Expression::Query(shape::Column { kind, index }, 0);
    let seven = PastaFp::from_u64(7);
    let Expression::Product(selector, sum) = &system.gates[0] else { panic!("{:?}", system.gates) };
    // Complex selectors come first, then combinations of simple ones.
    assert_eq!(**selector, column(ColumnKind::Fixed, 3));
    assert!(format!("{sum:?}").contains(&format!("{seven:?}")));
    assert_eq!(system.lookups[0].table, [column(ColumnKind::Fixed, 1)]);
    assert!(key.system.to_shape(4).is_ok());
}

#[test]
fn the_systems_numbers_are_the_librarys() {
    let mut library = ConstraintSystem::<Fp>::default();
    Small::configure(&mut library);
    let (system, _) = constraint_system::<EqAffine>(&library).unwrap();
    assert_eq!(system.degree(), library.degree());
    assert_eq!(system.blinding_factors(), library.blinding_factors());
    assert_eq!(system.minimum_rows(), library.minimum_rows());
    // Selectors are not replaced yet.
    assert!(matches!(system.to_shape(4), Err(Error::InvalidCircuit(_))));
}

#[test]
fn a_changed_byte_is_refused() {
    let (text, hash) = text();
    for position in (0..text.len()).step_by(13) {
        let mut changed = text.clone().into_bytes();
        changed[position] ^= 1;
        let changed = String::from_utf8(changed).unwrap();
        let error = authenticated::<EqAffine>(&changed, hash).unwrap_err();
        assert!(matches!(error, Error::KeyHash { .. }), "{error}");
    }
    let error = authenticated::<EqAffine>(&text, hash + Fp::from(1)).unwrap_err();
    assert!(matches!(error, Error::KeyHash { .. }), "{error}");
}

#[test]
fn texts_that_read_otherwise_are_errors() {
    let (text, _) = text();
    assert!(read(&text).is_ok());
    for end in (0..text.len()).step_by(7) {
        let error = read(&text[..end]).unwrap_err();
        assert!(matches!(error, Error::KeyText { .. }), "{error}");
    }
    let changes = [
        ("PinnedConstraintSystem", "PinnedSystem", "PinnedConstraintSystem { num_fixed_columns: "),
        ("Product(", "Quotient(", "an expression"),
        ("Rotation(-1)", "Rotation(-)", "a number"),
        ("column_type: Fixed", "column_type: Fluid", "a kind of column"),
        ("Some(5)", "Some(5))", " }"),
        ("0x", "0y", "the modulus of the curve's field"),
        ("omega: 0x", "omega: 0x0", "64 hexadecimal digits"),
        ("fixed_commitments: [(0x", "fixed_commitments: [(0y", "0x"),
    ];
    for (from, to, wanted) in changes {
        assert!(text.contains(from), "{from}");
        match read(&text.replacen(from, to, 1)).unwrap_err() {
            Error::KeyText { expected, .. } => assert_eq!(expected, wanted, "{from}"),
            other => panic!("{from}: {other}"),
        }
    }
    let omega = text.find("omega: 0x").unwrap() + "omega: 0x".len();
    let mut large = text.clone();
    large.replace_range(omega..omega + 64, &"f".repeat(64));
    let error = read(&large).unwrap_err();
    assert!(matches!(error, Error::KeyText { expected: "an element of the field", .. }), "{error}");
    let error = read(&text.replace("num_advice_columns: 1", "num_advice_columns: 0")).unwrap_err();
    assert!(matches!(error, Error::ColumnOutOfRange { what: "advice", column: 0, columns: 0 }), "{error}");
    let error = read(&format!("{text} ")).unwrap_err();
    assert!(matches!(error, Error::KeyText { expected: "the end", .. }), "{error}");
}
