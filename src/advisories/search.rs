//! Names that are near to one that nobody has: for whoever mistyped it.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use super::error::AdvisoryError;
use super::store::Store;

/// Names that are suggested.
const SUGGESTED: usize = 5;
/// Bytes beyond which a name is compared with none: the work is the product of two lengths.
const LONGEST: usize = 64;

impl Store {
    /// Package names that are near to one: nearest first.
    pub fn near_packages(&self, name: &str) -> Result<Vec<String>, AdvisoryError> {
        self.near("SELECT DISTINCT name FROM package", name)
    }

    /// Ids and aliases that are near to one: nearest first.
    pub fn near_ids(&self, id: &str) -> Result<Vec<String>, AdvisoryError> {
        self.near(
            "SELECT external_id FROM advisory UNION SELECT name FROM alias",
            id,
        )
    }

    fn near(&self, sql: &str, word: &str) -> Result<Vec<String>, AdvisoryError> {
        let word = word.to_lowercase();
        let read = || -> rusqlite::Result<Vec<String>> {
            let mut found: BTreeSet<(usize, Reverse<usize>, String)> = BTreeSet::new();
            let mut statement = self.connection.prepare(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let name: String = row.get(0)?;
                let lower = name.to_lowercase();
                if let Some(distance) = distance(&word, &lower) {
                    // Of two that are as near, the one that begins alike for longer is meant.
                    let pairs = word.chars().zip(lower.chars());
                    let alike = pairs.take_while(|(one, other)| one == other).count();
                    found.insert((distance, Reverse(alike), name));
                    if found.len() > SUGGESTED {
                        found.pop_last();
                    }
                }
            }
            Ok(found.into_iter().map(|(_, _, name)| name).collect())
        };
        read().map_err(|error| self.database_error(error))
    }
}

/// How far a name is from a word, if it is near: the letters to change (a third at most), or more than that for a name that
/// has the word as a part of its own.
fn distance(word: &str, name: &str) -> Option<usize> {
    const AS_A_PART: usize = 4;
    if word.len() > LONGEST || name.len() > LONGEST {
        return None;
    }
    let allowed = (word.chars().count() / 3).min(AS_A_PART - 1);
    if word.len().abs_diff(name.len()) <= allowed * 4 {
        let changed = changed_letters(word, name);
        if changed <= allowed {
            return Some(changed);
        }
    }
    let is_end = |c: char| !c.is_alphanumeric();
    let is_part = name.split(is_end).any(|part| part == word);
    is_part.then_some(AS_A_PART)
}

/// Letters to put in, take out, replace, or swap with their neighbour (optimal string alignment).
fn changed_letters(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    let mut previous = None;
    for (row, letter) in one.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, target) in other.iter().enumerate() {
            let at = |line: &[usize], place: usize| line.get(place).copied().unwrap_or(usize::MAX);
            let replaced = at(&last, column) + usize::from(letter != *target);
            let mut fewest = replaced
                .min(at(&last, column + 1) + 1)
                .min(at(&current, column) + 1);
            let swaps =
                column > 0 && previous == Some(*target) && other.get(column - 1) == Some(&letter);
            if swaps {
                fewest = fewest.min(at(&before_last, column - 1).saturating_add(1));
            }
            current.push(fewest);
        }
        before_last = std::mem::replace(&mut last, current);
        previous = Some(letter);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_differ_are_counted_and_swapped_neighbours_are_one() {
        for (one, other, changed) in [
            ("openssl", "openssl", 0),
            ("opnessl", "openssl", 1),
            ("openssl", "opensl", 1),
            ("abc", "", 3),
            ("", "abc", 3),
            ("größe", "grosse", 3),
        ] {
            assert_eq!(changed_letters(one, other), changed, "{one} {other}");
        }
    }

    #[test]
    fn near_names_are_nearest_first_and_far_ones_are_none() {
        let store = Store::starter().expect("starter");
        let near = |word: &str| store.near_packages(word).expect("names");
        assert_eq!(near("opnessl").first().map(String::as_str), Some("openssl"));
        assert_eq!(near("xyzzyxyzzy"), Vec::<String>::new());
        assert!(near("log4j").contains(&"org.apache.logging.log4j:log4j-core".to_owned()));
        let ids = store.near_ids("cve-2023-3854").expect("ids");
        assert_eq!(ids.first().map(String::as_str), Some("CVE-2023-38545"));
    }
}
