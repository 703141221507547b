//! One binary, a module a topic.

mod architecture;
mod job;
mod publish;
//! The crate as its users see it.

mod document;
