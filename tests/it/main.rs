//! One binary, a module a topic.

mod architecture;
mod job;
