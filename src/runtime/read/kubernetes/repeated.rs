//! Keys that stand twice in one mapping. YAML forbids them; the tools of Kubernetes take the last (`sigs.k8s.io/yaml`), so that a
//! `privileged: true` below a `privileged: false` is what counts.

use std::collections::BTreeMap;

use crate::runtime::Stated;
use crate::runtime::tree::{Node, Value};

/// Keeps the last of each key, everywhere below a node, and tells each that is not alone.
pub(super) fn keep_last(node: &mut Node, file: &str, gaps: &mut Vec<Stated<String>>) {
    match &mut node.value {
        Value::Scalar { .. } => {}
        Value::Sequence(items) => {
            for item in items {
                keep_last(item, file, gaps);
            }
        }
        Value::Mapping(entries) => {
            let mut last: BTreeMap<String, usize> = BTreeMap::new();
            for (index, (key, _)) in entries.iter().enumerate() {
                let Some(name) = key.text() else { continue };
                if last.insert(name.to_owned(), index).is_some() {
                    let gap = format!(
                        "the key {name} stands twice in one mapping, and the last one is taken"
                    );
                    gaps.push(Stated::new(gap, key.spot(name, Some(file))));
                }
            }
            let mut index = 0;
            entries.retain(|(key, _)| {
                let own = index;
                index += 1;
                key.text().is_none_or(|name| last.get(name) == Some(&own))
            });
            for (_, value) in entries {
                keep_last(value, file, gaps);
            }
        }
    }
}
