//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the packages (`packages`), about what a
//! draft has from the last release (`inherited`), and against harm (`guards`).

pub(crate) mod guards;
pub(crate) mod inherited;
pub(crate) mod packages;
pub(crate) mod policy;
