//! One binary, a module a topic.

mod ensure;
mod faulty;
mod job;
mod matrix;
