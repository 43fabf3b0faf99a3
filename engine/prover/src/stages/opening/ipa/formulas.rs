//! Formulas of points as programs over columns of coordinates.

use parhelion_field_kernels::{FieldSpec, Fp, Kernels, Node, Output, Program, ProgramBuilder};

/// A point in Jacobian coordinates: x = X/Z², y = Y/Z³.
pub(super) type Jacobian = [Node; 3];

/// A point in Jacobian coordinates and one in affine coordinates, to a point in Jacobian coordinates:
/// the same for each row.
pub(super) struct Formula<S: FieldSpec> {
    program: Program,
    constants: Vec<(usize, Fp<S>)>,
}

impl<S: FieldSpec> Formula<S> {
    /// Compiles what `write` says. Of the second point Z is 1, and not read.
    pub(super) fn new(write: impl FnOnce(&mut ProgramBuilder<S>, [Jacobian; 2]) -> Jacobian) -> Self {
        let mut builder = ProgramBuilder::new();
        let [x, y, z, point_x, point_y] = std::array::from_fn(|index| builder.column(index, 0));
        let sum = write(&mut builder, [[x, y, z], [point_x, point_y, z]]);
        let outputs: Vec<Output> =
            sum.into_iter().enumerate().map(|(column, node)| Output { node, column, scale: None }).collect();
        Self { program: builder.build(&outputs), constants: builder.constants() }
    }

    pub(super) fn run(
        &self,
        kernels: &Kernels,
        acc: &[Vec<Fp<S>>; 3],
        point: &[Vec<Fp<S>>; 2],
        out: &mut [Vec<Fp<S>>; 3],
    ) {
        let columns: Vec<&[Fp<S>]> = acc.iter().chain(point).map(Vec::as_slice).collect();
        let columns: Vec<&[Fp<S>]> =
            self.program.column_indices().iter().map(|&index| columns[index]).collect();
        let constant = |index: &usize| {
            let known = self.constants.iter().find(|(known, _)| known == index);
            known.map_or(Fp::ZERO, |(_, value)| *value)
        };
        let uniforms: Vec<Fp<S>> = self.program.uniform_indices().iter().map(constant).collect();
        let mut outputs = out.each_mut().map(Vec::as_mut_slice);
        kernels.run_program(&self.program, &columns, &uniforms, &mut outputs);
    }
}

/// Twice a point: dbl-2009-l of the Explicit-Formulas Database, a = 0.
pub(super) fn double<S: FieldSpec>(b: &mut ProgramBuilder<S>, [x, y, z]: Jacobian) -> Jacobian {
    let (xx, yy) = (b.mul(x, x), b.mul(y, y));
    let yyyy = b.mul(yy, yy);
    let sum = b.add(x, yy);
    let sum = b.mul(sum, sum);
    let difference = b.sub(sum, xx);
    let difference = b.sub(difference, yyyy);
    let d = b.add(difference, difference);
    let e = b.add(xx, xx);
    let e = b.add(e, xx);
    let (ee, dd) = (b.mul(e, e), b.add(d, d));
    let x3 = b.sub(ee, dd);
    let difference = b.sub(d, x3);
    let product = b.mul(e, difference);
    let eight = (0..3).fold(yyyy, |sum, _| b.add(sum, sum));
    let (y3, yz) = (b.sub(product, eight), b.mul(y, z));
    [x3, y3, b.add(yz, yz)]
}

/// A point and another in affine coordinates, or its negative: madd of the Explicit-Formulas Database.
/// If their x are the same, Z of the result is 0.
pub(super) fn add_affine<S: FieldSpec>(
    b: &mut ProgramBuilder<S>,
    [x, y, z]: Jacobian,
    [point_x, point_y, _]: Jacobian,
    negative: bool,
) -> Jacobian {
    let zz = b.mul(z, z);
    let (u, zzz) = (b.mul(point_x, zz), b.mul(z, zz));
    let s = b.mul(point_y, zzz);
    let h = b.sub(u, x);
    // -r for the negative: r² is the same.
    let r = if negative { b.add(s, y) } else { b.sub(s, y) };
    let hh = b.mul(h, h);
    let (hhh, v) = (b.mul(h, hh), b.mul(x, hh));
    let (rr, vv) = (b.mul(r, r), b.add(v, v));
    let x3 = b.sub(rr, hhh);
    let x3 = b.sub(x3, vv);
    let difference = if negative { b.sub(x3, v) } else { b.sub(v, x3) };
    let (product, yh) = (b.mul(r, difference), b.mul(y, hhh));
    [x3, b.sub(product, yh), b.mul(z, h)]
}
