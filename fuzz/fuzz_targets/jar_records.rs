#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect(
        "lang/java",
        "opt/app/app-1.0.jar",
        &plimsoll_fuzz::jar(bytes),
    );
});
