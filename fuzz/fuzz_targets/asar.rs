#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    plimsoll_fuzz::detect("lang/node", "opt/app/resources/app.asar", bytes);
});
