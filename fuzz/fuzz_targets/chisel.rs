#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("os/chisel", "var/lib/chisel/manifest.wall", bytes);
});
