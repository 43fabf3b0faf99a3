//! Calls that follow others of their size allocate next to nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parhelion_field_kernels::{
    Bn254Fr, Bn254FrSpec, Bn254G1, Bn254G1Affine, Bn254G1Spec, CurveSpec, Domain, KernelChoice, Kernels,
    Output, Program, ProgramBuilder,
};
use parhelion_scheduler::{Executor, Sequential, WorkStealing};

/// Counts what the process takes from the heap.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as the caller says.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        // SAFETY: as the caller says.
        unsafe { System.dealloc(start, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// The fewest allocations of a few calls after two to warm up. Threads may need more blocks at once in one call
/// than in those before, but not every time.
fn allocations(mut call: impl FnMut()) -> usize {
    call();
    call();
    let one = |_| {
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        call();
        ALLOCATIONS.load(Ordering::Relaxed) - before
    };
    (0..5).map(one).min().unwrap_or_default()
}

/// Squares that differ.
fn elements(count: usize) -> Vec<Bn254Fr> {
    let mut value = Bn254Fr::generator();
    (0..count)
        .map(|_| {
            value = (value + Bn254Fr::ONE).square();
            value
        })
        .collect()
}

/// Multiples of the generator.
fn points(kernels: &Kernels, count: usize) -> Vec<Bn254G1Affine> {
    let generator = Bn254G1Spec::generator();
    let mut point = Bn254G1::from(generator);
    let step = |_| {
        point = point.double().add_affine(generator);
        point
    };
    kernels.normalize(&(0..count).map(step).collect::<Vec<_>>())
}

/// A gate over three columns, and one scaled.
fn gate() -> Program {
    let mut builder = ProgramBuilder::<Bn254FrSpec>::new();
    let [a, b, c] = [(0, 0), (1, -1), (2, 1)].map(|(column, rotation)| builder.column(column, rotation));
    let (uniform, scale) = builder.uniform();
    let product = builder.mul(a, b);
    let sum = builder.add(product, c);
    let scaled = builder.mul(sum, scale);
    builder.build(&[
        Output { node: sum, column: 0, scale: None },
        Output { node: scaled, column: 1, scale: Some(uniform) },
    ])
}

fn check(choice: KernelChoice, executor: Arc<dyn Executor>) {
    const N: usize = 1 << 12;
    // Those of the pool, which does not work for nothing.
    let few = if executor.threads() == 1 { 0 } else { 4 };
    let Ok(kernels) = Kernels::new(choice, executor) else {
        eprintln!("skipped: {choice}");
        return;
    };
    let what = |kernel: &str| format!("{kernel}, {choice}, {} threads", kernels.threads());
    let expect = |kernel: &str, most: usize, call: &mut dyn FnMut()| {
        let count = allocations(call);
        assert!(count <= most, "{}: expected at most {most} allocations, got {count}", what(kernel));
    };
    let (bases, scalars) = (points(&kernels, N), elements(N));
    let small: Vec<Bn254Fr> = (0..N as u64).map(|i| Bn254Fr::from_u64((i * i) & 0xff)).collect();
    let boolean: Vec<Bn254Fr> = (0..N as u64).map(|i| Bn254Fr::from_u64(((i * i) >> 3) & 1)).collect();
    // A few blinding factors among bits, as in a column of a circuit.
    let blinded = [&boolean[..N - 6], &scalars[..6]].concat();
    for (name, scalars) in
        [("uniform", &scalars), ("8-bit", &small), ("boolean", &boolean), ("blinded", &blinded)]
    {
        expect(&format!("sum of {name} multiples"), few, &mut || {
            black_box(kernels.msm(&bases, scalars));
        });
    }
    // What is returned.
    let columns = [&scalars[..], &small, &boolean, &blinded, &scalars, &small, &boolean];
    expect("seven sums", 1 + few, &mut || {
        black_box(kernels.msm_columns(&bases, &columns));
    });

    let domain = Domain::new(12).expect("a small domain");
    let (mut values, mut out) = (scalars.clone(), scalars.clone());
    expect("transform", few, &mut || kernels.ntt(&domain, &mut values));
    expect("inverse transform", few, &mut || kernels.intt(&domain, &mut values));
    let shift = Bn254Fr::generator();
    expect("coset transform", few, &mut || kernels.coset_ntt(&domain, &values, shift, &mut out));
    expect("inverse coset transform", few, &mut || kernels.coset_intt(&domain, &mut out, shift));
    let mut other = values.clone();
    expect("two transforms", few, &mut || kernels.ntt_columns(&domain, &mut [&mut values, &mut other]));

    let program = gate();
    let mut product = other.clone();
    expect("program", few, &mut || {
        kernels.run_program(&program, &[&values, &scalars, &small], &[shift], &mut [&mut out, &mut product]);
    });

    expect("inversion", few, &mut || kernels.batch_invert(&mut values));
    expect("product", few, &mut || kernels.mul_assign(&mut values, &scalars));
    expect("scaling", few, &mut || kernels.scale(&mut values, shift));
    expect("powers", few, &mut || kernels.powers(shift, shift, &mut out));
    expect("running product", 2 * few, &mut || {
        black_box(kernels.running_product(&mut values, shift));
    });
    expect("division", few, &mut || {
        black_box(kernels.divide_by_linear(&mut values, shift));
    });
    expect("evaluation", few, &mut || {
        black_box(kernels.evaluate(&values, shift));
    });
    // Points, their tables and the values.
    expect("evaluations", 3 + few, &mut || {
        black_box(kernels.evaluate_many(&[(&values, shift), (&scalars, shift), (&small, shift.square())]));
    });
    expect("inner product", few, &mut || {
        black_box(kernels.inner_product(&values, &scalars));
    });
    let terms = [(&scalars[..], shift), (&small, shift)];
    expect("linear combination", few, &mut || kernels.linear_combination(&mut out, &terms));
}

/// One test, so that nothing else allocates meanwhile.
#[test]
fn later_calls_allocate_next_to_nothing() {
    for choice in [KernelChoice::Scalar, KernelChoice::Avx2, KernelChoice::Avx512Ifma] {
        check(choice, Arc::new(Sequential));
        check(choice, Arc::new(WorkStealing::new(3).expect("three threads")));
    }
}
