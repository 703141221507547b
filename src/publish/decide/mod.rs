//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the packages (`packages`), the images (`images`), and against
//! harm (`guards`).

pub(crate) mod guards;
pub(crate) mod images;
pub(crate) mod packages;
pub(crate) mod policy;
