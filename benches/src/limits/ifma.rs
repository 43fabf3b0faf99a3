//! 52-bit multiply-adds, as many as the CPU can do.

#[cfg(not(target_arch = "x86_64"))]
pub use none::Ifma;
#[cfg(target_arch = "x86_64")]
pub use x86_64::Ifma;

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::__m512i;
    use std::hint::black_box;
    use std::time::Instant;

    pulp::simd_type! {
        /// Proof that the CPU has the instructions.
        struct Features {
            avx512f: "avx512f",
            avx512ifma: "avx512ifma",
        }
    }

    /// 52-bit multiply-adds of 8 lanes, as many at once as the CPU can do.
    #[derive(Clone, Copy, Debug)]
    pub struct Ifma(Features);

    /// Independent sums: enough to cover four cycles of latency at two instructions a cycle, and few enough for
    /// the registers.
    const SUMS: usize = 24;

    struct Loop {
        features: Features,
        steps: usize,
    }

    impl pulp::NullaryFnOnce for Loop {
        type Output = __m512i;

        #[inline(always)]
        fn call(self) -> __m512i {
            let Features { avx512f, avx512ifma } = self.features;
            let (a, b) = (avx512f._mm512_set1_epi64(black_box(3)), avx512f._mm512_set1_epi64(black_box(5)));
            let mut sums = [a; SUMS];
            for _ in 0..self.steps {
                for sum in &mut sums {
                    *sum = avx512ifma._mm512_madd52lo_epu64(*sum, a, b);
                }
            }
            sums.into_iter().fold(a, |total, sum| avx512f._mm512_xor_si512(total, sum))
        }
    }

    impl Ifma {
        /// `None` if the CPU has no such instructions.
        #[must_use]
        pub fn detect() -> Option<Self> {
            Features::try_new().map(Self)
        }

        /// `count` instructions, split between all threads of the pool.
        pub fn run(self, count: f64) {
            use rayon::prelude::*;

            let threads = rayon::current_num_threads();
            let steps = (count / (SUMS * threads) as f64).round() as usize;
            let work = || {
                black_box(self.0.vectorize(Loop { features: self.0, steps }));
            };
            match threads {
                1 => work(),
                threads => (0..threads).into_par_iter().with_max_len(1).for_each(|_| work()),
            }
        }

        /// Instructions a second, in 10^9, of all threads of the pool.
        #[must_use]
        pub fn rate(self) -> f64 {
            const COUNT: f64 = 1e8;
            let best = (0..5).map(|_| {
                let start = Instant::now();
                self.run(COUNT);
                start.elapsed().as_secs_f64()
            });
            COUNT / best.fold(f64::INFINITY, f64::min) * 1e-9
        }
    }
}

#[cfg(not(target_arch = "x86_64"))]
mod none {
    /// Multiply-adds that this architecture does not have.
    #[derive(Clone, Copy, Debug)]
    pub enum Ifma {}

    impl Ifma {
        /// `None`.
        #[must_use]
        pub fn detect() -> Option<Self> {
            None
        }

        /// Nothing.
        pub fn run(self, _count: f64) {
            match self {}
        }

        /// Nothing.
        #[must_use]
        pub fn rate(self) -> f64 {
            match self {}
        }
    }
}
