#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("os/pacman", "var/lib/pacman/local/bash-5.2-1/mtree", bytes);
});
