//! Field kernels.
