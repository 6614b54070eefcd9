//! Evidence that was written before, read back: to show it in another form, or to compare it.

use super::{Evidence, SCHEMA};

/// Why a text is no evidence that is read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// It is no JSON, or not of the document's shape.
    #[error("it is no evidence: {0}")]
    Shape(#[from] serde_json::Error),
    /// It is a document of another kind or version.
    #[error("it is `{0}`, and this Plimsoll reads `{SCHEMA}`")]
    Schema(String),
    /// It says nothing of what it is.
    #[error("it does not say which document it is: `schema` is missing")]
    NoSchema,
}

/// Reads a document. Which kind it says to be is looked at first: a newer one is refused by its name and not by a field that is new.
pub fn read(bytes: &[u8]) -> Result<Evidence, EvidenceError> {
    #[derive(serde::Deserialize)]
    struct Head {
        schema: Option<String>,
    }
    let head: Head = serde_json::from_slice(bytes)?;
    match head.schema {
        Some(schema) if schema == SCHEMA => Ok(serde_json::from_slice(bytes)?),
        Some(schema) => Err(EvidenceError::Schema(schema)),
        None => Err(EvidenceError::NoSchema),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_document_is_refused_by_its_name() {
        let told = |text: &str| read(text.as_bytes()).expect_err("no evidence").to_string();
        assert!(told(r#"{"schema": "plimsoll.evidence/v9"}"#).contains("plimsoll.evidence/v9"));
        assert!(told("{}").contains("schema"));
        assert!(told("[1").contains("no evidence"));
        assert!(told(r#"{"schema": "plimsoll.evidence/v1"}"#).contains("missing field"));
    }
}
