//! One binary, a module a topic.

mod cancel;
mod chaos;
mod ensure;
mod faulty;
mod job;
mod matrix;
mod submit;
