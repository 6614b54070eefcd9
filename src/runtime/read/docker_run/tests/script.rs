//! Scripts: continuation, quotes, variables, conditions.

use super::*;

#[test]
fn a_script_with_several_commands_is_read_in_order() {
    let script = "#!/bin/sh\nset -e\n# the database\ndocker run -d --name db \\\n  --restart always \\\n  -v db:/data \\\n  postgres:16\n\n\
                  docker network create n\ndocker run --name web --privileged nginx && echo ok\n";
    let specs = all(script);
    let names: Vec<_> = specs
        .iter()
        .map(|spec| spec.container.name.as_str())
        .collect();
    assert_eq!(names, ["db", "web"]);
    assert_eq!(specs[0].container.at.line, Some(4));
    let at = specs[0].restart.spot().expect("a place");
    assert_eq!((at.line, at.column), (Some(5), Some(13)));
    assert_eq!(specs[0].mounts[0].at.line, Some(6));
    assert_eq!(specs[1].privileged.spot().and_then(|at| at.line), Some(10));
}

#[test]
fn a_comment_between_continued_lines_ends_the_command_as_in_the_shell() {
    let spec = one("docker run --rm \\\n  # --privileged \\\n  alpine\n");
    assert!(spec.privileged.is_absent());
    assert!(spec.image.unknown().is_some());
}

#[test]
fn variables_are_replaced_where_the_script_says_them() {
    for (script, expected) in [
        ("TAG=1.2\ndocker run app:$TAG", "app:1.2"),
        ("TAG=1.2; docker run \"app:${TAG}\"", "app:1.2"),
        ("export TAG=1.2\ndocker run app:$TAG", "app:1.2"),
        ("local A=x B=y\ndocker run $A/$B", "x/y"),
        ("docker run app:${TAG:-1.2}", "app:1.2"),
        ("docker run app:${TAG-1.2}", "app:1.2"),
        ("TAG=\ndocker run app:${TAG:-1.2}", "app:1.2"),
        ("docker run ${A:-${B:-app}}", "app"),
        ("docker run \"${A:-\"app\"}\"", "app"),
        (
            "R=reg.example:5000\nI=$R/app\ndocker run $I",
            "reg.example:5000/app",
        ),
        ("A=app\nA+=:1\ndocker run $A", "app:1"),
        ("TAG=1\nTAG=2\ndocker run app:$TAG", "app:2"),
        ("docker run 'app:$TAG'", "app:$TAG"),
        ("docker run app:\\$TAG", "app:$TAG"),
        ("A=x\ndocker run app${A:+-slim}", "app-slim"),
    ] {
        assert_eq!(image(&one(script)), expected, "{script}");
    }
}

#[test]
fn what_has_no_value_is_unknown_with_the_variables_name() {
    for (script, name) in [
        ("docker run app:$TAG", "TAG"),
        ("docker run \"$IMAGE\"", "IMAGE"),
        ("docker run --rm $IMAGE sh -c x", "IMAGE"),
        ("docker run ${IMAGE:?is not set}", "IMAGE"),
        ("docker run app:${TAG#v}", "TAG"),
        ("read TAG\ndocker run app:$TAG", "TAG"),
        ("TAG=1\nunset TAG\ndocker run app:$TAG", "TAG"),
        ("docker run app:${TAG:+x}", "TAG"),
        ("TAG=$OTHER\ndocker run app:$TAG", "OTHER"),
        ("docker run app:$1", "1"),
    ] {
        let spec = one(script);
        let why = spec.image.unknown().expect(script);
        assert!(why.contains(name), "{script}: {why}");
    }
    let printed = one("TAG=$(git describe)\ndocker run app:$TAG");
    assert_eq!(
        printed.image.unknown(),
        Some("what a command prints is not known")
    );
}

#[test]
fn a_variable_that_the_caller_gives_is_used_unless_the_script_sets_it() {
    let mut around = Given::default();
    around.variables.insert("TAG".to_owned(), "9".to_owned());
    let read = |text: &str| {
        let settings = docker_run("run.sh", text, &around).expect("a command");
        settings.specs[0].image.value().cloned()
    };
    assert_eq!(read("docker run app:${TAG:-1}").as_deref(), Some("app:9"));
    assert_eq!(read("TAG=2\ndocker run app:$TAG").as_deref(), Some("app:2"));
}

#[test]
fn flags_in_a_variable_are_read() {
    for script in [
        "OPTS=\"--privileged -v /:/host\"\ndocker run $OPTS alpine",
        "OPTS='--privileged'\nOPTS=\"$OPTS -v /:/host\"\ndocker run $OPTS alpine",
        "OPTS='--privileged'\nOPTS+=\" -v /:/host\"\ndocker run $OPTS alpine",
        "OPTS=(--privileged -v /:/host)\ndocker run \"${OPTS[@]}\" alpine",
        "OPTS=(--privileged)\nOPTS+=(-v /:/host)\ndocker run \"${OPTS[@]}\" alpine",
        "OPTS=(\n  --privileged # all\n  -v /:/host\n)\ndocker run \"${OPTS[@]}\" alpine",
        "docker run ${OPTS:---privileged -v /:/host} alpine",
    ] {
        let spec = one(script);
        assert_eq!(spec.privileged.value(), Some(&true), "{script}");
        assert_eq!(spec.mounts.len(), 1, "{script}");
        assert_eq!(image(&spec), "alpine", "{script}");
        assert!(gaps(&spec).is_empty(), "{script}: {:?}", gaps(&spec));
    }
    let empty = one("OPTS=\ndocker run $OPTS alpine");
    assert_eq!(image(&empty), "alpine");
}

