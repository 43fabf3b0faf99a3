//! Witnesses cell by cell and column by column.

use super::*;
use parhelion_allocators::Pool;
use parhelion_field_kernels::{Bn254Fr, Bn254FrSpec};

const N: usize = 64;
const USABLE: usize = N - 4;

fn value(v: u64) -> Bn254Fr {
    Fp::from_u64(v)
}

fn with_witness<R>(phases: &[u8], window: usize, test: impl FnOnce(Witness<'_, Bn254FrSpec>) -> R) -> R {
    let (kernels, memory) = (Kernels::sequential(), Memory::new(Pool::default().workspace(), 6));
    test(Witness::new((&kernels, &memory), phases, 1, (N, USABLE), window))
}

fn rows(witness: &Witness<'_, Bn254FrSpec>) -> Vec<Vec<Bn254Fr>> {
    let unpack = |column: StoredRef<'_, Bn254FrSpec>| match column {
        StoredRef::Plain(values) => values.to_vec(),
        StoredRef::Packed(packed) => {
            let mut values = vec![Fp::ZERO; N];
            witness.kernels.unpack(packed, 0, &mut values);
            values
        }
        StoredRef::Cells(_) => unreachable!("no advice column is made of labels"),
    };
    witness.closed().map(|(_, column)| unpack(column)).collect()
}

#[test]
fn the_last_assignment_of_a_cell_counts() {
    with_witness(&[0, 1], 1, |mut w| {
        w.assign(0, 0, Some(Cell::Fraction(value(6), value(3)))).unwrap();
        w.assign(0, 1, Some(Cell::Fraction(value(6), value(3)))).unwrap();
        w.assign(0, 1, Some(Cell::Value(value(6)))).unwrap();
        w.assign(0, 2, Some(Cell::Value(value(9)))).unwrap();
        w.assign(0, 2, Some(Cell::Fraction(value(9), Fp::ZERO))).unwrap();
        w.close().unwrap();
        assert_eq!(rows(&w)[0][..4], [value(2), value(6), Fp::ZERO, Fp::ZERO]);
    });
}

#[test]
fn columns_may_be_closed_and_opened_at_any_time() {
    const COLUMNS: usize = 5;
    let blinds = |column: usize| Blinds::<Bn254FrSpec>::from_elem(value(1000 + column as u64), N - USABLE);
    for window in [1, 2, 3, COLUMNS] {
        with_witness(&[0; COLUMNS], window, |mut w| {
            w.begin_phase((0..COLUMNS).map(blinds).collect());
            let mut expected = vec![vec![Fp::ZERO; N]; COLUMNS];
            expected.iter_mut().enumerate().for_each(|(i, rows)| rows[USABLE..].copy_from_slice(&blinds(i)));
            // In a row, side by side, back and forth, and nothing in the last column.
            let in_a_row = (0..40).map(|i| (i / 10, i % 10));
            let orders = in_a_row.chain((0..40).map(|i| (i % 10 % 4, 10 + i / 4)));
            let back = [(0, 3), (3, 3), (0, 4), (2, 30), (1, 3), (0, 5)];
            for (i, (column, row)) in orders.chain(back).enumerate() {
                let i = i as u64 + 1;
                if i.is_multiple_of(3) {
                    w.assign(column, row, Some(Cell::Fraction(value(10 * i), value(5)))).unwrap();
                    expected[column][row] = value(2 * i);
                } else {
                    w.assign(column, row, Some(Cell::Value(value(i)))).unwrap();
                    expected[column][row] = value(i);
                }
            }
            w.close().unwrap();
            assert_eq!(rows(&w), expected, "{window} columns at a time");
        });
    }
}

