//! All contests, by group.

mod inversion;
mod limits;
mod msm;
mod ntt;
pub mod pools;
mod products;

pub use inversion::inversion;
pub use limits::limits;
pub use msm::{msm, tables};
pub use ntt::ntt;
pub use products::products;

use crate::contest::Contest;

/// Makes the contests of a group.
pub type Group = fn() -> Vec<Contest>;

/// All groups, by name.
pub const GROUPS: [(&str, Group); 6] = [
    ("products", products),
    ("ntt", ntt),
    ("msm", msm),
    ("tables", tables),
    ("inversion", inversion),
    ("limits", limits),
];
