//! Runtime settings held against the checks and the standards, as evidence: by themselves, or beside what a scan found.

use super::ScanError;
use crate::evidence::{
    CheckResult, ControlRecord, Evidence, Finding, Gate, Policy, SCHEMA, SettingsRecord,
    StandardRecord, Subject, Tool, Verdict, WayOutRecord, boundary,
};
use crate::layers::DetectorSet;
use crate::model::{Accounting, Checked, Digest, Gap, GapKind, Outcome, Platform, Untrusted};
use crate::runtime::boundary::{Certainty, WayOut, ways_out};
use crate::runtime::checks::{self, ImageFacts};
use crate::runtime::read::Settings;
use crate::runtime::standards::cis::{CisResult, CisRow, cis};
use crate::runtime::standards::{Standard, pss};
use crate::runtime::{Form, RuntimeSpec, Stated};
use crate::secrets::Engine;

/// One text of settings, as it was read.
pub struct AuditInput {
    /// The file as the user named it, or the container.
    pub name: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// Its form.
    pub form: Form,
    /// What it says.
    pub settings: Settings,
    /// Whether somebody has it before him: of what an engine says of a live container, lines tell nothing.
    pub has_lines: bool,
}

/// What an audit is to do.
pub struct AuditOptions {
    /// From which severity on a finding counts.
    pub gate: Gate,
    /// The standards whose verdict is asked for. With any, their verdict alone decides.
    pub standards: Vec<(Standard, pss::Version)>,
    /// What is known of the image that all containers run.
    pub image: Option<ImageFacts>,
}

/// Audits settings by themselves.
pub fn audit(inputs: Vec<AuditInput>, options: &AuditOptions) -> Result<Evidence, ScanError> {
    let mut names: Vec<&str> = inputs.iter().map(|input| input.name.as_str()).collect();
    names.dedup();
    let mut evidence = empty(names.join(", "), options.gate);
    add_audit(&mut evidence, inputs, options)?;
    Ok(evidence)
}

/// Adds an audit to what a scan found: one document, one verdict.
pub fn add_audit(
    evidence: &mut Evidence,
    inputs: Vec<AuditInput>,
    options: &AuditOptions,
) -> Result<(), ScanError> {
    let engine = Engine::new(crate::secrets::Rules::embedded()?, None);
    let secret = |name: &str, value: &str| {
        let facts = engine.scan_text(format!("{name}={value}").as_bytes());
        let worst = facts
            .secrets
            .into_iter()
            .max_by_key(|hit| (hit.severity, hit.confidence));
        worst.map(|hit| hit.title)
    };
    for input in inputs {
        let mut checked = Vec::new();
        for spec in &input.settings.specs {
            let mut subject = checks::Subject::new(spec, &secret).among(&input.settings.specs);
            subject.image = options.image.as_ref();
            let of_one = checks::run(&subject);
            if options.standards.is_empty() {
                evidence.ways_out.extend(ways(&subject));
            }
            evidence.gaps.extend(unknown(spec, &of_one));
            checked.extend(of_one);
        }
        evidence
            .standards
            .extend(standards(&input, &checked, options));
        if !input.has_lines {
            checked.iter_mut().for_each(forget_lines);
        }
        // A standard is told alone: what our own checks would say beside it is not its verdict.
        if options.standards.is_empty() {
            let (findings, records) = boundary(&checked, |_| None);
            evidence.findings.extend(findings);
            evidence.checks.extend(records);
        }
        if input.settings.specs.is_empty() && input.settings.gaps.is_empty() {
            let detail = format!("{}: no container is in it", Untrusted(&input.name));
            evidence
                .gaps
                .push(Gap::new(GapKind::UnknownSetting, detail));
        }
        let whole = input.settings.gaps.iter();
        evidence
            .gaps
            .extend(whole.map(|gap| unread(&input.name, gap)));
        evidence.settings.push(SettingsRecord {
            containers: input
                .settings
                .specs
                .iter()
                .map(|spec| spec.container.name.clone())
                .collect(),
            form: input.form.name().to_owned(),
            name: input.name,
            digest: input.digest,
        });
    }
    settle(evidence);
    if !options.standards.is_empty() {
        evidence.verdict = of_standards(&evidence.standards);
    }
    Ok(())
}

