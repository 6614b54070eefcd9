#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in [
        "var/lib/dpkg/status",
        "var/lib/dpkg/diversions",
        "var/lib/dpkg/info/a.list",
        "var/lib/dpkg/info/a.md5sums",
        "var/lib/dpkg/info/a.conffiles",
    ] {
        plimsoll_fuzz::detect("os/dpkg", path, bytes);
    }
});
