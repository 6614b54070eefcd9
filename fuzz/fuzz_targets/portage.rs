#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("os/portage", "var/db/pkg/sys-libs/zlib-1.3/CONTENTS", bytes);
});
