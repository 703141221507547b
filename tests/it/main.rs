//! One binary, a module a topic.

mod cancel;
mod chaos;
mod ensure;
mod errors;
mod faulty;
mod job;
mod matrix;
mod redaction;
mod submit;
