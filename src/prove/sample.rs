//! Plans for tests: what `harden` would write for a known image.

use crate::harden::{
    Confidence, Grant, Line, Mode, Plan, PlannedMount, PlannedStart, PlannedUser, SCHEMA, Writable,
};
use crate::model::Capability;

fn line<T>(value: T) -> Line<T> {
    Line {
        value,
        reason: "a test".to_owned(),
        confidence: Confidence::Assumed,
    }
}

/// A plan with the user `uid:uid`, these capabilities, and a tmpfs of that owner at each path.
pub(super) fn plan(image: &str, uid: u64, kept: &[Capability], tmpfs: &[&str]) -> Plan {
    let mount = |path: &&str| {
        line(PlannedMount {
            path: (*path).into(),
            writable: Writable::Tmpfs { size: 64 << 20 },
            uid,
            gid: uid,
            mode: None,
            has_content: false,
        })
    };
    Plan {
        schema: SCHEMA.to_owned(),
        image: image.to_owned(),
        name: "sample".to_owned(),
        start: line(PlannedStart::default()),
        mode: Mode::ServiceAccount,
        user: line(PlannedUser {
            uid,
            gid: uid,
            name: None,
        }),
        capabilities: kept
            .iter()
            .map(|capability| {
                line(Grant {
                    capability: *capability,
                })
            })
            .collect(),
        read_only: line(true),
        mounts: tmpfs.iter().map(mount).collect(),
        no_new_privileges: line(true),
        pids: line(128),
        memory: line(512 << 20),
        cpu_millis: line(1000),
        ports: Vec::new(),
        udp_ports: Vec::new(),
        publish_on: "127.0.0.1".to_owned(),
        health: None,
        init: line(false),
        warnings: Vec::new(),
    }
}
