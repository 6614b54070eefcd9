use proptest::prelude::*;

use super::*;

fn shown(line: &str) -> String {
    Symptom::of_line(line).map_or_else(|| "nothing".to_owned(), |symptom| symptom.text())
}

#[test]
fn messages_of_real_programs_are_understood() {
    let cases = [
        (
            "2026/11/24 20:59:01 [emerg] 1#1: mkdir() \"/var/lib/nginx/body\" failed (30: Read-only file system)",
            "mkdir /var/lib/nginx/body: EROFS",
        ),
        (
            "2026/11/24 20:59:08 [emerg] 1#1: chown(\"/var/lib/nginx/body\", 33) failed (1: Operation not permitted)",
            "chown /var/lib/nginx/body: EPERM",
        ),
        (
            "nginx: [emerg] open() \"/run/nginx.pid\" failed (30: Read-only file system)",
            "open /run/nginx.pid: EROFS",
        ),
        (
            "nginx: [emerg] bind() to 0.0.0.0:80 failed (13: Permission denied)",
            "bind: EACCES",
        ),
        (
            "2026/11/24 [emerg] 7#7: setgid(33) failed (1: Operation not permitted)",
            "setuid/setgid: EPERM",
        ),
        (
            "setpriv: setresuid failed: Operation not permitted",
            "setuid/setgid: EPERM",
        ),
        (
            "error: failed switching to \"redis\": operation not permitted",
            "setuid/setgid: EPERM",
        ),
        (
            "chown: changing ownership of '/data': Operation not permitted",
            "chown /data: EPERM",
        ),
        (
            "chmod: changing permissions of '/var/run/postgresql': Operation not permitted",
            "chmod /var/run/postgresql: EPERM",
        ),
        (
            "find: '/var/lib/postgresql/data': Permission denied",
            "open /var/lib/postgresql/data: EACCES",
        ),
        (
            "OSError: [Errno 30] Read-only file system: '/srv/app/cache/app.pid'",
            "open /srv/app/cache/app.pid: EROFS",
        ),
        (
            "PermissionError: [Errno 13] Permission denied: '/srv/app/cache/app.pid'",
            "open /srv/app/cache/app.pid: EACCES",
        ),
        (
            "FATAL:  could not create lock file \"/var/run/postgresql/.s.PGSQL.5432.lock\": Read-only file system",
            "open /var/run/postgresql/.s.PGSQL.5432.lock: EROFS",
        ),
        (
            "mkdir: cannot create directory '/run/app': Read-only file system",
            "mkdir /run/app: EROFS",
        ),
        (
            "/docker-entrypoint.sh: 3: cannot create /etc/nginx/conf.d/default.conf: Read-only file system",
            "open /etc/nginx/conf.d/default.conf: EROFS",
        ),
        ("listen tcp :80: bind: permission denied", "bind: EACCES"),
        (
            "(13)Permission denied: AH00072: make_sock: could not bind to address 0.0.0.0:80",
            "bind: EACCES",
        ),
        (
            "standard_init_linux.go:228: exec user process caused: operation not permitted",
            "exec: EPERM",
        ),
        (
            "sh: 1: /app/run: Permission denied",
            "open /app/run: EACCES",
        ),
        (
            "Error: EROFS: read-only file system, open '/app/cache/x'",
            "open /app/cache/x: EROFS",
        ),
        (
            "Can't open or create append-only dir appendonlydir: Permission denied",
            "open: EACCES",
        ),
    ];
    for (line, expected) in cases {
        assert_eq!(shown(line), expected, "{line}");
    }
}

#[test]
fn nothing_but_operation_error_and_path_is_kept_of_a_line() {
    let symptom = Symptom::of_line(
        "password=hunter2 open(\"/run/a\", token=s3cret) failed: Permission denied",
    );
    let text = format!(
        "{symptom:?}{}",
        serde_json::to_string(&symptom).expect("json")
    );
    assert!(
        !text.contains("hunter2") && !text.contains("s3cret"),
        "{text}"
    );
}

#[test]
fn a_line_without_an_error_tells_nothing() {
    for line in [
        "",
        "Ready to accept connections",
        "open /run/x",
        "chown failed",
    ] {
        assert_eq!(Symptom::of_line(line), None, "{line}");
    }
}

#[test]
fn a_symptom_that_comes_again_is_told_once() {
    let log = "open() \"/a/b\": Permission denied\nfine\nopen() \"/a/b\": Permission denied\nbind: permission denied\n";
    assert_eq!(of_log(log).len(), 2);
}

proptest! {
    #[test]
    fn no_line_makes_it_panic(line in "\\PC{0,200}") {
        Symptom::of_line(&line);
    }

    #[test]
    fn lines_with_errors_and_paths_never_panic(a in "\\PC{0,20}", path in "[/a-zß\"' ]{0,40}", b in "\\PC{0,20}") {
        Symptom::of_line(&format!("{a} {path}: Permission denied{b}{path}"));
    }
}
