//! Fixed columns: selectors of rows, and what bytes and nibbles are looked up in.

use halo2_axiom::halo2curves::bn256::Fr;

/// 1 in rows of steps: all usable ones but the last, which has the final state.
pub(crate) const IS_STEP: usize = 0;
/// 1 in the first row.
pub(crate) const IS_FIRST: usize = 1;
/// 1 in the last usable row.
pub(crate) const IS_LAST: usize = 2;
/// The number of the row; 0 from row 256 on, as in the other columns of tables.
pub(crate) const BYTE: usize = 3;
/// `2^(byte mod 64)`
pub(crate) const POW64: usize = 4;
/// `2^(byte mod 32)`
pub(crate) const POW32: usize = 5;
/// The nibbles of the byte, and their AND.
pub(crate) const LEFT: usize = 6;
/// See [`LEFT`].
pub(crate) const RIGHT: usize = 7;
/// See [`LEFT`].
pub(crate) const AND: usize = 8;

pub(crate) const COUNT: usize = 9;

/// The value of a fixed column in a row. `last` is the last usable row.
pub(crate) fn value(column: usize, row: usize, last: usize) -> Fr {
    let byte = if row < 256 { row as u64 } else { 0 };
    Fr::from(match column {
        IS_STEP => u64::from(row < last),
        IS_FIRST => u64::from(row == 0),
        IS_LAST => u64::from(row == last),
        BYTE => byte,
        POW64 => 1 << (byte % 64),
        POW32 => 1 << (byte % 32),
        LEFT => byte >> 4,
        RIGHT => byte & 15,
        _ => byte >> 4 & byte & 15,
    })
}
