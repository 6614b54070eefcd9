//! One table for each control: pods that pass and pods that fail, as upstream's own fixtures choose them, with the versions where a
//! rule changes.

mod baseline;
mod restricted;
mod whole;

use super::*;
use crate::runtime::tree::documents;
use crate::runtime::{Pod, Spot};

/// The pod of a manifest.
fn pod(text: &str) -> Pod {
    let root = documents(text).expect("yaml").remove(0);
    Pod {
        name: "Pod/test".to_owned(),
        metadata: root.get("metadata").cloned(),
        spec: root.get("spec").cloned().expect("a spec"),
        path: "spec".to_owned(),
        at: Spot {
            file: Some("pod.yaml".to_owned()),
            ..Spot::default()
        },
    }
}

/// The three lists of a pod's containers: what is true of one is true of each.
const LISTS: [&str; 3] = ["containers", "initContainers", "ephemeralContainers"];

/// A pod of one container beside an empty one; `fields` are the container's, in flow style without braces.
fn of_container(list: &str, fields: &str) -> Pod {
    let plain = if list == "containers" {
        ""
    } else {
        "  containers: [{name: plain}]\n"
    };
    pod(&format!(
        "spec:\n{plain}  {list}: [{{name: it, {fields}}}]\n"
    ))
}

/// A pod with fields of its own beside one container without any.
fn of_pod(fields: &str) -> Pod {
    pod(&format!("spec: {{containers: [{{name: it}}], {fields}}}\n"))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Allowed,
    Forbidden,
    Untold,
}
use Is::{Allowed, Forbidden, Untold};

fn result(pod: &Pod, id: &str, minor: u32) -> Is {
    let level = if id.ends_with("_baseline")
        || ids(Level::Baseline, Version(99)).any(|known| known == id)
    {
        Level::Baseline
    } else {
        Level::Restricted
    };
    let controls = evaluate(pod, level, Version(minor));
    let control = controls
        .iter()
        .find(|control| control.id == id)
        .expect("the control");
    match (control.allowed, &control.not_evaluated) {
        (true, None) => Allowed,
        (false, None) => Forbidden,
        (false, Some(_)) => Untold,
        (true, Some(_)) => panic!("allowed, and not evaluated"),
    }
}

/// Fields of a pod, and what a control says of it in versions.
type Cases<'a> = &'a [(&'a str, &'a [(u32, Is)])];

fn check_pods(id: &str, cases: Cases<'_>) {
    for (fields, versions) in cases {
        for (minor, expected) in *versions {
            assert_eq!(
                result(&of_pod(fields), id, *minor),
                *expected,
                "{id} v1.{minor}: {fields}"
            );
        }
    }
}

fn check_containers(id: &str, cases: Cases<'_>) {
    for (fields, versions) in cases {
        for list in LISTS {
            for (minor, expected) in *versions {
                let pod = of_container(list, fields);
                assert_eq!(
                    result(&pod, id, *minor),
                    *expected,
                    "{id} v1.{minor}, {list}: {fields}"
                );
            }
        }
    }
}
