//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the new packages (`new_package`,
//! `release`, `arrival`) and the entries of packages (`packages`), about the images (`images`, `image_rules`), about what a draft has from the last release
//! (`inherited`), against harm (`guards`), and about the documented limits (`limits`).

pub(crate) mod arrival;
pub(crate) mod guards;
pub(crate) mod image_rules;
#[cfg_attr(
    not(feature = "archive"),
    allow(dead_code, reason = "images are given with an archive alone")
)]
pub(crate) mod images;
pub(crate) mod inherited;
pub(crate) mod limits;
pub(crate) mod new_package;
pub(crate) mod packages;
pub(crate) mod policy;
pub(crate) mod release;
