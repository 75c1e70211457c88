//! The `waterwall` binary: a shell around the library.

fn main() {}
