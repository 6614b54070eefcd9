use std::collections::BTreeMap;

use super::*;
use crate::prove::cgroup::LimitsInForce;
use crate::prove::mountinfo;
use crate::prove::observe::MountView;
use crate::prove::status::{Mask, Status};

const MOUNTS: &str = "\
1 0 0:65 / / ro,relatime - overlay overlay rw\n\
2 1 0:68 / /proc rw,nosuid - proc proc rw\n\
3 1 0:72 / /run rw,nosuid - tmpfs tmpfs rw\n\
5 2 0:68 /sys /proc/sys ro - proc proc rw\n\
6 2 0:69 /null /proc/kcore rw,nosuid - tmpfs tmpfs rw\n";

fn settings() -> Settings {
    Settings {
        user: Some("33:33".to_owned()),
        no_new_privileges: true,
        read_only: true,
        writable: vec![crate::prove::WritablePlace::tmpfs("run".into(), 33, 33)],
        pids: Some(128),
        ..Settings::default()
    }
}

fn good() -> Observation {
    let status = Status {
        command: "app".to_owned(),
        uids: Some([33; 4]),
        gids: Some([33; 4]),
        groups: Some(vec![33]),
        inheritable: Some(Mask(0)),
        permitted: Some(Mask(0)),
        effective: Some(Mask(0)),
        bounding: Some(Mask(0)),
        ambient: Some(Mask(0)),
        no_new_privileges: Some(true),
        seccomp: Some(2),
        seccomp_filters: Some(1),
    };
    let namespaces: BTreeMap<String, Sharing> = OWN
        .iter()
        .map(|name| ((*name).to_owned(), Sharing::Own))
        .collect();
    Observation {
        way: Way::Host,
        unseen: Vec::new(),
        processes: vec![Process {
            status,
            mounts: Some(0),
            namespaces,
            uid_map: Some(vec![[0, 0, 4_294_967_295]]),
            label: Some(Label::NoModule),
        }],
        mount_views: vec![MountView::of(&mountinfo::parse(MOUNTS))],
        limits: LimitsInForce {
            pids: Some(128),
            ..LimitsInForce::default()
        },
        changes: Some(Vec::new()),
    }
}

fn judged(settings: &Settings, observation: &Observation) -> BTreeMap<String, String> {
    let engine = EngineFacts::default();
    let checks = verdicts(&Grounds {
        settings,
        engine: &engine,
        volumes: &[],
        observation: Some(observation),
        tests: &[],
        last: None,
    });
    checks
        .into_iter()
        .map(|check| (check.id, check.outcome))
        .collect()
}

fn outcome_with(id: &str, change: impl FnOnce(&mut Observation)) -> String {
    let mut observation = good();
    change(&mut observation);
    judged(&settings(), &observation)
        .remove(id)
        .expect("a check")
}

#[test]
fn a_container_that_is_as_planned_passes() {
    let outcomes = judged(&settings(), &good());
    for number in [1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13] {
        let id = format!("PLM-L-{number:03}");
        assert_eq!(
            outcomes.get(&id).map(String::as_str),
            Some("passed"),
            "{id}"
        );
    }
    assert_eq!(
        outcomes.get("PLM-L-008").map(String::as_str),
        Some("not-evaluated"),
        "there is no security module"
    );
}

#[test]
fn every_departure_from_the_plan_fails_its_own_check() {
    type Departure = fn(&mut Observation);
    let cases: [(&str, Departure); 12] = [
        ("PLM-L-001", |seen| {
            seen.processes[0].status.effective = Some(Mask(1));
        }),
        ("PLM-L-001", |seen| {
            seen.processes[0].status.ambient = Some(Mask(1 << 50));
        }),
        ("PLM-L-002", |seen| {
            seen.processes[0].status.bounding = Some(Mask(0xa804_25fb));
        }),
        ("PLM-L-003", |seen| {
            seen.processes[0].status.no_new_privileges = Some(false);
        }),
        ("PLM-L-004", |seen| {
            seen.processes[0].status.seccomp = Some(0);
        }),
        ("PLM-L-005", |seen| {
            seen.mount_views = vec![MountView::of(&mountinfo::parse(
                "1 0 0:1 / / rw - overlay overlay rw\n",
            ))];
        }),
        ("PLM-L-006", |seen| {
            seen.processes[0]
                .namespaces
                .insert("net".to_owned(), Sharing::Host);
        }),
        ("PLM-L-007", |seen| {
            let text = format!("{MOUNTS}9 1 8:1 / /host rw - ext4 /dev/vda rw\n");
            seen.mount_views = vec![MountView::of(&mountinfo::parse(&text))];
        }),
        ("PLM-L-009", |seen| {
            seen.changes = Some(vec!["etc/x".into()]);
        }),
        ("PLM-L-010", |seen| {
            seen.processes[0].status.uids = Some([33, 0, 33, 33]);
        }),
        ("PLM-L-011", |seen| {
            seen.processes[0].status.groups = Some(vec![0]);
        }),
        ("PLM-L-012", |seen| seen.limits.pids = Some(0)),
    ];
    for (id, departure) in cases {
        assert_eq!(outcome_with(id, departure), "failed", "{id}");
    }
}

#[test]
fn a_weak_process_beside_a_good_one_is_found() {
    let outcome = outcome_with("PLM-L-002", |seen| {
        let mut weak = seen.processes[0].clone();
        weak.status.bounding = Some(Mask(1));
        seen.processes.push(weak);
    });
    assert_eq!(outcome, "failed");
}

#[test]
fn what_could_not_be_read_is_never_taken_for_safe() {
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
    ] {
        let outcome = outcome_with(id, |seen| seen.processes[0] = Process::default());
        assert_eq!(outcome, "not-evaluated", "{id}");
        let outcome = outcome_with(id, |seen| seen.processes.clear());
        assert_eq!(outcome, "not-evaluated", "{id} without processes");
    }
}

#[test]
fn root_inside_is_not_root_outside_where_ids_are_mapped() {
    let mapped = |seen: &mut Observation| {
        seen.way = Way::Inside;
        seen.processes[0].status.uids = Some([0; 4]);
        seen.processes[0].uid_map = Some(vec![[0, 100_000, 65_536]]);
    };
    assert_eq!(outcome_with("PLM-L-010", mapped), "passed");
    let unmapped = |seen: &mut Observation| {
        seen.way = Way::Inside;
        seen.processes[0].status.uids = Some([0; 4]);
    };
    assert_eq!(outcome_with("PLM-L-010", unmapped), "failed");
}

#[test]
fn a_check_that_did_not_run_says_why() {
    let checks = verdicts(&Grounds {
        settings: &settings(),
        engine: &EngineFacts::default(),
        volumes: &[],
        observation: None,
        tests: &[],
        last: None,
    });
    assert!(checks.iter().all(|check| check.outcome != "passed"));
    assert!(
        checks
            .iter()
            .filter(|check| check.outcome == "not-evaluated")
            .all(|check| !check.details.is_empty())
    );
}
