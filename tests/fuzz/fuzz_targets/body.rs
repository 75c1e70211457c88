//! Any request body out and back.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| waterwall_core::fuzz::body(data));
