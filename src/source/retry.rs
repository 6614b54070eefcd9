//! When a registry is asked again, and how long is waited before.

use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{DATE, HeaderMap, RETRY_AFTER};

/// How often and how long a registry is asked again after 429, 5xx or a broken connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Requests in all, the first one included.
    pub attempts: u32,
    /// The wait after the first one; each further wait is twice as long.
    pub base: Duration,
    /// No wait is longer. A registry that asks for more is given up at once, so that the user is told and not kept.
    pub longest: Duration,
}

impl Default for RetryPolicy {
    /// Waits of 0.5, 1, 2 and 4 seconds: long enough for a load balancer that restarts a backend.
    fn default() -> Self {
        Self {
            attempts: 5,
            base: Duration::from_millis(500),
            longest: Duration::from_mins(1),
        }
    }
}

impl RetryPolicy {
    /// How long to wait after `failures` failures in a row, if the registry asked for `asked`; `None`: give up.
    pub(super) fn wait(&self, failures: u32, asked: Option<Duration>) -> Option<Duration> {
        if failures >= self.attempts {
            return None;
        }
        let doubled = self
            .base
            .saturating_mul(1 << failures.saturating_sub(1).min(20))
            .min(self.longest);
        match asked {
            Some(asked) if asked > self.longest => None,
            Some(asked) => Some(asked.max(doubled)),
            None => Some(doubled),
        }
    }
}

/// Whether the same request may succeed later.
pub(super) fn is_passing(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::REQUEST_TIMEOUT
            | StatusCode::TOO_MANY_REQUESTS
            | StatusCode::INTERNAL_SERVER_ERROR
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT
    )
}

/// `Retry-After`: seconds, or a date, which is measured against the response's own `Date` and not this machine's clock.
///
/// <https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3>
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let asked = text(RETRY_AFTER)?;
    if let Ok(seconds) = asked.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then = httpdate::parse_http_date(asked).ok()?;
    let now = httpdate::parse_http_date(text(DATE)?).ok()?;
    Some(then.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest_and_end_with_the_attempts() {
        let policy = RetryPolicy {
            attempts: 4,
            base: Duration::from_secs(1),
            longest: Duration::from_secs(3),
        };
        let waits: Vec<_> = (1..=4)
            .map(|failures| policy.wait(failures, None))
            .collect();
        let seconds = |seconds| Some(Duration::from_secs(seconds));
        assert_eq!(waits, [seconds(1), seconds(2), seconds(3), None]);
    }

    #[test]
    fn a_registry_that_asks_for_longer_is_obeyed_or_given_up() {
        let policy = RetryPolicy::default();
        let asked = Some(Duration::from_secs(7));
        assert_eq!(policy.wait(1, asked), asked);
        assert_eq!(policy.wait(1, Some(Duration::from_hours(1))), None);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date_against_the_responses_own_date() {
        let headers = |pairs: &[(reqwest::header::HeaderName, &'static str)]| {
            pairs
                .iter()
                .map(|(name, value)| (name.clone(), value.parse().expect("a header value")))
                .collect::<HeaderMap>()
        };
        assert_eq!(
            retry_after(&headers(&[(RETRY_AFTER, "12")])),
            Some(Duration::from_secs(12))
        );
        let dated = [
            (RETRY_AFTER, "Wed, 21 Oct 2015 07:28:30 GMT"),
            (DATE, "Wed, 21 Oct 2015 07:28:00 GMT"),
        ];
        assert_eq!(retry_after(&headers(&dated)), Some(Duration::from_secs(30)));
        assert_eq!(retry_after(&headers(&dated[..1])), None);
        assert_eq!(retry_after(&headers(&[(RETRY_AFTER, "soon")])), None);
    }
}
