//! Templates that nobody has rendered yet: a chart's own files, which are no YAML or another one than they will be.

use crate::runtime::tree::{Node, Value};

/// The line of the first `{{ … }}` or `{% … %}` outside of comments, of a text that is no YAML.
pub(super) fn line_of_marks(text: &str) -> Option<u64> {
    let is_marked = |line: &str| {
        let code = line.trim_start();
        !code.starts_with('#') && (code.contains("{{") || code.contains("{%"))
    };
    let found = text.lines().position(is_marked)?;
    Some(found as u64 + 1)
}

/// The line of the first value `{{ … }}` without quotes: YAML reads it as a mapping whose only key is a mapping.
pub(super) fn line_of_value(node: &Node) -> Option<u64> {
    match &node.value {
        Value::Scalar { .. } => None,
        Value::Sequence(items) => items.iter().find_map(line_of_value),
        Value::Mapping(entries) => entries.iter().find_map(|(key, value)| {
            let is_template = matches!(key.value, Value::Mapping(_)) && entries.len() == 1;
            if is_template {
                Some(node.start.line)
            } else {
                line_of_value(value)
            }
        }),
    }
}
