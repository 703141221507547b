//! One binary, a module a topic.

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
