//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the packages (`packages`), the images (`images`, `image_rules`), and against
//! harm (`guards`).

pub(crate) mod guards;
pub(crate) mod image_rules;
#[cfg_attr(
    not(feature = "archive"),
    allow(dead_code, reason = "images are given with an archive alone")
)]
pub(crate) mod images;
pub(crate) mod packages;
pub(crate) mod policy;
