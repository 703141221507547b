//! One binary, a module a topic.
// clippy.toml lets `#[test]` functions unwrap, but not what they share; and a test's own futures stay where they are.
#![allow(clippy::unwrap_used, clippy::future_not_send)]

mod cancel;
mod chaos;
mod ensure;
mod errors;
mod faulty;
mod job;
mod matrix;
mod redaction;
mod submit;
