//! x
pub mod element;
pub mod inputs;
pub mod widths;
pub use element::Element;
