//! The columns of a key, on field elements of any kind.

use parhelion_field_kernels::{Domain, FieldSpec, Fp, Kernels};
use parhelion_scheduler::ExecutorExt;

use crate::adapters::cycles::Permutation;

/// Fewest cells worth a task of their own.
const MIN_CHUNK: usize = 1 << 12;

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

    let executor = kernels.executor();
    let chunk = executor.chunk_len(rows * permutation.columns, MIN_CHUNK).min(rows);
    let mut columns = vec![vec![Fp::ZERO; rows]; permutation.columns];
    let pieces = columns.iter_mut().flat_map(|column| column.chunks_mut(chunk));
    let targets = permutation.next.chunks(rows).flat_map(|column| column.chunks(chunk));
    executor.for_each(pieces.zip(targets), |_, (piece, targets)| {
        for (value, &target) in piece.iter_mut().zip(targets) {
            let (column, row) = (target as usize / rows, target as usize % rows);
            *value = deltas[column] * omegas[row];
        }
    });
    columns
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
