//! Which words are flags, values, the image and its command.

use proptest::prelude::*;

use super::*;
use crate::runtime::read::docker_run::flags::{of_name, parse};
use crate::runtime::read::docker_run::word::Word;

#[test]
fn the_reference_example_is_read() {
    let spec = one(
        "docker run --rm --read-only --cap-drop ALL --security-opt no-new-privileges alpine:3.20 id",
    );
    assert_eq!(spec.container.form, Form::DockerRun);
    assert_eq!(spec.container.name, "alpine:3.20 (line 1)");
    assert_eq!(image(&spec), "alpine:3.20");
    assert_eq!(command(&spec), "id");
    assert_eq!(spec.read_only_root.value(), Some(&true));
    assert_eq!(spec.no_new_privileges.value(), Some(&true));
    assert!(spec.capabilities.drops_all());
    assert!(spec.account.user.is_absent() && spec.gaps.is_empty());
    let at = &spec.capabilities.dropped[0].at;
    assert_eq!(at.field, "--cap-drop");
    assert_eq!(at.file.as_deref(), Some("run.sh"));
    assert_eq!((at.line, at.column), (Some(1), Some(40)));
}

#[test]
fn every_way_to_call_an_engine_is_seen() {
    for text in [
        "docker run --privileged x",
        "docker create --privileged x",
        "docker container run --privileged x",
        "docker container create --privileged x",
        "podman run --privileged x",
        "podman create --privileged x",
        "podman --remote --url ssh://a run --privileged x",
        "nerdctl run --privileged x",
        "nerdctl -n k8s.io run --privileged x",
        "/usr/bin/docker run --privileged x",
        "docker.exe run --privileged x",
        "sudo docker run --privileged x",
        "sudo -u docker docker run --privileged x",
        "sudo -E A=b docker run --privileged x",
        "env A=b docker run --privileged x",
        "A=b docker run --privileged x",
        "exec docker run --privileged x",
        "time -p docker run --privileged x",
        "timeout 10 docker run --privileged x",
        "ssh host docker run --privileged x",
        "ssh host 'docker run --privileged x'",
        "bash -c \"docker run --privileged x\"",
        "sudo sh -c 'docker run --privileged x'",
        "eval \"docker run --privileged x\"",
        "docker --context prod run --privileged x",
        "docker --context=prod -D run --privileged x",
        "docker -H tcp://h:2375 --tlsverify run --privileged x",
        "docker -c prod container run --privileged x",
        "ID=$(docker run --privileged x)",
        "ID=`docker run --privileged x`",
        "echo \"$(docker run --privileged x)\"",
        "kill $(docker inspect $(docker run --privileged x))",
        "$DOCKER run --privileged x",
        "\"${CONTAINER_ENGINE}\" run --privileged x",
        "D='sudo docker'; $D run --privileged x",
        "true && docker run --privileged x || false",
        "if docker run --privileged x; then :; fi",
        "f() { docker run --privileged x; }",
        "docker run --privileged x > /dev/null 2>&1 &",
    ] {
        let spec = one(text);
        assert_eq!(spec.privileged.value(), Some(&true), "{text}");
        assert_eq!(image(&spec), "x", "{text}");
    }
}

#[test]
fn what_runs_no_container_is_not_taken_for_one() {
    for text in [
        "",
        "docker ps",
        "docker build -t run .",
        "docker compose run web",
        "docker network create n",
        "docker volume create run",
        "docker exec x docker run y",
        "echo docker run x",
        "echo 'docker run x'",
        "# docker run x",
        "cat <<EOF\ndocker run x\nEOF",
        "docker run --help",
        "make docker run",
        "docker",
    ] {
        let error = docker_run("run.sh", text, &Alone).expect_err(text);
        assert!(error.to_string().contains("docker run"), "{text}: {error}");
        assert!(matches!(error, ReadError::Form { line: 1, .. }));
    }
}

