//! Waiting with a goal, a deadline and a diagnosis.
//!
//! A wait only polls: a commit that goes before it is made and found out in `commit`, which tells it when that was and what was
//! there before. What a status means is the pure function `judge`. The loop is that of all looks, and no wait is endless.

mod builder;
mod judge;
mod waiting;

pub use self::builder::{Milestone, Wait, WaitReport};
