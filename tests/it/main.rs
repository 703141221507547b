//! One binary, a module a topic.

// `clippy.toml` allows it in test functions, not in what they share.
#![allow(clippy::unwrap_used)]

mod conformance;
mod deadlines;
mod input;
mod job;
mod lists;
mod raw;
mod retry;
mod sends;
mod submissions;
mod support;
mod tokens;
mod waits;