/// Puts all into order, and judges.
pub(super) fn settle(evidence: &mut Evidence) {
    evidence.findings.sort_by_cached_key(Finding::order);
    evidence.checks.sort();
    evidence.standards.sort();
    evidence.settings.sort();
    evidence.gaps.sort();
    evidence.gaps.dedup();
    evidence.verdict = Verdict::of(&evidence.findings, &evidence.gaps, evidence.policy.fail_on);
}

/// The verdict of the standards alone.
fn of_standards(standards: &[StandardRecord]) -> Verdict {
    let any = |result| standards.iter().any(|standard| standard.result == result);
    if any(CheckResult::Failed) {
        Verdict::Findings
    } else if any(CheckResult::NotEvaluated) || standards.is_empty() {
        Verdict::NotAssessable
    } else {
        Verdict::Clean
    }
}

fn ways(subject: &checks::Subject<'_>) -> Vec<WayOutRecord> {
    let found = ways_out(subject).ways.into_iter();
    let record = |way: WayOut| WayOutRecord {
        subject: subject.spec.container.name.clone(),
        certain: way.certainty == Certainty::Certain,
        way: way.name.to_owned(),
        how: way.how,
        check: way.check.to_owned(),
        made_by: way
            .made_by
            .into_iter()
            .map(|(setting, _)| setting)
            .collect(),
        closed_by: way.closed_by,
    };
    found.map(record).collect()
}

fn forget_lines(checked: &mut Checked) {
    if let Outcome::Failed(failures) = &mut checked.outcome {
        for failure in failures {
            failure.place.line = None;
            failure.place.column = None;
        }
    }
}

/// The check of the user: a container of which nobody can say whether it is root is not assessable. What else the image, the engine or the
/// kubelet decides is in the evidence as not evaluated, and takes no settings' verdict away.
const USER: &str = "PLM-R-101";

/// What could not be told of one container.
fn unknown(spec: &RuntimeSpec, checked: &[Checked]) -> Vec<Gap> {
    let name = &spec.container.name;
    let user = checked.iter().filter_map(|one| match &one.outcome {
        Outcome::NotEvaluated(reason) if one.check.id == USER => {
            let detail = format!("{}: {reason} ({USER})", Untrusted(name));
            Some(Gap::new(GapKind::NotEvaluated, detail))
        }
        _ => None,
    });
    let settings = spec.unknown_settings();
    let settings = settings.iter().map(|unknown| {
        let line = unknown
            .at
            .line
            .map_or_else(String::new, |line| format!(", line {line}"));
        let (why, field) = (Untrusted(unknown.why), Untrusted(&unknown.at.field));
        let detail = format!("{}: {why} ({field}{line})", Untrusted(name));
        Gap::new(GapKind::UnknownSetting, detail)
    });
    let settings: Vec<Gap> = settings.collect();
    let keys = spec.unknown_keys.iter().map(|key| {
        let line = key
            .at
            .line
            .map_or_else(String::new, |line| format!(", line {line}"));
        let detail = format!(
            "{}: no key is called {}{line}",
            Untrusted(name),
            Untrusted(&key.key)
        );
        Gap::new(GapKind::UnknownKey, detail)
    });
    let gaps = spec.gaps.iter().map(|gap| unread(name, gap));
    user.chain(settings).chain(keys).chain(gaps).collect()
}

fn unread(name: &str, gap: &Stated<String>) -> Gap {
    let line = gap
        .at
        .line
        .map_or_else(String::new, |line| format!(", line {line}"));
    let detail = format!("{}: {}{line}", Untrusted(name), Untrusted(&gap.value));
    Gap::new(GapKind::UnknownSetting, detail)
}

fn standards(
    input: &AuditInput,
    checked: &[Checked],
    options: &AuditOptions,
) -> Vec<StandardRecord> {
    let mut records = Vec::new();
    for (standard, version) in &options.standards {
        match standard.level() {
            Some(level) => records.extend(pod_security(input, *standard, level, *version)),
            None => records.push(benchmark(input, checked)),
        }
    }
    records
}

