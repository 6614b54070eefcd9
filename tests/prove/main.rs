//! Proofs on a real engine, with images of real servers made by `tests/prove/images.sh`.
//!
//! What a test needs and this machine lacks makes it print `skipped: …`, or fail if `PLIMSOLL_REQUIRE_REAL=1` is set.
#![expect(clippy::expect_used, reason = "a test ends where an expectation does")]
#![expect(clippy::print_stdout, reason = "a skipped test says so")]

mod engine;
mod plans;

use std::sync::OnceLock;
use std::time::Duration;

use engine::Engine;
use plans::{SERVERS, Server};
use plimsoll::prove::{
    Change, End, Proof, ProveError, Request, Settings, Sign, Wait, Way, inspect_all, prove,
};
use plimsoll::source::SourceOptions;

/// One test after another: the engine is stopped by the last.
fn with_engine(test: impl FnOnce(&Engine)) {
    static TURN: OnceLock<std::sync::Mutex<()>> = OnceLock::new();
    let _turn = TURN
        .get_or_init(Default::default)
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    let Some(images) = engine::images() else {
        return missing("the images of tests/prove/images.sh (PLIMSOLL_PROVE_IMAGES)");
    };
    let Some(engine) = Engine::start() else {
        return missing("a container engine that may start here");
    };
    for server in SERVERS {
        let archive = images.join(format!("{}.tar", server.name));
        engine.docker(&["load", "--quiet", "--input", &archive.display().to_string()]);
    }
    test(&engine);
    assert_eq!(engine.left_over(), "", "something is left on the engine");
}

fn missing(what: &str) {
    assert!(
        std::env::var_os("PLIMSOLL_REQUIRE_REAL").is_none(),
        "{what} is required and not there"
    );
    println!("skipped: {what} is not there");
}

fn options(engine: &Engine) -> SourceOptions {
    SourceOptions {
        engine_socket: Some(engine.socket().into()),
        ..SourceOptions::default()
    }
}

fn request(server: &Server, settings: Settings) -> Request {
    let mut request = Request::new(server.image(), settings);
    if let Some(command) = server.command {
        request.wait = Wait::Command(command.iter().map(|word| (*word).to_owned()).collect());
    }
    request
}

fn outcome<'a>(proof: &'a Proof, id: &str) -> &'a str {
    let check = proof.checks.iter().find(|check| check.id == id);
    check.map_or("none", |check| check.outcome.as_str())
}

fn server(name: &str) -> &'static Server {
    SERVERS
        .iter()
        .find(|server| server.name == name)
        .expect("a server")
}

#[test]
fn every_hardened_server_starts_answers_and_holds() {
    with_engine(|engine| {
        for server in SERVERS {
            let settings = Settings::of_plan(&server.plan());
            let proof = prove(&request(server, settings), &options(engine)).expect(server.name);
            assert!(proof.end.is_good(), "{}: {:?}", server.name, proof.rounds);
            assert!(proof.holds(), "{}: {:?}", server.name, proof.checks);
            let observation = proof.observation.as_ref().expect("an observation");
            assert_eq!(observation.way, Way::Host, "{:?}", observation.unseen);
            assert!(!observation.processes.is_empty());
            for id in [
                "PLM-L-001",
                "PLM-L-002",
                "PLM-L-003",
                "PLM-L-004",
                "PLM-L-005",
                "PLM-L-006",
                "PLM-L-007",
                "PLM-L-010",
                "PLM-L-011",
                "PLM-L-012",
            ] {
                assert_eq!(
                    outcome(&proof, id),
                    "passed",
                    "{} {id}: {:?}",
                    server.name,
                    proof.checks
                );
            }
            assert!(proof.made.removed && proof.made.containers == 1);
            let text = serde_json::to_string(&proof).expect("json");
            assert_eq!(
                serde_json::from_str::<Proof>(&text).expect("it reads back"),
                proof
            );
        }
    });
}

