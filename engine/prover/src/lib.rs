//! Parhelion.
