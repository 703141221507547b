//! The decisions of a run, as pure functions: about a pending submission (`policy`), about the entries of the
//! packages (`packages`) and what lies in them (`release`), and against harm (`guards`).

pub(crate) mod guards;
pub(crate) mod packages;
pub(crate) mod policy;
pub(crate) mod release;