#[test]
fn what_stands_behind_the_image_is_the_programs() {
    let spec =
        one("docker run --rm alpine:3.20 --privileged -v /:/host --cap-add ALL --network host");
    assert!(spec.privileged.is_absent() && spec.mounts.is_empty());
    assert!(spec.capabilities.added.is_empty());
    assert!(spec.namespaces.network.is_absent());
    assert_eq!(
        command(&spec),
        "--privileged -v /:/host --cap-add ALL --network host"
    );
}

#[test]
fn two_dashes_end_the_flags() {
    let spec = one("docker run --rm -- alpine --privileged");
    assert_eq!(image(&spec), "alpine");
    assert!(spec.privileged.is_absent());
}

#[test]
fn a_switch_takes_a_value_only_behind_its_sign() {
    for (text, privileged, image_read) in [
        ("--privileged x", Some(true), "x"),
        ("--privileged=true x", Some(true), "x"),
        ("--privileged=1 x", Some(true), "x"),
        ("--privileged=t x", Some(true), "x"),
        ("--privileged=false x", Some(false), "x"),
        ("--privileged=0 x", Some(false), "x"),
        ("--privileged true x", Some(true), "true"),
        ("--privileged --privileged=false x", Some(false), "x"),
        ("--privileged=maybe x", None, "x"),
    ] {
        let spec = one(&format!("docker run {text}"));
        assert_eq!(spec.privileged.value().copied(), privileged, "{text}");
        assert_eq!(image(&spec), image_read, "{text}");
    }
    let spec = one("docker run --privileged=maybe x");
    assert!(spec.privileged.unknown().is_some());
}

#[test]
fn letters_stand_together() {
    for text in [
        "-itd -p8080:80 -eA=b -u0",
        "-it -d -p 8080:80 -e A=b -u 0",
        "-itdp8080:80 -eA=b -u=0",
        "-dp 8080:80 -ite A=b -u=0",
        "-t=true -i -d --publish=8080:80 --env=A=b --user=0",
    ] {
        let spec = flags(text);
        assert_eq!(spec.ports.len(), 1, "{text}");
        assert_eq!(spec.ports[0].host_port, Some(8080), "{text}");
        let variable = &spec.environment[0];
        assert_eq!(
            (variable.name.as_str(), variable.value.as_deref()),
            ("A", Some("b")),
            "{text}"
        );
        assert_eq!(
            spec.account.user.value().map(String::as_str),
            Some("0"),
            "{text}"
        );
        assert!(
            spec.unknown_keys.is_empty() && spec.gaps.is_empty(),
            "{text}"
        );
    }
}

#[test]
fn every_flag_of_docker_28_is_known_with_whether_it_takes_a_value() {
    // `docker run --help` of 28.2.2.
    let with_value = "add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile \
        cpu-count cpu-percent cpu-period cpu-quota cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach-keys \
        device device-cgroup-rule device-read-bps device-read-iops device-write-bps device-write-iops dns dns-option dns-search \
        domainname entrypoint env env-file expose gpus group-add health-cmd health-interval health-retries health-start-interval \
        health-start-period health-timeout hostname io-maxbandwidth io-maxiops ip ip6 ipc isolation kernel-memory label label-file \
        link link-local-ip log-driver log-opt mac-address memory memory-reservation memory-swap memory-swappiness mount name network \
        network-alias oom-score-adj pid pids-limit platform publish pull restart runtime security-opt shm-size stop-signal \
        stop-timeout storage-opt sysctl tmpfs ulimit user userns uts volume volume-driver volumes-from workdir net net-alias dns-opt";
    let switches = "detach disable-content-trust help init interactive no-healthcheck oom-kill-disable privileged publish-all quiet \
        read-only rm sig-proxy tty use-api-socket";
    for (names, takes_value) in [(with_value, true), (switches, false)] {
        for name in names.split_whitespace() {
            assert_eq!(
                of_name(name).map(|flag| flag.2),
                Some(takes_value),
                "{name}"
            );
        }
    }
    for (letter, name) in [
        ('a', "attach"),
        ('c', "cpu-shares"),
        ('d', "detach"),
        ('e', "env"),
        ('h', "hostname"),
        ('i', "interactive"),
        ('l', "label"),
        ('m', "memory"),
        ('p', "publish"),
        ('P', "publish-all"),
        ('q', "quiet"),
        ('t', "tty"),
        ('u', "user"),
        ('v', "volume"),
        ('w', "workdir"),
    ] {
        assert_eq!(
            of_name(name).and_then(|flag| flag.1),
            Some(letter),
            "{name}"
        );
    }
}

