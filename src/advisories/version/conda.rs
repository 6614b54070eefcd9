//! Conda's order: `VersionOrder` of conda/models/version.py.
//!
//! ```text
//! [number !] component ( [. _ -] component )* [ + local ]          component = runs of digits, `*`, others
//! key = 10 number(epoch) components components(local)
//! components = ( component | 15 zero | 25 zero )* 20               each component is a sequence that zeros pad
//! ```
//! `dev` is the lowest word and `post` above all numbers. A component that begins with a word has a zero in front.
//! Versions themselves are padded with zero components, which have two bytes for the reason that zeros have (`padded`).

use super::padded::{self, Element};
use super::{KeyWriter, Refusal, VersionKey, run};

const EPOCH: u8 = 0x10;
const ZERO_BELOW_END: u8 = 0x15;
const END: u8 = 0x20;
const ZERO_ABOVE_END: u8 = 0x25;

pub(super) fn key(version: &str) -> Result<VersionKey, Refusal> {
    let mut version = version.to_ascii_lowercase();
    if version.contains('-') {
        if version.contains('_') {
            return Err("it has both a hyphen and an underscore");
        }
        version = version.replace('-', "_");
    }
    let is_known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '*' | '.' | '+' | '!' | '_');
    if !version.chars().all(is_known) {
        return Err("it has a character that Conda does not take");
    }
    let (epoch, rest) = version.split_once('!').unwrap_or(("0", &version));
    let (public, local) = rest.split_once('+').unwrap_or((rest, ""));
    if !run::is_number(epoch) || rest.contains('!') || local.contains('+') {
        return Err("it has more than one epoch or local part, or an epoch that is no number");
    }
    let mut key = KeyWriter::default();
    key.byte(EPOCH).digits(epoch);
    components(&mut key, public)?;
    if rest.contains('+') {
        components(&mut key, local)?;
    } else {
        key.byte(END);
    }
    Ok(key.finish())
}

fn components(key: &mut KeyWriter, text: &str) -> Result<(), Refusal> {
    // An underscore at the very end belongs to the last component: `1.0.1_` is below `1.0.1a`.
    let body = text.strip_suffix('_').unwrap_or(text);
    let mut zeros = 0;
    let mut components = body.split(['.', '_']).peekable();
    while let Some(component) = components.next() {
        let is_last = components.peek().is_none();
        let mut elements = elements(component);
        if is_last && body.len() < text.len() {
            elements.push(Element::Word("_"));
        }
        if elements.is_empty() {
            return Err("a component is empty");
        }
        if !component.starts_with(|c: char| c.is_ascii_digit()) {
            elements.insert(0, Element::Number("0"));
        }
        let Some(decisive) = elements.iter().find(|element| !element.is_zero()) else {
            zeros += 1;
            continue;
        };
        let zero = match decisive {
            Element::Word(_) => ZERO_BELOW_END,
            Element::Number(_) | Element::Infinity => ZERO_ABOVE_END,
        };
        for _ in 0..zeros {
            key.byte(zero);
        }
        zeros = 0;
        padded::write(key, elements);
    }
    key.byte(END);
    Ok(())
}

fn elements(mut component: &str) -> Vec<Element<'_>> {
    let mut elements = Vec::new();
    while let Some(first) = component.chars().next() {
        let (text, rest) = match first {
            '*' => run::while_all(component, |c| c == '*'),
            digit if digit.is_ascii_digit() => run::digits(component),
            _ => run::while_all(component, |c| !c.is_ascii_digit() && c != '*'),
        };
        elements.push(match text {
            "post" => Element::Infinity,
            // In capitals, as Conda writes it to have it below all other words.
            "dev" => Element::Word("DEV"),
            text => Element::of(text),
        });
        component = rest;
    }
    elements
}
