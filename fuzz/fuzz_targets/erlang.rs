#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect(
        "lang/erlang",
        "usr/lib/erlang/lib/cowboy-2.9.0/ebin/cowboy.app",
        bytes,
    );
});
