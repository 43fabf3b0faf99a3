//! Recipes thrown together by chance.

use rand_core::RngCore;

use crate::Case;
use crate::bench::rng;
use crate::circuits::{
    Constants, Copies, DynamicLookup, Gate, GateSelector, Instances, Lookup, PhaseStyle, Phases, Rational,
    Recipe, Selectors, TableKind,
};

/// Rows that no gadget uses: blinding rows, and what gadgets read above and below their rows.
const SPARE_ROWS: usize = 20;

/// How many random cases a test goes through: what the environment variable
/// `PARHELION_RANDOM_CASES` says, or else `default`. Their seeds count from 0, so that a failure
/// is found again.
///
/// # Panics
/// If the variable is set, but to no number.
#[must_use]
pub fn random_cases(default: u64) -> u64 {
    std::env::var("PARHELION_RANDOM_CASES")
        .map_or(default, |cases| cases.parse().expect("PARHELION_RANDOM_CASES is a number"))
}

/// A case of one to five gadgets that the library can prove, from a seed.
#[must_use]
pub fn random_case(seed: u64) -> Case {
    let mut dice = Dice(rng(seed));
    let k = 5 + dice.below(3) as u32;
    let rows = (1 << k) - SPARE_ROWS;
    let style = dice.pick(&[
        PhaseStyle::Resynthesis,
        PhaseStyle::ResynthesisWithZeros,
        PhaseStyle::Region,
        PhaseStyle::Layouter,
    ]);
    let mut recipe = Recipe::default().style(style);
    // Above 5 only if asked for: the library caps the degree of what it is not told about.
    let degree = match dice.below(3) {
        0 => 5,
        _ => 3 + dice.below(7),
    };
    if degree != 5 {
        recipe = recipe.degree(degree);
    }
    let mut table = Table { dice, rows, degree: degree.max(5), style, constants: false, single: false };
    for _ in 0..=table.dice.below(5) {
        recipe = table.add_gadget(recipe);
    }
    // The library can prove several circuits only if they have neither instances nor phases.
    let circuits = if table.single { 1 } else { 1 + table.dice.below(2) };
    Case { name: "random", k, recipe, circuits, mockable: false, stock_proves: true }
}

struct Dice(rand_chacha::ChaCha20Rng);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0.next_u32() as usize % bound
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }
}

struct Table {
    dice: Dice,
    rows: usize,
    /// The highest degree that a constraint may have.
    degree: usize,
    style: PhaseStyle,
    /// Whether there are constants: those of one gadget fill their column.
    constants: bool,
    /// Whether the library can prove only one such circuit at a time.
    single: bool,
}

impl Table {
    fn some_rows(&mut self) -> usize {
        let fewest = 3;
        if self.dice.coin() { self.rows } else { fewest + self.dice.below(self.rows - fewest + 1) }
    }

    fn add_gadget(&mut self, recipe: Recipe) -> Recipe {
        let rows = self.some_rows();
        match self.dice.below(9) {
            0 | 1 => recipe.with(self.gate(rows)),
            2 => recipe.with(self.lookup(rows)),
            3 => recipe.with(self.dynamic_lookup(rows)),
            4 => {
                self.single = true;
                let late_write = self.dice.coin();
                recipe.with(Phases { phases: 2, rows, late_write, style: self.style })
            }
            5 => recipe.with(Copies { columns: 1 + self.dice.below(9), rows }),
            6 => {
                self.single = true;
                let lengths = (0..=self.dice.below(3)).map(|_| self.dice.below(rows + 1)).collect();
                recipe.with(Instances { lengths, rotation: self.dice.below(5) as i32 - 2 })
            }
            7 if !self.constants => {
                self.constants = true;
                recipe.with(Constants { rows })
            }
            8 => recipe.with(Rational { rows, zero_denominators: self.dice.coin() }),
            _ => recipe.with(Selectors { exclusive: 2 + self.dice.below(5), rows }),
        }
    }

    fn gate(&mut self, rows: usize) -> Gate {
        let rotations = (0..=self.dice.below(4)).map(|_| self.dice.below(7) as i32 - 3).collect();
        let selector = self.dice.pick(&[GateSelector::Simple, GateSelector::Complex, GateSelector::Fixed]);
        Gate { degree: 2 + self.dice.below(self.degree - 1), rotations, rows, selector }
    }

    fn lookup(&mut self, rows: usize) -> Lookup {
        let gated = self.dice.coin();
        Lookup {
            arguments: 1 + self.dice.below(3),
            width: 1 + self.dice.below(3),
            shared_table: self.dice.coin(),
            gated,
            rotation: if gated { self.dice.below(5) as i32 - 2 } else { 0 },
            table_rows: 1 + self.dice.below(self.rows),
            rows,
        }
    }

    fn dynamic_lookup(&mut self, rows: usize) -> DynamicLookup {
        let table = self.dice.pick(&[TableKind::Advice, TableKind::Fixed, TableKind::Instance]);
        self.single |= table == TableKind::Instance;
        let gated_input = self.dice.coin();
        let gated_table = self.dice.coin() && (!gated_input || self.degree > 5);
        DynamicLookup { table, width: 1 + self.dice.below(3), rows, gated_input, gated_table }
    }
}