/// The Pod Security Standards, pod by pod. Other forms have no pods: the standard does not apply to them, and nobody is told that it
/// holds.
fn pod_security(
    input: &AuditInput,
    standard: Standard,
    level: pss::Level,
    version: pss::Version,
) -> Vec<StandardRecord> {
    let record = |subject: &str, result, controls| StandardRecord {
        name: standard.name().to_owned(),
        version: version.to_string(),
        subject: subject.to_owned(),
        result,
        controls,
    };
    if input.form != Form::Kubernetes {
        let reason = format!(
            "{} settings have no pods: the Pod Security Standards are about those",
            input.form.name()
        );
        let control = ControlRecord {
            control: "pods".to_owned(),
            title: "a Kubernetes workload".to_owned(),
            result: CheckResult::NotEvaluated,
            details: vec![reason],
            places: Vec::new(),
        };
        return vec![record(
            &input.name,
            CheckResult::NotEvaluated,
            vec![control],
        )];
    }
    let of_pod = |pod| {
        let controls: Vec<ControlRecord> = pss::evaluate(pod, level, version)
            .into_iter()
            .map(control)
            .collect();
        record(&pod.name, all(&controls), controls)
    };
    input.settings.pods.iter().map(of_pod).collect()
}

fn control(control: pss::Control) -> ControlRecord {
    let result = match (&control.not_evaluated, control.allowed) {
        (Some(_), _) => CheckResult::NotEvaluated,
        (None, true) => CheckResult::Passed,
        (None, false) => CheckResult::Failed,
    };
    ControlRecord {
        control: control.id.to_owned(),
        title: control.allows.to_owned(),
        result,
        details: match control.not_evaluated {
            Some(reason) => vec![reason],
            None => control.violations.iter().map(ToString::to_string).collect(),
        },
        places: control
            .places
            .iter()
            .map(crate::runtime::Spot::place)
            .collect(),
    }
}

fn benchmark(input: &AuditInput, checked: &[Checked]) -> StandardRecord {
    let controls: Vec<ControlRecord> = cis(checked)
        .into_iter()
        .map(|row| ControlRecord {
            control: row.number.to_owned(),
            title: row.title.to_owned(),
            result: result_of(row.result),
            details: reasons(&row),
            places: Vec::new(),
        })
        .collect();
    StandardRecord {
        name: Standard::Cis.name().to_owned(),
        version: "1.6".to_owned(),
        subject: input.name.clone(),
        result: all(&controls),
        controls,
    }
}

const fn result_of(result: CisResult) -> CheckResult {
    match result {
        CisResult::Passed => CheckResult::Passed,
        CisResult::Failed => CheckResult::Failed,
        CisResult::NotEvaluated => CheckResult::NotEvaluated,
        CisResult::NotApplicable => CheckResult::NotApplicable,
    }
}

/// Which containers make a recommendation fail, or why it cannot be told.
fn reasons(row: &CisRow<'_>) -> Vec<String> {
    let of_checks = row.because.iter().map(|checked| {
        let subject = checked.subject.as_deref().unwrap_or_default();
        match &checked.outcome {
            Outcome::NotEvaluated(reason) => format!("{subject}: {reason}"),
            _ => format!("{subject}: {}", checked.check.title),
        }
    });
    of_checks.chain(row.reason.map(str::to_owned)).collect()
}

/// What all controls together come to.
fn all(controls: &[ControlRecord]) -> CheckResult {
    let any = |result| controls.iter().any(|control| control.result == result);
    if any(CheckResult::Failed) {
        CheckResult::Failed
    } else if any(CheckResult::NotEvaluated) {
        CheckResult::NotEvaluated
    } else {
        CheckResult::Passed
    }
}

/// A document in which nothing was looked at yet.
pub(super) fn empty(name: String, gate: Gate) -> Evidence {
    Evidence {
        schema: SCHEMA.to_owned(),
        verdict: Verdict::NotAssessable,
        subject: Subject {
            name,
            manifest_digest: None,
            config_digest: None,
            platform: Platform::default(),
            created: None,
            layers: Vec::new(),
            sbom: None,
        },
        distribution: None,
        findings: Vec::new(),
        gaps: Vec::new(),
        packages: Vec::new(),
        deleted: Vec::new(),
        files_compared: 0,
        files: Accounting::default(),
        checks: Vec::new(),
        settings: Vec::new(),
        ways_out: Vec::new(),
        standards: Vec::new(),
        proof: None,
        advisories: None,
        as_of_date: None,
        policy: Policy {
            fail_on: gate,
            secrets: true,
            posture: true,
            bases: None,
            integrity: false,
            all: false,
            deleted: false,
        },
        tool: Tool {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            detectors: DetectorSet::new(Vec::new()).digest(),
        },
    }
}
