//! One binary, a module a topic.

mod architecture;
mod job;
mod publish;
//! The crate as its users see it.

mod document;
// `clippy.toml` allows it in test functions, not in what they share.
#![allow(clippy::unwrap_used)]

mod conformance;
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
mod cancel;
mod chaos;
mod ensure;
mod faulty;
mod job;
mod matrix;
mod submit;
