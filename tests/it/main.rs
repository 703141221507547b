//! One binary, a module a topic.

mod conformance;
mod job;
mod lists;
mod support;
mod tokens;
