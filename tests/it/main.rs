//! One binary, a module a topic.

mod job;
mod publish;
