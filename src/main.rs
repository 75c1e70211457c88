//! waterwall
fn main() {}
