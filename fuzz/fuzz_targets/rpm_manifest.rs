#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("os/rpm", "var/lib/rpmmanifest/container-manifest-2", bytes);
});
