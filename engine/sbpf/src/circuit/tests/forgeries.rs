//! Forgeries of the lookups and of the memory argument, rather than of what a step does.

use std::sync::Arc;

use ff::Field;
use halo2_axiom::dev::MockProver;
use halo2_axiom::halo2curves::bn256::Fr;
use parhelion_scheduler::Sequential;

use super::check::{Cells, Checker};
use super::*;
use crate::chunk::Plan;
use crate::circuit::layout::*;
use crate::circuit::run::State;

/// Stores, loads, and stores something else there.
const TEXT: &str = "mov64 r2, 7\nstxdw [r10-8], r2\nldxdw r0, [r10-8]\nmov64 r2, 9\nstxdw [r10-8], r2\nexit";

struct Honest {
    witness: Witness,
    instances: Vec<Fr>,
}

fn honest() -> Honest {
    let program = assemble(TEXT);
    let plan = Plan::new(image(&program, &[]), 1000, 1000).unwrap();
    let [before, after] = [&plan.boundaries[0], &plan.boundaries[1]];
    let instances = instances(&before.state, &after.state, after.steps);
    Honest { witness: plan.witness(0, K).unwrap(), instances }
}

/// Whether halo2's own checker accepts it, both phases and all.
fn accepted(honest: &Honest, forged: Option<(usize, usize)>) -> bool {
    let mut circuit = MachineCircuit::new(K, Arc::new(honest.witness.clone()), Arc::new(Sequential));
    circuit.forged = forged;
    MockProver::run(K, &circuit, vec![honest.instances.clone()]).unwrap().verify().is_ok()
}

#[test]
fn multiplicities() {
    assert!(accepted(&honest(), None));
    // One more than looked up; what was looked up in another row; as often, but of something else.
    for column in [M_ROM, M_BYTE, M_AND, M_POW64, M_POW32] {
        let mut forged = honest();
        let count = forged.witness.small(column, 1).unwrap();
        forged.witness.set(column, 1, count + 1);
        assert!(!accepted(&forged, None), "column {column}");
        let other = forged.witness.small(column, 2).unwrap();
        forged.witness.set(column, 1, other);
        forged.witness.set(column, 2, count);
        assert_eq!(accepted(&forged, None), count == other, "column {column}");
    }
    let mut forged = honest();
    forged.witness.set(RAM_LAST, 0, 1);
    assert!(!accepted(&forged, None));
}

/// Sums that are not those of the fractions, at the beginning, in between and at the end.
#[test]
fn sums() {
    let last = honest().witness.rows() - 1;
    let running = lookups::helper_columns() - 1;
    for column in [0, running / 2, running - 1, running] {
        for row in [0, 1, last - 1] {
            assert!(!accepted(&honest(), Some((column, row))), "column {column}, row {row}");
        }
    }
    assert!(!accepted(&honest(), Some((running, last))));
    // The sums of groups have no meaning in the row of the final state.
    assert!(accepted(&honest(), Some((0, last))));
}

/// What the steps of [`TEXT`] do if the load gives `loaded`. `found` is what the second store finds and
/// `left` what is in memory in the end.
fn cells(loaded: u64, found: u64, left: u64, twice: bool) -> Cells {
    let program = assemble(TEXT);
    let image = image(&program, &[]);
    let plan = Plan::new(image, 1000, 1000).unwrap();
    let mut listing = plan.listing.clone();
    if twice {
        listing.words.push(listing.words[0]);
    }
    let word = listing.words[0].0;
    let mut builder = Builder::new(K, &listing);
    let (mut state, mut memory): (State, _) = (plan.boundaries[0].state, Memory::default());
    for pc in 0..6 {
        let row = listing.rom.iter().find(|row| row.pc == pc).unwrap();
        let mut record = execute(row, &state, &mut memory, &image).unwrap();
        let set = |access: &mut Option<run::Access>, old: u64| {
            let access = access.as_mut().unwrap();
            (access.old[0], access.window) = (Fr::from(old), old.into());
        };
        if pc == 2 {
            set(&mut record.access, loaded);
            record.access.as_mut().unwrap().new[0] = Fr::from(loaded);
            (record.c, record.after.registers[0]) = (loaded, loaded);
        } else if pc == 4 {
            set(&mut record.access, found);
        }
        builder.push(&record);
        state = record.after;
    }
    memory.words.insert(word, left);
    let witness = builder.finish(&state, &image, [&Memory::default(), &memory]);
    Cells::new(&witness, instances(&plan.boundaries[0].state, &state, 6))
}

/// Says when the load and the second store found what they did, and when what is left was written.
fn times(cells: &mut Cells, load: u64, store: u64, last: u64) {
    for (row, time) in [(2, load), (4, store)] {
        cells.columns[AGE][row] = Fr::from(row as u64) - Fr::from(time);
        cells.columns[AGE + 1][row] = Fr::ZERO;
    }
    cells.columns[RAM_LAST][0] = Fr::from(last);
}

#[test]
fn a_load_of_what_is_stored_later() {
    let checker = Checker::new();
    let mut good = cells(7, 7, 9, false);
    times(&mut good, 2, 3, 5);
    checker.check(&good).unwrap();
    // The load finds the 9 of step 4, the second store what the load left, and the 7 of step 1 stays
    // in the end. All is balanced: it is the time alone that does not fit.
    let mut forged = cells(9, 9, 7, false);
    times(&mut forged, 5, 3, 2);
    let error = checker.check(&forged).unwrap_err();
    assert_eq!(error, "row 2: not in table Byte");
    // At the very time of the load itself.
    let mut forged = cells(8, 7, 9, false);
    times(&mut forged, 3, 2, 5);
    let error = checker.check(&forged).unwrap_err();
    assert_eq!(error, "row 2: not in table Byte");
}

/// A word that is listed twice has two lives: this is why the verifier looks for it.
#[test]
fn a_word_listed_twice() {
    let checker = Checker::new();
    let mut forged = cells(0, 7, 9, true);
    times(&mut forged, 0, 2, 5);
    (forged.columns[RAM_OUT][1], forged.columns[RAM_LAST][1]) = (Fr::ZERO, Fr::from(3));
    checker.check(&forged).unwrap();
    forged.columns[RAM_ADDRESS][1] += Fr::ONE;
    checker.check(&forged).unwrap_err();
}
