//! The crate as its users see it. One binary, a module a topic.

// `clippy.toml` lets `#[test]` functions unwrap, but not what they share; and a test's own futures stay where they are.
#![allow(clippy::unwrap_used, clippy::future_not_send)]

mod architecture;
mod cancel;
mod chaos;
mod conformance;
mod deadlines;
mod document;
mod ensure;
mod errors;
mod examples;
mod faulty;
mod input;
mod job;
mod lists;
mod matrix;
mod msi;
mod msi_job;
mod publish;
mod raw;
mod redaction;
mod retry;
mod sends;
mod sign_in;
mod submissions;
mod submit;
mod support;
mod tokens;
mod waits;