#[test]
fn values_of_flags_without_weight_are_not_taken_for_the_image() {
    let spec = flags(
        "-h h -w /w --name n -l a=b --dns 1.1.1.1 --ip 10.0.0.2 --stop-signal TERM --cidfile f --pull always --platform linux/amd64 \
         --expose 80 --link db:db --add-host a:1.2.3.4 --annotation a=b --label-file l --hostname x --mac-address 0 --isolation process \
         --storage-opt size=1G --detach-keys ctrl-p --stop-timeout 5 --volume-driver local --memory-swappiness 1 -a stdin",
    );
    assert_eq!(spec.container.name, "n");
    assert!(spec.unknown_keys.is_empty() && spec.gaps.is_empty());
}

#[test]
fn podmans_own_flags_are_known() {
    let spec = one(
        "podman run --tz local --umask 022 --sdnotify conmon --rmi --replace --no-hosts --env-merge A=b --systemd always --pidfile p \
         --requires x --tls-verify=false --authfile a --arch arm64 --os linux --timeout 9 --passwd-entry e --cgroups split --privileged img",
    );
    assert_eq!(
        (image(&spec), spec.privileged.value()),
        ("img", Some(&true))
    );
    assert!(
        spec.unknown_keys.is_empty() && spec.gaps.is_empty(),
        "{:?}",
        spec.gaps
    );
}

#[test]
fn an_unknown_flag_is_kept_and_is_a_gap() {
    for (text, key, image_read) in [
        ("--surprise=x --rm alpine id", "--surprise", "alpine"),
        ("--surprise --rm alpine id", "--surprise", "alpine"),
        ("--surprise alpine id", "--surprise", "alpine"),
        ("--surprise value --rm alpine id", "--surprise", "alpine"),
        ("-Z --rm alpine id", "-Z", "alpine"),
        ("-itZ alpine id", "-Z", "alpine"),
    ] {
        let spec = one(&format!("docker run {text}"));
        assert_eq!(spec.unknown_keys.len(), 1, "{text}");
        assert_eq!(spec.unknown_keys[0].key, key, "{text}");
        assert_eq!(image(&spec), image_read, "{text}");
        assert_eq!(gaps(&spec).len(), 1, "{text}");
    }
    let secret = one("docker run --token=hunter2 alpine");
    assert!(!format!("{secret:?}").contains("hunter2"));
}

#[test]
fn a_command_that_is_cut_off_is_a_gap() {
    let spec = one("docker run --privileged -v");
    assert_eq!(spec.privileged.value(), Some(&true));
    assert!(spec.image.unknown().is_some());
    assert_eq!(gaps(&spec).len(), 1);
}

#[test]
fn names_are_unique() {
    let names: Vec<_> = all(
        "docker run a\ndocker run a; docker run a\ndocker run --name x a\ndocker run --name=x a",
    )
    .into_iter()
    .map(|spec| spec.container.name)
    .collect();
    assert_eq!(
        names,
        [
            "a (line 1)",
            "a (line 2)",
            "a (line 2, column 15)",
            "x",
            "x (line 4)"
        ]
    );
}

proptest! {
    #[test]
    fn any_words_are_told_apart(words in prop::collection::vec("[-a-z=$:]{0,6}", 0..12)) {
        let words: Vec<_> = words.into_iter().map(|text| Word { text, line: 1, column: 1, ..Word::default() }).collect();
        let parsed = parse(&words);
        prop_assert!(parsed.rest.len() <= words.len());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,120}") {
        let _ = docker_run("x", &text, &Alone);
    }

    #[test]
    fn any_flags_are_read(text in "[-a-zA-Z0-9=:,/$(){}'\"` \n.]{0,80}") {
        let _ = docker_run("x", &format!("docker run {text} alpine"), &Alone);
    }
}
