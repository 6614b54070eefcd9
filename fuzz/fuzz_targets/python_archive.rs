#![no_main]
libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for path in ["opt/app/a-1.0-py3-none-any.whl", "opt/app/a-1.0-py3.egg"] {
        plimsoll_fuzz::detect("lang/python", path, bytes);
    }
});
