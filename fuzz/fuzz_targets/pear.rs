#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("lang/php", "usr/share/php/.registry/mail.reg", bytes);
});