#[test]
fn what_is_tried_inside_is_refused() {
    with_engine(|engine| {
        let redis = server("redis");
        let proof = prove(
            &request(redis, Settings::of_plan(&redis.plan())),
            &options(engine),
        )
        .expect("a proof");
        for id in [
            "PLM-L-021",
            "PLM-L-022",
            "PLM-L-023",
            "PLM-L-024",
            "PLM-L-025",
        ] {
            assert_eq!(outcome(&proof, id), "passed", "{id}: {:?}", proof.tests);
        }
        let alone = server("static");
        let proof = prove(
            &request(alone, Settings::of_plan(&alone.plan())),
            &options(engine),
        )
        .expect("a proof");
        assert_eq!(
            outcome(&proof, "PLM-L-021"),
            "not-evaluated",
            "{:?}",
            proof.tests
        );
    });
}

#[test]
fn fit_finds_the_fewest_relaxations_of_a_server_that_starts_as_root() {
    with_engine(|engine| {
        for (name, capabilities) in [
            ("redis", "SETGID, SETUID"),
            ("postgres", "DAC_OVERRIDE, SETGID, SETUID"),
        ] {
            let server = server(name);
            let mut request = request(server, server.as_root());
            request.fit = true;
            let proof = prove(&request, &options(engine)).expect(name);
            assert!(proof.end.is_good(), "{name}: {:#?}", proof.rounds);
            assert_eq!(
                proof.settings.capabilities.to_string(),
                capabilities,
                "{name}: {:#?}",
                proof.relaxations
            );
            assert!(
                proof.minimal
                    && proof
                        .relaxations
                        .iter()
                        .all(|relaxation| relaxation.needed == Some(true))
            );
        }
    });
}

#[test]
fn fit_finds_where_a_server_writes() {
    with_engine(|engine| {
        let nginx = server("nginx");
        let mut settings = Settings::of_plan(&nginx.plan());
        settings.writable.clear();
        let mut request = request(nginx, settings);
        request.fit = true;
        let proof = prove(&request, &options(engine)).expect("a proof");
        assert!(proof.end.is_good(), "{:#?}", proof.rounds);
        let places: Vec<String> = proof
            .settings
            .writable
            .iter()
            .map(|place| place.path.to_string())
            .collect();
        assert_eq!(
            places,
            ["/run", "/var/lib/nginx"],
            "{:#?}",
            proof.relaxations
        );
        assert!(
            proof
                .relaxations
                .iter()
                .all(|relaxation| matches!(relaxation.change, Change::Tmpfs { uid: 33, .. }))
        );
    });
}

#[test]
fn the_same_request_gives_the_same_proof() {
    with_engine(|engine| {
        let redis = server("redis");
        let request = request(redis, Settings::of_plan(&redis.plan()));
        let proofs: Vec<String> = (0..2)
            .map(|_| prove(&request, &options(engine)).expect("a proof"))
            .map(|proof| serde_json::to_string(&proof).expect("json"))
            .collect();
        assert_eq!(proofs.first(), proofs.last());
    });
}

#[test]
fn a_container_that_ends_or_never_answers_is_told_and_removed() {
    with_engine(|engine| {
        let nginx = server("nginx");
        let mut settings = Settings::of_plan(&nginx.plan());
        settings.writable.clear();
        let proof = prove(&request(nginx, settings), &options(engine)).expect("a proof");
        assert!(
            matches!(proof.end, End::Exited { code: 1, .. }),
            "{:?}",
            proof.end
        );
        assert_eq!(outcome(&proof, "PLM-L-014"), "failed");
        assert_eq!(outcome(&proof, "PLM-L-001"), "not-evaluated");

        let redis = server("redis");
        let mut hanging = request(redis, Settings::of_plan(&redis.plan()));
        hanging.wait = Wait::Command(vec!["false".to_owned()]);
        hanging.time_limit = Duration::from_secs(2);
        let proof = prove(&hanging, &options(engine)).expect("a proof");
        assert_eq!(proof.end, End::NoAnswer { unhealthy: false });
        assert!(
            proof.observation.is_some(),
            "it was up, and could be looked at"
        );

        let mut unknown = request(redis, Settings::of_plan(&redis.plan()));
        unknown.image = "plimsoll-prove/no-such:1".to_owned();
        let error = prove(&unknown, &options(engine)).expect_err("no such image");
        assert!(matches!(error, ProveError::NoSuchImage { .. }), "{error}");

        let mut refused = request(redis, Settings::of_plan(&redis.plan()));
        refused.settings.memory = Some(4096);
        let error = prove(&refused, &options(engine)).expect_err("too little memory to make it");
        assert!(matches!(error, ProveError::Refused { .. }), "{error}");
    });
}

