//! The crate as its users see it. One binary, a module a topic.

// `clippy.toml` allows it in test functions, not in what they share.
#![allow(clippy::unwrap_used)]

mod architecture;
mod cancel;
mod chaos;
mod conformance;
mod document;
mod ensure;
mod examples;
mod faulty;
mod input;
mod job;
mod lists;
mod matrix;
mod publish;
mod raw;
mod retry;
mod sends;
mod submissions;
mod submit;
mod support;
mod tokens;
mod waits;
