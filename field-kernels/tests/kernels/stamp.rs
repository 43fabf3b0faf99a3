//! One test for each field or curve and backend.

/// Stamps functions `fn test<S: Mirror>(suite: &Suite)` for every field and backend.
macro_rules! on_fields {
    ($($test:ident),* $(,)?) => {
        stamp! { bn254_fr, parhelion_field_kernels::Bn254FrSpec, $($test)* }
        stamp! { bn254_fq, parhelion_field_kernels::Bn254FqSpec, $($test)* }
        stamp! { pasta_fp, parhelion_field_kernels::PastaFpSpec, $($test)* }
        stamp! { pasta_fq, parhelion_field_kernels::PastaFqSpec, $($test)* }
    };
}

/// Stamps functions `fn test<C: MirrorCurve>(suite: &Suite)` for every curve and backend.
macro_rules! on_curves {
    ($($test:ident),* $(,)?) => {
        stamp! { bn254_g1, parhelion_field_kernels::Bn254G1Spec, $($test)* }
        stamp! { pallas, parhelion_field_kernels::PallasSpec, $($test)* }
        stamp! { vesta, parhelion_field_kernels::VestaSpec, $($test)* }
    };
}

/// Stamps functions for a field or curve and every backend.
macro_rules! stamp {
    ($module:ident, $spec:path, $($test:ident)*) => {
        mod $module {
            mod scalar {
                $(stamp! { @test $test, $spec, Scalar })*
            }
            mod avx2 {
                $(stamp! { @test $test, $spec, Avx2 })*
            }
            mod avx512ifma {
                $(stamp! { @test $test, $spec, Avx512Ifma })*
            }
        }
    };
    (@test $test:ident, $spec:path, $choice:ident) => {
        #[test]
        fn $test() {
            let choice = parhelion_field_kernels::KernelChoice::$choice;
            if let Some(suite) = crate::common::Suite::new(choice) {
                super::super::$test::<$spec>(&suite);
            }
        }
    };
}
