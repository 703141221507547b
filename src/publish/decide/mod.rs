//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the packages (`packages`), against harm
//! (`guards`), and about the documented limits (`limits`).

pub(crate) mod guards;
pub(crate) mod limits;
pub(crate) mod packages;
pub(crate) mod policy;