#[test]
fn flags_that_are_not_known_are_a_gap() {
    for (script, named) in [
        ("docker run $OPTS alpine", "${OPTS}"),
        (
            "docker run --rm $DOCKER_ARGS --read-only alpine id",
            "${DOCKER_ARGS}",
        ),
        ("docker run \"$@\" alpine", "$@"),
        ("docker run $* alpine", "$*"),
        ("docker run \"${OPTS[@]}\" alpine", "${OPTS[@]}"),
        ("docker run $(flags) alpine", "$(…)"),
        ("docker run ${TTY:+-t} alpine", "${TTY}"),
    ] {
        let spec = one(script);
        assert_eq!(image(&spec), "alpine", "{script}");
        let gaps = gaps(&spec);
        assert_eq!(gaps.len(), 1, "{script}");
        assert!(
            gaps[0].starts_with(&format!("flags in {named} are not known")),
            "{script}: {}",
            gaps[0]
        );
    }
    let alone = one("docker run \"$@\"");
    assert!(alone.image.unknown().is_some());
    assert_eq!(gaps(&alone).len(), 1);
}

#[test]
fn a_value_under_a_condition_is_not_taken_for_sure() {
    for script in [
        "if [ -n \"$X\" ]; then\n  TAG=2\nfi\ndocker run app:$TAG",
        "[ -n \"$X\" ] && TAG=2\ndocker run app:$TAG",
        "case $X in\n a) TAG=1 ;;\n *) TAG=2 ;;\nesac\ndocker run app:$TAG",
        "TAG=1\nif x; then TAG=2; fi\ndocker run app:$TAG",
    ] {
        let spec = one(script);
        assert_eq!(
            spec.image.unknown(),
            Some("the variable TAG is assigned under a condition"),
            "{script}"
        );
    }
    let after = one("if x; then\n  TAG=2\nfi\nTAG=3\ndocker run app:$TAG");
    assert_eq!(image(&after), "app:3");
}

#[test]
fn flags_under_a_condition_are_read_and_are_a_gap() {
    for script in [
        "OPTS=--rm\nif [ -n \"$X\" ]; then\n  OPTS=\"$OPTS --privileged\"\nfi\ndocker run $OPTS alpine",
        "OPTS=(--rm)\nif [ -n \"$X\" ]; then\n  OPTS+=(--privileged)\nfi\ndocker run \"${OPTS[@]}\" alpine",
    ] {
        let spec = one(script);
        assert_eq!(spec.privileged.value(), Some(&true), "{script}");
        assert_eq!(image(&spec), "alpine", "{script}");
        assert_eq!(gaps(&spec).len(), 1, "{script}");
    }
}

#[test]
fn an_unknown_part_of_the_command_is_a_gap_and_the_rest_is_kept() {
    let spec = one("docker run alpine nsenter -t 1 $X");
    assert_eq!(command(&spec), "nsenter -t 1 ${X}");
    assert_eq!(gaps(&spec).len(), 1);
}

#[test]
fn commands_inside_of_substitutions_keep_their_lines() {
    let specs = all("set -e\nID=$(\n  docker run -d --privileged a\n)\nssh h '\ndocker run b'\n");
    let lines: Vec<_> = specs.iter().map(|spec| spec.container.at.line).collect();
    assert_eq!(lines, [Some(3), Some(6)]);
    assert_eq!(specs[0].privileged.spot().and_then(|at| at.line), Some(3));
}

#[test]
fn what_a_container_is_started_with_is_no_command_of_this_machine() {
    let specs =
        all("docker run -v /var/run/docker.sock:/s docker sh -c 'docker run --privileged x'");
    assert_eq!(specs.len(), 1);
    assert!(specs[0].privileged.is_absent());
}

#[test]
fn lines_of_windows_are_read() {
    let spec = one("docker run --rm \\\r\n  --privileged \\\r\n  alpine\r\n");
    assert_eq!(spec.privileged.value(), Some(&true));
    assert_eq!(image(&spec), "alpine");
}

#[test]
fn a_variable_that_grows_does_not_take_the_memory() {
    let mut script = String::from("A=0123456789\n");
    for _ in 0..60 {
        script.push_str("A=\"$A$A\"\n");
    }
    script.push_str("docker run $A");
    let spec = one(&script);
    assert!(spec.image.unknown().is_some());
    let nested = format!("docker run {}x{}", "${A:-".repeat(2000), "}".repeat(2000));
    assert_eq!(all(&nested).len(), 1);
    let inside = format!("{}docker run x{}", "$(".repeat(500), ")".repeat(500));
    let _ = all(&inside);
}
