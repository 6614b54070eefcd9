#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in [
        "usr/bin/node",
        "usr/bin/python3",
        "usr/sbin/nginx",
        "usr/bin/redis-server",
        "usr/lib/libssl.so.3",
        "usr/bin/composer",
    ] {
        plimsoll_fuzz::detect("binary/known", path, bytes);
    }
});
