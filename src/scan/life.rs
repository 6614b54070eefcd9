//! Whether the distribution is still looked after: where it is not, a vulnerability that is found today is in no advisory, and that
//! nothing is found says less.

use super::ScanError;
use crate::advisories::{EndOfLife, Store};
use crate::model::{Date, Distribution, Gap, GapKind, Untrusted};

/// What is known of the release's life on the day that was asked for.
#[derive(Default)]
pub(super) struct Life {
    /// The day, if the store knows the release.
    pub(super) asked: Option<Date>,
    /// The gap, if the life is over by then.
    pub(super) over: Option<Gap>,
    /// Since when it is over, if it is; `None` where the store does not know it or no day was asked.
    pub(super) ended: Option<Option<Date>>,
}

/// Asks the store.
pub(super) fn judge(
    store: &Store,
    distribution: Option<&Distribution>,
    date: Option<Date>,
) -> Result<Life, ScanError> {
    let (Some(distribution), Some(date)) = (distribution, date) else {
        return Ok(Life::default());
    };
    let Some(life) = store.end_of_life(distribution)? else {
        return Ok(Life::default());
    };
    let over = past_life(distribution, &life, date);
    Ok(Life {
        asked: Some(date),
        ended: Some(over.as_ref().and(life.ends)),
        over,
    })
}

fn past_life(distribution: &Distribution, life: &EndOfLife, date: Date) -> Option<Gap> {
    let since = life.ends?;
    let last = life
        .extended
        .filter(|_| has_extended_support(distribution))
        .unwrap_or(since);
    if date <= last {
        return None;
    }
    let extended = life.extended.map_or_else(String::new, |until| {
        format!(" (extended support until {until})")
    });
    let detail = format!(
        "{} {} is past its end of life since {since}{extended}: later vulnerabilities may never be listed",
        name(distribution),
        Untrusted(&life.release)
    );
    Some(Gap::new(GapKind::EndOfLife, detail))
}

/// Whether what comes after standard support is for this image, too: Debian's LTS is for everybody and in Debian's own advisories;
/// others have to be paid for, and an image that has them says so.
fn has_extended_support(distribution: &Distribution) -> bool {
    let is_extended = |set: &String| {
        // Red Hat's repositories: `rhel-7-server-els-rpms`.
        set.split('-').any(|word| word == "els")
    };
    match distribution.id.as_str() {
        "debian" => true,
        "rhel" => distribution.content_sets.iter().any(is_extended),
        _ => {
            let services = &distribution.extended_support;
            services.iter().any(|service| service.starts_with("esm-"))
        }
    }
}

/// What people call it.
fn name(distribution: &Distribution) -> String {
    let pretty = distribution.pretty_name.as_deref().unwrap_or_default();
    match distribution.id.as_str() {
        "almalinux" => "AlmaLinux",
        "alpine" => "Alpine",
        "amzn" => "Amazon Linux",
        "azurelinux" => "Azure Linux",
        "centos" if pretty.contains("Stream") => "CentOS Stream",
        "centos" => "CentOS",
        "debian" => "Debian",
        "fedora" => "Fedora",
        "mageia" => "Mageia",
        "ol" => "Oracle Linux",
        "opensuse-leap" => "openSUSE Leap",
        "photon" => "Photon OS",
        "rhel" => "Red Hat Enterprise Linux",
        "rocky" => "Rocky Linux",
        "sles" => "SUSE Linux Enterprise Server",
        "ubuntu" => "Ubuntu",
        other => return Untrusted(other).to_string(),
    }
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The day and the gap.
    fn asked(
        store: &Store,
        distribution: Option<&Distribution>,
        date: Option<Date>,
    ) -> Result<(Option<Date>, Option<Gap>), ScanError> {
        judge(store, distribution, date).map(|life| (life.asked, life.over))
    }

    fn on(id: &str, version: &str) -> Distribution {
        Distribution {
            id: id.into(),
            version_id: Some(version.into()),
            ..Distribution::default()
        }
    }

    fn judged(distribution: &Distribution, date: &str) -> (Option<String>, Option<String>) {
        let store = Store::starter().expect("starter");
        let date = date.parse().expect("a date");
        let (date, gap) = asked(&store, Some(distribution), Some(date)).expect("judged");
        (date.map(|date| date.to_string()), gap.map(|gap| gap.detail))
    }

    #[test]
    fn a_release_past_its_life_is_told_with_its_dates() {
        let (date, gap) = judged(&on("debian", "9"), "2026-11-24");
        assert_eq!(date.as_deref(), Some("2026-11-24"));
        assert_eq!(
            gap.as_deref(),
            Some(
                "Debian 9 is past its end of life since 2020-07-18 (extended support until 2022-06-30): later vulnerabilities may never be listed"
            )
        );
        let (_, gap) = judged(&on("alpine", "3.10.9"), "2021-05-02");
        assert_eq!(
            gap.as_deref(),
            Some(
                "Alpine 3.10 is past its end of life since 2021-05-01: later vulnerabilities may never be listed"
            )
        );
        assert_eq!(
            judged(&on("alpine", "3.10.9"), "2021-05-01").1,
            None,
            "its last day"
        );
    }

    #[test]
    fn extended_support_counts_where_the_image_has_it() {
        assert_eq!(
            judged(&on("debian", "12"), "2026-11-24").1,
            None,
            "LTS is for everybody"
        );
        let mut xenial = on("ubuntu", "16.04");
        assert!(judged(&xenial, "2024-01-01").1.is_some());
        xenial.extended_support = vec!["fips".into()];
        assert!(judged(&xenial, "2024-01-01").1.is_some());
        xenial.extended_support = vec!["esm-infra".into()];
        assert_eq!(judged(&xenial, "2024-01-01").1, None);
        assert!(judged(&xenial, "2036-01-01").1.is_some());
        let mut rhel = on("rhel", "7.9");
        assert!(judged(&rhel, "2026-01-01").1.is_some());
        rhel.content_sets = vec!["rhel-7-server-els-rpms".into()];
        assert_eq!(judged(&rhel, "2026-01-01").1, None);
    }

    #[test]
    fn a_store_without_ends_of_support_goes_by_those_inside_plimsoll() {
        let empty = Store::in_memory().expect("store");
        let date = "2026-11-24".parse().ok();
        let (as_of, gap) = asked(&empty, Some(&on("debian", "9")), date).expect("judged");
        assert_eq!((as_of, gap.is_some()), (date, true));
    }

    #[test]
    fn without_a_date_or_a_release_that_is_known_nothing_is_said() {
        let store = Store::starter().expect("starter");
        let debian = on("debian", "9");
        assert_eq!(
            asked(&store, Some(&debian), None).expect("judged"),
            (None, None)
        );
        assert_eq!(judged(&on("wolfi", "20230201"), "2026-11-24"), (None, None));
        let date = "2026-11-24".parse().ok();
        assert_eq!(asked(&store, None, date).expect("judged"), (None, None));
    }
}
