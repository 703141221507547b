//! One binary, a module a topic.

mod faulty;
mod job;
mod matrix;
