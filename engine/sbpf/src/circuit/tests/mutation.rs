//! Every cell of a few executions, changed in several ways: something must notice.

use ff::Field;
use halo2_axiom::halo2curves::bn256::Fr;

use super::check::{Cells, Checker};
use super::*;
use crate::circuit::flags::*;
use crate::circuit::layout::*;

/// Why a cell may change without anyone noticing: it means nothing in its row.
///
/// What such a cell may hold is harmless because no other constraint of the row reads it; each line
/// says which flag would make one do so.
fn means_nothing(cells: &Cells, column: usize, row: usize) -> bool {
    let any = |flags: &[usize]| flags.iter().any(|&flag| cells.has(row, flag));
    let is_last = row == cells.last();
    let memory = any(&[LOAD, STORE]);
    let pops = any(&[EXIT]) && cells.columns[HALT][row] == Fr::ZERO;
    let frame = any(&[CALL, CALLX]) || pops;
    let bitwise = any(&[AND, OR, XOR, JSET]);
    let crosses = cells.columns[CROSS][row] == Fr::ONE;
    let active = (0..CLASSES).any(|flag| cells.has(row, flag));
    // The row of the final state is no step: of it only the state counts.
    if is_last {
        return !(PC..R + 10).contains(&column);
    }
    match column {
        // Padding looks up no instruction. (The immediate is then the second operand, which is
        // not used.)
        OFF => !active,
        // A byte of the first operand is one only where the operand is cut, compared, shifted or
        // swapped; of others it must be a byte.
        _ if (LA..LD + 8).contains(&column) => {
            let group = column - (column - LA) % 8;
            let read = match group {
                LA => {
                    bitwise
                        || memory
                        || pops
                        || any(&[ADD, SUB, NEG, MUL, SHL, SHR, MOV, LE, BE, JUMP, DIV, MOD])
                }
                LB => bitwise || crosses || pops || any(&[ADD, SUB, MUL, SHL, SHR, MOV, JUMP, DIV, MOD]),
                LC => bitwise || memory || pops || any(&[JUMP, WRITE]),
                _ => bitwise || pops || any(&[MUL, SHL, SHR, DIV, MOD]) || memory && column < LD + 6,
            };
            // The upper bytes of an address in the stack, and of the region.
            !read || memory && column == LD + 3 && cells.columns[IS_STACK][row] == Fr::ONE
        }
        B | IMM => !active,
        C => !any(&[WRITE]),
        // Bitwise steps go by nibbles.
        X | Y => bitwise,
        POW => !any(&[SHL, SHR]),
        CARRY => !any(&[ADD, SUB, NEG, JUMP]),
        EQUAL | INVERSE => !any(&[JUMP, JSET]) || column == INVERSE && cells.columns[EQUAL][row] == Fr::ONE,
        WORD => !memory && !frame,
        // Both limits must fit each other; the table is asked in steps that touch memory.
        _ if (N..N + 8).contains(&column) => !bitwise && !memory && !any(&[CALLX]),
        _ if (AGE..AGE + 2).contains(&column) => !bitwise && !memory && !frame,
        _ if (AGE + 2..AGE + 4).contains(&column) => !bitwise && !crosses && !frame,
        OLD0 | NEW0 => !bitwise && !memory && !frame,
        OLD1 | NEW1 => !bitwise && !memory && !frame,
        _ => false,
    }
}

/// What a cell is changed to.
fn changes(value: Fr, column: usize, row: usize) -> [Fr; 4] {
    let other = Fr::from((column * 7919 + row * 104_729 + 3) as u64 % 256);
    [value + Fr::ONE, Fr::ONE - value, other, Fr::from_raw([column as u64, row as u64, 5, 7])]
}

#[test]
fn every_changed_cell_is_noticed() {
    let checker = Checker::new();
    let (mut tried, mut excused, mut failures) = (0, 0, Vec::new());
    for (name, text, input) in programs::all() {
        for mut cells in cells(&text, &input, 60).into_iter().take(2) {
            let before = cells.clone();
            let entries = checker.table_entries(&cells);
            let used = before.columns[CLOCK].iter().max().copied().unwrap();
            let used = (0..).find(|&row| Fr::from(row) == used).unwrap() as usize;
            let last = cells.last();
            let rows: Vec<usize> = (0..used + 2).chain([last - 1, last]).collect();
            for column in PC..COLUMNS {
                for &row in &rows {
                    let value = before.columns[column][row];
                    for changed in changes(value, column, row) {
                        if changed == value {
                            continue;
                        }
                        tried += 1;
                        cells.columns[column][row] = changed;
                        if checker.check_change(&before, &cells, &entries, column, row).is_ok() {
                            excused += 1;
                            if !means_nothing(&before, column, row) {
                                failures.push((name, column, row, before.columns[PC][row]));
                            }
                        }
                    }
                    cells.columns[column][row] = value;
                }
            }
        }
    }
    println!("{tried} changes, {excused} of them to cells that mean nothing in their row");
    failures.dedup();
    assert!(failures.is_empty(), "{} unnoticed: {:?}", failures.len(), &failures[..failures.len().min(20)]);
}

/// Cells of the tables: the program, addresses, memory and multiplicities.
#[test]
fn every_changed_cell_of_a_table_is_noticed() {
    let checker = Checker::new();
    for (name, text, input) in programs::all() {
        let mut cells = cells(&text, &input, 400).remove(0);
        checker.multiplicities(&cells).unwrap();
        for column in 0..PC {
            // So that it is enough to check the tables.
            assert!(!checker.is_read(column));
            for row in [0, 1, 17, 255, cells.last() - 1] {
                let value = cells.columns[column][row];
                for changed in changes(value, column, row).into_iter().filter(|&changed| changed != value) {
                    cells.columns[column][row] = changed;
                    let unused =
                        (ROM_PC..=ROM_OFF).contains(&column) && cells.columns[M_ROM][row] == Fr::ZERO;
                    let result = checker.check_tables(&cells).and_then(|()| checker.multiplicities(&cells));
                    // A row of the program that is never looked up can be anything: the verifier
                    // commits to these columns itself. So it does to addresses, and an address no
                    // step touches moves along with its word.
                    let untouched = [RAM_ADDRESS, RAM_LIMIT].contains(&column)
                        && cells.columns[RAM_LAST][row] == Fr::ZERO;
                    assert!(result.is_err() || unused || untouched, "{name}: column {column}, row {row}");
                }
                cells.columns[column][row] = value;
            }
        }
    }
}
