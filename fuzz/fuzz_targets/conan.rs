#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("lang/conan", "root/.conan2/p/cache.sqlite3", bytes);
});
