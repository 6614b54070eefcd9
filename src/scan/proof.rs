//! What was seen in a restricted container, as evidence: by itself, or beside what a scan of the same image found.

use super::audit::{empty, settle};
use crate::evidence::{Evidence, Gate, Subject, boundary};
use crate::model::{Digest, Gap, GapKind, Untrusted};
use crate::prove::Proof;

/// Why a proof cannot be put beside a scan.
#[derive(Debug, thiserror::Error)]
pub enum ProofError {
    /// It is about another image.
    #[error("the proof is about {proven}, and the scanned image is {scanned}")]
    OtherImage {
        /// The id in the proof.
        proven: String,
        /// The id of the scanned image.
        scanned: String,
    },
}

/// A proof by itself.
pub fn proof_evidence(proof: Proof, gate: Gate) -> Evidence {
    let mut evidence = empty(proof.image.name.clone(), gate);
    evidence.subject = Subject {
        config_digest: proof.image.id.parse().ok(),
        manifest_digest: manifest_digest(&proof),
        ..evidence.subject
    };
    put(&mut evidence, proof);
    evidence
}

/// Puts a proof beside what a scan found, if both are about the same bytes: one document, one verdict.
pub fn add_proof(evidence: &mut Evidence, proof: Proof) -> Result<(), ProofError> {
    let proven: Option<Digest> = proof.image.id.parse().ok();
    let Subject {
        config_digest,
        manifest_digest: of_manifest,
        ..
    } = &evidence.subject;
    // An engine that keeps images by containerd names the manifest.
    let is_same = proven.is_some() && (proven == *config_digest || proven == *of_manifest);
    if !is_same {
        let scanned =
            config_digest.map_or_else(|| "without an id".to_owned(), |digest| digest.to_string());
        return Err(ProofError::OtherImage {
            proven: Untrusted(&proof.image.id).to_string(),
            scanned,
        });
    }
    put(evidence, proof);
    Ok(())
}

fn put(evidence: &mut Evidence, proof: Proof) {
    let (findings, records) = boundary(&proof.checked(), |_| None);
    evidence.findings.extend(findings);
    evidence.checks.extend(records);
    evidence.gaps.extend(gaps(&proof));
    evidence.proof = Some(Box::new(proof));
    settle(evidence);
}

/// What a proof leaves open: that the container did not work, or that nobody saw it.
fn gaps(proof: &Proof) -> Vec<Gap> {
    let name = Untrusted(&proof.image.name);
    let mut gaps = Vec::new();
    if !proof.end.is_good() {
        let detail = format!(
            "{name}: the restricted container did not work: {}",
            Untrusted(&proof.end.text())
        );
        gaps.push(Gap::new(GapKind::NotProven, detail));
    } else if proof.observation.is_none() {
        let detail = format!("{name}: nothing of the running container could be seen");
        gaps.push(Gap::new(GapKind::NotProven, detail));
    }
    for left_out in &proof.settings.left_out {
        let detail = format!("{name}: not run: {}", Untrusted(left_out));
        gaps.push(Gap::new(GapKind::NotProven, detail));
    }
    gaps
}

fn manifest_digest(proof: &Proof) -> Option<Digest> {
    let [only] = proof.image.digests.as_slice() else {
        return None;
    };
    only.rsplit('@').next()?.parse().ok()
}
