//! How sure the engine is of a match.

use std::ops::Range;

use super::placeholder::{Stand, stand_of};
use super::proof::{Claim, Outcome, Verdict, entropy};
use super::rule::Rule;
use crate::model::Confidence;

/// A match that is worth telling.
pub(super) struct Judged {
    pub(super) confidence: Confidence,
    /// Where the value lies in the block.
    pub(super) value: Range<usize>,
    /// What it is whatever way it was written, where there are several.
    pub(super) decoded: Option<Vec<u8>>,
}

/// Weighs a match; `None`: it is no secret.
pub(super) fn judge(rule: &Rule, claim: &Claim<'_>) -> Option<Judged> {
    let outcome = match rule.proof {
        Some(proof) => proof.check(claim),
        None => Outcome::of_value(Verdict::Plausible, claim),
    };
    let text = claim.block.get(outcome.value.clone())?;
    let confidence = match outcome.verdict {
        Verdict::Refuted => return None,
        // Not even a filler word counts against it: in a long key one turns up by chance.
        Verdict::Proven => Confidence::Proven,
        Verdict::Plausible | Verdict::Doubtful => {
            let stand = stand_of(text);
            if stand == Stand::Filler || entropy(text) < rule.entropy {
                return None;
            }
            if stand == Stand::Weak || outcome.verdict == Verdict::Doubtful {
                Confidence::Possible
            } else {
                rule.confidence
            }
        }
    };
    Some(Judged {
        confidence,
        value: outcome.value,
        decoded: outcome.decoded,
    })
}
