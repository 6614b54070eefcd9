//! How much the engine finds of what it should: `cargo test --lib secrets::tests::quality -- --ignored --nocapture`.
//!
//! The corpus is made of the rules' examples with other random characters each time, with right and with wrong checksums.
//! What it finds that it should not is measured on real folders: `plimsoll secrets /usr`.

use super::corpus::{expand, expand_broken};
use super::examples::path_of;
use super::{engine, scan};
use crate::model::Confidence;

const SEEDS: u64 = 25;

#[derive(Default)]
struct Tally {
    made: u32,
    found: u32,
    proven: u32,
    broken: u32,
    broken_proven: u32,
}

#[test]
#[ignore = "a measurement: it takes a minute"]
fn recall_over_values_of_every_kind() {
    let engine = engine();
    let (mut proof, mut others) = (Tally::default(), Tally::default());
    for rule in engine.rules().iter() {
        let is_proof = rule.proof.is_some();
        let mut missed = 0;
        for (example, seed) in rule
            .examples
            .iter()
            .flat_map(|example| (2..2 + SEEDS).map(move |seed| (example, seed)))
        {
            let tally = if is_proof { &mut proof } else { &mut others };
            let best = |text: &[u8]| {
                let facts = scan(&engine, &path_of(rule), text, text.len());
                facts.secrets.iter().map(|hit| hit.confidence).max()
            };
            let found = best(&expand(example, seed));
            tally.made += 1;
            if found.is_some_and(|found| found >= rule.confidence.min(Confidence::Likely)) {
                tally.found += 1;
            } else {
                missed += 1;
            }
            tally.proven += u32::from(found == Some(Confidence::Proven));
            let broken = expand_broken(example, seed);
            if broken != expand(example, seed) {
                tally.broken += 1;
                tally.broken_proven += u32::from(best(&broken) == Some(Confidence::Proven));
            }
        }
        if missed > 0 {
            println!("{}: {missed} missed", rule.id);
        }
    }
    for (name, tally) in [("with a proof", proof), ("without", others)] {
        let Tally {
            made,
            found,
            proven,
            broken,
            broken_proven,
        } = tally;
        println!(
            "kinds {name}: {found} of {made} found, {proven} proven; {broken_proven} of {broken} with a wrong checksum proven"
        );
        assert!(u64::from(found) * 100 >= u64::from(made) * 99, "{name}");
        assert_eq!(broken_proven, 0);
    }
}