#[test]
fn settings_that_open_the_boundary_fail_their_checks() {
    with_engine(|engine| {
        let redis = server("redis");
        let mut settings = redis.as_root();
        settings.capabilities = plimsoll::model::CapabilitySet::DOCKER_DEFAULT;
        settings.read_only = false;
        let proof = prove(&request(redis, settings), &options(engine)).expect("a proof");
        assert!(proof.end.is_good(), "{:?}", proof.end);
        assert_eq!(
            outcome(&proof, "PLM-L-002"),
            "passed",
            "it is what was planned"
        );
        assert_eq!(outcome(&proof, "PLM-L-005"), "not-applicable");
        assert_eq!(outcome(&proof, "PLM-L-021"), "not-applicable");
    });
}

#[test]
fn a_health_check_of_the_image_is_waited_for() {
    with_engine(|engine| {
        let python = server("python");
        let proof = prove(
            &request(python, Settings::of_plan(&python.plan())),
            &options(engine),
        )
        .expect("a proof");
        assert_eq!(
            proof.end,
            End::Works {
                sign: Sign::Healthy
            },
            "{:?}",
            proof.rounds
        );
    });
}

#[test]
fn running_containers_are_inspected_for_an_audit() {
    with_engine(|engine| {
        engine.docker(&[
            "run",
            "--detach",
            "--name",
            "live-b",
            "--network",
            "none",
            "plimsoll-prove/static:1",
        ]);
        engine.docker(&[
            "run",
            "--detach",
            "--name",
            "live-a",
            "--network",
            "none",
            "--cap-drop",
            "ALL",
            "plimsoll-prove/static:1",
        ]);
        let all = inspect_all(&options(engine), None).expect("all");
        let one = inspect_all(&options(engine), Some("live-a")).expect("one");
        let none = inspect_all(&options(engine), Some("no-such"));
        engine.docker(&["rm", "--force", "live-a", "live-b"]);
        let names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["live-a", "live-b"]);
        assert!(
            one.iter()
                .all(|(_, text)| text.contains("\"CapDrop\":[\"ALL\"]"))
        );
        assert!(matches!(none, Err(ProveError::NoSuchContainer { .. })));
    });
}

/// The name of the test that the next one runs as a process of its own.
const CHILD: &str = "PLIMSOLL_PROVE_CHILD";

#[test]
fn a_signal_ends_a_proof_and_leaves_nothing() {
    if let Some(socket) = std::env::var_os(CHILD) {
        let redis = server("redis");
        let mut hanging = request(redis, Settings::of_plan(&redis.plan()));
        hanging.wait = Wait::Command(vec!["false".to_owned()]);
        let options = SourceOptions {
            engine_socket: Some(socket.into()),
            ..SourceOptions::default()
        };
        let error = prove(&hanging, &options).expect_err("it is interrupted");
        assert!(matches!(error, ProveError::Interrupted), "{error}");
        return;
    }
    with_engine(|engine| {
        let name = std::thread::current().name().expect("a name").to_owned();
        for signal in ["-INT", "-TERM"] {
            let mut child = std::process::Command::new(std::env::current_exe().expect("a program"))
                .args(["--exact", &name])
                .env(CHILD, engine.socket())
                .stdout(std::process::Stdio::null())
                .spawn()
                .expect("a process");
            // Not before it has something to remove.
            while engine.docker(&["ps", "--quiet"]).is_empty() {
                assert!(
                    child.try_wait().is_ok_and(|status| status.is_none()),
                    "it ended early"
                );
                std::thread::sleep(Duration::from_millis(100));
            }
            let kill = std::process::Command::new("kill")
                .args([signal, &child.id().to_string()])
                .status();
            assert!(kill.is_ok_and(|status| status.success()));
            assert!(
                child.wait().is_ok_and(|status| status.success()),
                "{signal}"
            );
            assert_eq!(engine.left_over(), "", "{signal}");
        }
    });
}
