//! Any text through the reader of the log's lines.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| waterwall_audit::canonical::fuzz(data));
