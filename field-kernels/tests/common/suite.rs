//! The comparison that every kernel goes through.

use std::fmt::Display;
use std::sync::Arc;

use parhelion_field_kernels::{Affine, Error, Fp, KernelChoice, Kernels};
use parhelion_scheduler::RayonExecutor;

use super::mirror::bytes;
use super::{Library, Mirror, MirrorCurve};

/// A backend on one thread and on three, and the portable one without a pool to compare with.
#[derive(Debug)]
pub struct Suite {
    kernels: [Kernels; 2],
    scalar: Kernels,
}

impl Suite {
    /// The suite for a backend; none, with a message, where this CPU or version cannot run it.
    pub fn new(choice: KernelChoice) -> Option<Self> {
        let kernels = [1, 3].map(|threads| {
            let executor = RayonExecutor::new(threads).expect("threads");
            Kernels::new(choice, Arc::new(executor))
        });
        match kernels {
            [Ok(one), Ok(three)] => {
                assert_eq!(one.backend_name(), choice.to_string());
                Some(Self { kernels: [one, three], scalar: Kernels::sequential() })
            }
            [Err(error @ Error::Unavailable { .. }), _] => {
                eprintln!("skipped: {error}");
                None
            }
            other => panic!("{choice}: {other:?}"),
        }
    }

    /// The backend's kernels and the portable ones.
    pub fn both(&self) -> [&Kernels; 2] {
        [&self.kernels[0], &self.scalar]
    }

    /// Asserts that `run` gives the elements that the library `expected`, byte for byte and reduced, with
    /// every set of kernels.
    pub fn check<S: Mirror>(
        &self,
        what: &dyn Display,
        expected: &[Library<S>],
        run: impl Fn(&Kernels) -> Vec<Fp<S>>,
    ) {
        let scalar = run(&self.scalar);
        assert_eq!(scalar.len(), expected.len(), "{what}: number of results");
        for (index, (ours, theirs)) in scalar.iter().zip(expected).enumerate() {
            assert_eq!(bytes(*ours), S::to_bytes(*theirs), "{what}: element {index}, scalar");
            let reduced = Fp::from_montgomery(ours.to_montgomery());
            assert_eq!(reduced, Some(*ours), "{what}: element {index} is not reduced, scalar");
        }
        for kernels in &self.kernels {
            let name = format!("{what}, {} on {} threads", kernels.backend_name(), kernels.threads());
            let results = run(kernels);
            assert_eq!(results.len(), scalar.len(), "{name}: number of results");
            // Elements are compared as Montgomery limbs, so one that is not reduced differs.
            for (index, (result, scalar)) in results.iter().zip(&scalar).enumerate() {
                assert_eq!(result.to_montgomery(), scalar.to_montgomery(), "{name}: element {index}");
            }
        }
    }

    /// [`check`](Self::check) for points.
    pub fn check_points<C: MirrorCurve>(
        &self,
        what: &dyn Display,
        expected: &[C::Point],
        run: impl Fn(&Kernels) -> Vec<Affine<C>>,
    ) {
        let coordinates = C::coordinates(expected).into_flattened();
        self.check::<C::Base>(what, &coordinates, |kernels| {
            run(kernels).into_iter().flat_map(|point| [point.x, point.y]).collect()
        });
    }
}
