//! Columns of keys that are being generated.

use parhelion_field_kernels::{FieldSpec, Fp, Kernels};

/// Divides cells by what they are owed, with one inversion for all. A zero denominator makes the
/// cell zero, as in the library's `Assigned`.
pub(crate) fn divide<S: FieldSpec>(
    kernels: &Kernels,
    columns: &mut [Vec<Fp<S>>],
    denominators: impl IntoIterator<Item = ((usize, usize), Fp<S>)>,
) {
    let (cells, mut inverses): (Vec<_>, Vec<_>) = denominators.into_iter().unzip();
    kernels.batch_invert(&mut inverses);
    for ((column, row), inverse) in cells.into_iter().zip(inverses) {
        columns[column][row] *= inverse;
    }
}
