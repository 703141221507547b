//! What a run decides, in pure functions: what to do about a submission that is pending (`policy`), which packages come, stay and go
//! (`packages`), and what would do harm (`guards`).

pub(crate) mod guards;
pub(crate) mod packages;
pub(crate) mod policy;
