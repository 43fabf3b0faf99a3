//! The columns of a key, on field elements of any kind.

use parhelion_field_kernels::{Domain, FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use crate::adapters::cycles::Permutation;

/// Cells that are computed at a time: they stay in the first-level cache.
const TILE: usize = 512;

/// The permutation as columns: where a cell (column i, row j) is sent to (i', j'), sigma_i holds
/// delta^i' * omega^j' on row j (Gabizon, Williamson and Ciobotaru, "PLONK", section 5).
pub(super) fn sigma_columns<S: FieldSpec>(
    kernels: &Kernels,
    domain: &Domain<S>,
    permutation: &Permutation,
) -> Vec<Vec<Fp<S>>> {
    let rows = permutation.rows;
    let mut omegas = vec![Fp::ZERO; rows];
    kernels.powers(domain.omega(), Fp::ONE, &mut omegas);
    let mut deltas = vec![Fp::ZERO; permutation.columns];
    kernels.powers(Fp::delta(), Fp::ONE, &mut deltas);

    // Columns are allocated where they are filled: touching their pages first takes as long as the products.
    kernels.executor().map(permutation.columns, |column| {
        let targets = &permutation.next[column * rows..(column + 1) * rows];
        let mut labels = Vec::with_capacity(rows);
        labels.extend(targets.iter().map(|&target| omegas[target as usize % rows]));
        let mut of_columns = [Fp::ZERO; TILE];
        for (labels, targets) in labels.chunks_mut(TILE).zip(targets.chunks(TILE)) {
            let of_columns = &mut of_columns[..targets.len()];
            of_columns.iter_mut().zip(targets).for_each(|(to, target)| *to = deltas[*target as usize / rows]);
            kernels.mul_assign(labels, of_columns);
        }
        labels
    })
}

/// Polynomials that tell rows apart, as coefficients.
#[derive(Debug)]
pub(super) struct RowPolynomials<S: FieldSpec> {
    /// 1 on the first row, 0 elsewhere.
    pub(super) l0: Vec<Fp<S>>,
    /// 1 on the row after the usable ones, 0 elsewhere.
    pub(super) l_last: Vec<Fp<S>>,
    /// 1 on the usable rows, 0 elsewhere. Comes as values on the rows, to be transformed along with
    /// the other columns.
    pub(super) l_active: Vec<Fp<S>>,
}

/// The row polynomials of a domain with `usable` rows.
///
/// The polynomial that is 1 on row i alone is 1/n * sum_j (omega^-i X)^j: no transform is needed.
pub(super) fn row_polynomials<S: FieldSpec>(
    kernels: &Kernels,
    domain: &Domain<S>,
    usable: usize,
) -> RowPolynomials<S> {
    let mut l_last = vec![Fp::ZERO; domain.size()];
    kernels.powers(domain.omega_inv().pow(usable as u64), domain.size_inv(), &mut l_last);
    let mut l_active = vec![Fp::ZERO; domain.size()];
    l_active[..usable].fill(Fp::ONE);
    RowPolynomials { l0: vec![domain.size_inv(); domain.size()], l_last, l_active }
}
