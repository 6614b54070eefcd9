//! As whom a container runs: the settings over the image.

use super::Subject;
use super::told::{Blind, blind_at, said};
use crate::model::CheckPlace;
use crate::runtime::{Form, Setting};

/// As whom a container runs.
pub(super) enum RunsAs {
    /// As uid 0: what says so, and where.
    Root(String, CheckPlace),
    /// As somebody else; `None`: by a number that is not known here.
    Other(Option<u64>),
    /// Nothing is said, so the image decides, and it is not known.
    ImageDecides,
}

/// As whom it runs, or why that cannot be told.
pub(super) fn runs_as(subject: &Subject<'_>) -> Result<RunsAs, Blind> {
    let account = &subject.spec.account;
    let user = said(&account.user)?.filter(|user| !user.value.trim().is_empty());
    if let Some(user) = user {
        let number = number_of(subject, user.value.trim(), &user.at)?;
        return Ok(if number == 0 {
            let detail = format!("the user is `{}`, so uid 0", user.value);
            RunsAs::Root(detail, user.at.place())
        } else {
            RunsAs::Other(Some(number))
        });
    }
    if said(&account.must_not_be_root)?.is_some_and(|must| must.value) {
        return Ok(RunsAs::Other(subject.image.and_then(|image| image.uid)));
    }
    match (subject.image, subject.form()) {
        (Some(image), _) => match image.uid {
            Some(0) => Ok(RunsAs::Root(
                "no user is said, and the image starts as uid 0".to_owned(),
                subject.place(),
            )),
            Some(uid) => Ok(RunsAs::Other(Some(uid))),
            None => Err(Blind(format!(
                "the image's user `{}` is not in its /etc/passwd",
                image.user
            ))),
        },
        // What an engine or a bundle says is complete: the image's user is in it.
        (None, Form::Inspect | Form::Oci) => Ok(RunsAs::Root(
            "no user is set, so uid 0".to_owned(),
            subject.place(),
        )),
        (None, _) => Ok(RunsAs::ImageDecides),
    }
}

/// Whether it surely does not start as root.
pub(super) fn is_surely_not_root(subject: &Subject<'_>) -> bool {
    matches!(runs_as(subject), Ok(RunsAs::Other(_)))
}

/// What to say where only the image knows.
pub(super) fn image_decides() -> Blind {
    Blind("no user is said, so the image decides: give --image or scan it".to_owned())
}

fn number_of(subject: &Subject<'_>, user: &str, at: &crate::runtime::Spot) -> Result<u64, Blind> {
    if let Ok(number) = user.parse() {
        return Ok(number);
    }
    let known = subject.image.and_then(|image| image.accounts.get(user));
    match (known, subject.image) {
        (Some((uid, _)), _) => Ok(*uid),
        (None, _) if user == "root" => Ok(0),
        (None, Some(_)) => Err(blind_at(
            &format!("the account `{user}` is not in the image's /etc/passwd"),
            at,
        )),
        (None, None) => Err(blind_at(
            &format!(
                "`{user}` is a name, and the image's /etc/passwd says its number: give --image or scan it"
            ),
            at,
        )),
    }
}

/// The primary group's number: what is said, or what the engine takes for the user (0 for a number that `/etc/passwd` does not have).
/// `None`: a name whose number is not known.
pub(super) fn primary_group(subject: &Subject<'_>, uid: Option<u64>) -> Result<Option<u64>, Blind> {
    let account = &subject.spec.account;
    if let Some(group) = said(&account.group)?.filter(|group| !group.value.trim().is_empty()) {
        return Ok(match group.value.trim() {
            "root" => Some(0),
            group => group.parse().ok(),
        });
    }
    let is_said = matches!(&account.user, Setting::Stated(user) if !user.value.trim().is_empty());
    let Some(image) = subject.image else {
        let is_number = matches!(&account.user, Setting::Stated(user) if user.value.trim().parse::<u64>().is_ok());
        return match (is_said, is_number, subject.form()) {
            (true, true, _) => Ok(Some(0)),
            (true, false, _) => Err(Blind(
                "the image's /etc/passwd says the account's group: give --image or scan it"
                    .to_owned(),
            )),
            (false, _, _) => Err(image_decides()),
        };
    };
    if !is_said {
        return Ok(image.gid);
    }
    let mut accounts = image.accounts.values();
    let of_uid = accounts.find(|(known, _)| Some(*known) == uid);
    Ok(Some(of_uid.map_or(0, |(_, gid)| *gid)))
}
