//! The fake's rules, seen through plain HTTP.
