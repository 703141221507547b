//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the entries of the packages (`packages`)
//! and what lies in them (`release`), about the images (`images`, `image_rules`), about what a draft has from the last release
//! (`inherited`), against harm (`guards`), and about the documented limits (`limits`).

pub(crate) mod guards;
pub(crate) mod image_rules;
pub(crate) mod images;
pub(crate) mod inherited;
pub(crate) mod limits;
pub(crate) mod packages;
pub(crate) mod policy;
pub(crate) mod release;