#[test]
fn whole_columns_are_the_cells_one_by_one() {
    const COLUMNS: usize = 5;
    let blinds = |column: usize| Blinds::<Bn254FrSpec>::from_elem(value(1000 + column as u64), N - USABLE);
    let cell = |place: usize, row: usize| value((100 * place + row + 1) as u64);
    let write = |_: &Kernels, place: usize, rows: &mut [Fp<Bn254FrSpec>]| {
        rows.iter_mut().enumerate().for_each(|(row, out)| *out = cell(place, row));
    };
    // Full, empty, of one row; one that is open, with a fraction; one of a later phase.
    let given = [(3, USABLE), (1, 0), (0, 1), (2, 7), (4, 5)];
    for window in [1, 2, COLUMNS] {
        let made = |whole: bool| {
            with_witness(&[0, 0, 0, 0, 1], window, |mut w| {
                w.begin_phase((0..4).map(blinds).collect());
                w.assign(2, 3, Some(Cell::Fraction(value(6), value(3)))).unwrap();
                w.assign(2, 9, Some(Cell::Fraction(value(6), value(3)))).unwrap();
                if whole {
                    w.assign_columns(&given, write).unwrap();
                } else {
                    for (place, (column, rows)) in given.into_iter().enumerate() {
                        for row in 0..rows {
                            w.assign(column, row, Some(Cell::Value(cell(place, row)))).unwrap();
                        }
                    }
                }
                // A circuit may come back to them.
                w.assign(3, 2, Some(Cell::Value(value(77)))).unwrap();
                w.close().unwrap();
                let first = rows(&w);
                w.phase = 1;
                w.begin_phase(vec![blinds(4)]);
                // Those of the first phase are committed to.
                w.assign_columns(&[(0, 3), (4, 2)], write).unwrap();
                w.close().unwrap();
                let second = rows(&w);
                w.phase = 0;
                assert_eq!(rows(&w), first);
                (first, second)
            })
        };
        let (whole, single) = (made(true), made(false));
        assert_eq!(whole, single, "{window} at a time");
        let expected: Vec<_> = (301..=307).map(value).chain([Fp::ZERO, Fp::ZERO, value(2)]).collect();
        assert_eq!(whole.0[2][..10], expected);
    }
    with_witness(&[0, 1], 1, |mut w| {
        let error = w.assign_columns(&[(0, 1), (2, 1)], write);
        assert!(matches!(error, Err(Error::ColumnOutOfRange { column: 2, columns: 2, .. })));
        let error = w.assign_columns(&[(0, USABLE + 1)], write);
        assert!(matches!(error, Err(Error::RowOutOfRange { usable: USABLE, .. })));
    });
}

#[test]
fn bad_cells_are_errors() {
    with_witness(&[0, 1], 1, |mut w| {
        assert!(matches!(w.assign(2, 0, None), Err(Error::ColumnOutOfRange { column: 2, columns: 2, .. })));
        assert!(matches!(w.assign(0, USABLE, None), Err(Error::RowOutOfRange { usable: USABLE, .. })));
        assert!(matches!(w.assign(0, 3, None), Err(Error::UnknownWitness { column: 0, row: 3 })));
        assert!(w.assign(1, 3, None).is_ok(), "a later phase may still be unknown");
    });
}

#[test]
fn committed_columns_stay() {
    with_witness(&[0, 1], 1, |mut w| {
        w.assign(0, 0, Some(Cell::Value(value(1)))).unwrap();
        w.assign(1, 0, Some(Cell::Value(value(7)))).unwrap();
        w.close().unwrap();
        assert_eq!(rows(&w)[0][0], value(1));
        w.phase = 1;
        w.begin_phase(vec![Blinds::from_elem(value(8), 1)]);
        w.assign(0, 0, Some(Cell::Value(value(2)))).unwrap();
        w.close().unwrap();
        assert_eq!(rows(&w)[0][..2], [value(7), Fp::ZERO], "a value may come early");
        assert_eq!(rows(&w)[0][N - 1], value(8));
        w.phase = 0;
        assert_eq!(rows(&w)[0][0], value(1));
    });
}
