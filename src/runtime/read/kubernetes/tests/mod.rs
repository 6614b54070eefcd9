//! What is read of manifests: kinds and forms here, the fields of pods in `fields`, objects beside
//! them in `beside`.

mod beside;
mod fields;

use proptest::prelude::*;

use super::*;
use crate::runtime::standards::pss;
use crate::runtime::{RuntimeSpec, Setting};

fn read(text: &str) -> Settings {
    kubernetes("k.yaml", text).expect("a manifest")
}

fn one(text: &str) -> RuntimeSpec {
    let mut settings = read(text);
    assert_eq!(settings.gaps, [], "no gap");
    settings.specs.remove(0)
}

fn names(text: &str) -> Vec<String> {
    let specs = read(text).specs;
    specs.into_iter().map(|spec| spec.container.name).collect()
}

/// The value of a setting that is said.
fn said<T: Clone>(setting: &Setting<T>) -> Option<T> {
    setting.value().cloned()
}

/// The reason and line of a text that cannot be read.
fn refused(text: &str) -> (u64, String) {
    match kubernetes("k.yaml", text).expect_err("an error") {
        ReadError::Form { line, reason, .. } => (line, reason),
        ReadError::Syntax { source, .. } => (source.line, source.reason),
        ReadError::Unrecognised { .. } => (0, "unrecognised".to_owned()),
    }
}

const POD: &str = "{containers: [{name: c, image: i}]}";

#[test]
fn every_kind_that_carries_pods_is_read_where_it_has_them() {
    let template = format!("spec: {{template: {{spec: {POD}}}}}");
    for (version, kind, body, path) in [
        ("v1", "Pod", format!("spec: {POD}"), "spec"),
        (
            "v1",
            "PodTemplate",
            format!("template: {{spec: {POD}}}"),
            "template.spec",
        ),
        (
            "v1",
            "ReplicationController",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "apps/v1",
            "ReplicaSet",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "apps/v1",
            "Deployment",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "extensions/v1beta1",
            "Deployment",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "apps/v1",
            "StatefulSet",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "apps/v1",
            "DaemonSet",
            template.clone(),
            "spec.template.spec",
        ),
        ("batch/v1", "Job", template.clone(), "spec.template.spec"),
        (
            "batch/v1",
            "CronJob",
            format!("spec: {{jobTemplate: {{spec: {{template: {{spec: {POD}}}}}}}}}"),
            "spec.jobTemplate.spec.template.spec",
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "serving.knative.dev/v1",
            "Service",
            template.clone(),
            "spec.template.spec",
        ),
        (
            "serving.knative.dev/v1",
            "Revision",
            format!("spec: {POD}"),
            "spec",
        ),
        (
            "apps.openshift.io/v1",
            "DeploymentConfig",
            template,
            "spec.template.spec",
        ),
    ] {
        let text = format!("apiVersion: {version}\nkind: {kind}\nmetadata: {{name: n}}\n{body}\n");
        let settings = read(&text);
        assert_eq!(settings.gaps, [], "{kind}");
        let pod = settings.pods.first().expect("a pod");
        assert_eq!(
            (pod.name.as_str(), pod.path.as_str()),
            (format!("{kind}/n").as_str(), path)
        );
        let spec = settings.specs.first().expect("a container");
        assert_eq!(spec.container.name, format!("{kind}/n container c"));
        assert_eq!(spec.container.at.field, format!("{path}.containers[0]"));
        assert_eq!(spec.image.value().map(String::as_str), Some("i"));
    }
}

#[test]
fn lists_documents_and_json_are_read() {
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c}]}}";
    assert_eq!(
        names(&format!("apiVersion: v1\nkind: List\nitems: [{pod}]\n")),
        ["Pod/a container c"]
    );
    assert_eq!(
        names(
            "apiVersion: v1\nkind: PodList\nitems: [{metadata: {name: a}, spec: {containers: [{name: c}]}}]\n"
        ),
        ["Pod/a container c"]
    );
    let nested = format!("{{apiVersion: v1, kind: List, items: [{pod}]}}");
    assert_eq!(
        names(&format!("apiVersion: v1\nkind: List\nitems: [{nested}]\n")),
        ["Pod/a container c"]
    );
    let helm = format!(
        "---\n# Source: shop/templates/a.yaml\n{pod}\n---\n# Source: shop/templates/empty.yaml\n---\n# Source: shop/templates/s.yaml\napiVersion: v1\nkind: Service\nmetadata: {{name: s}}\n---\n"
    );
    assert_eq!(names(&helm), ["Pod/a container c"]);
    let json = "{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"Pod\",\n\t\"metadata\": {\"name\": \"a\"},\n\t\"spec\": {\"containers\": [{\"name\": \"c\"}]}\n}\n";
    let settings = read(json);
    assert_eq!(
        settings.specs.first().map(|spec| spec.container.at.line),
        Some(Some(5))
    );
    let item = read(&format!("apiVersion: v1\nkind: List\nitems: [{pod}]\n"));
    assert_eq!(
        item.pods.first().map(|pod| pod.path.as_str()),
        Some("items[0].spec")
    );
}

#[test]
fn kinds_without_pods_are_passed_over() {
    for kind in [
        "Service",
        "ConfigMap",
        "Secret",
        "Namespace",
        "Ingress",
        "CustomResourceDefinition",
    ] {
        let settings = read(&format!(
            "apiVersion: v1\nkind: {kind}\nmetadata: {{name: n}}\n"
        ));
        assert!(
            settings.specs.is_empty() && settings.pods.is_empty() && settings.gaps.is_empty(),
            "{kind}"
        );
    }
    let schema = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nspec: {properties: {containers: {type: array}}}\n";
    assert_eq!(read(schema).gaps, []);
}

#[test]
fn an_unknown_kind_is_read_with_a_gap_and_never_silently_passed_over() {
    let of = |body: &str| {
        read(&format!(
            "apiVersion: example.com/v1\nkind: Thing\nmetadata: {{name: n}}\n{body}\n"
        ))
    };
    for body in [
        format!("spec: {POD}"),
        format!("spec: {{template: {{spec: {POD}}}}}"),
    ] {
        let settings = of(&body);
        assert_eq!(settings.specs.len(), 1);
        assert_eq!(settings.pods.len(), 1);
        let gap = settings.gaps.first().expect("a gap");
        assert!(gap.value.contains("Thing/n is not known"), "{}", gap.value);
    }
    let elsewhere = of(&format!("spec: {{tasks: [{{template: {{spec: {POD}}}}}]}}"));
    assert_eq!(elsewhere.specs.len(), 0);
    assert_eq!(
        elsewhere.gaps.first().map(|gap| gap.value.as_str()),
        Some(
            "the kind of Thing/n is not known, and its spec.tasks[0].template.spec.containers is not read"
        )
    );
    let odd = of("spec: {containers: [{image: i, securityContext: {privileged: '?'}}]}");
    assert_eq!((odd.specs.len(), odd.gaps.len()), (0, 1));
    let policy = "apiVersion: kyverno.io/v1\nkind: ClusterPolicy\nspec: {rules: [{pattern: {spec: {containers: [{image: '!*:latest'}]}}}]}\n";
    assert_eq!(read(policy).gaps, []);
}

#[test]
fn a_chart_that_is_not_rendered_is_refused_with_its_line() {
    let expected = "this is a Helm template: render it with `helm template` first";
    for (text, line) in [
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: {{ .Values.name }}\n",
            4,
        ),
        (
            "# {{ not this }}\napiVersion: v1\n{{- if .Values.on }}\nkind: Pod\n{{- end }}\n",
            3,
        ),
        (
            "apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    {{- include \"x\" . | nindent 4 }}\n",
            5,
        ),
        (
            "apiVersion: v1\nkind: Pod\n{% if on %}\nspec: {}\n{% endif %}\n",
            3,
        ),
        (
            "apiVersion: v1\nkind: Pod\nspec:\n  hostPID: {{ pid }}\n",
            4,
        ),
    ] {
        assert_eq!(refused(text), (line, expected.to_owned()), "{text}");
    }
}

#[test]
fn what_is_no_manifest_is_not_recognised_and_broken_text_has_a_place() {
    for text in ["", "services: {web: {image: a}}\n", "[1, 2]\n", "text\n"] {
        assert_eq!(refused(text).1, "unrecognised", "{text}");
    }
    assert_eq!(refused("apiVersion: v1\nkind: Pod\nspec: [\n").0, 4);
    let mixed = read("a: 1\n---\napiVersion: v1\nkind: Service\n");
    assert_eq!(mixed.gaps.len(), 1);
}

#[test]
fn wrong_types_name_field_and_line() {
    for (body, line, reason) in [
        (
            "  hostPID: 'true'\n  containers: [{name: a}]",
            5,
            "spec.hostPID is text, where a boolean is expected",
        ),
        (
            "  containers: a",
            5,
            "spec.containers is text, where a list is expected",
        ),
        (
            "  containers:\n  - name: a\n    image: 5",
            7,
            "spec.containers[0].image is a number, where text is expected",
        ),
        (
            "  containers:\n  - name: a\n    securityContext:\n      runAsUser: root",
            8,
            "spec.containers[0].securityContext.runAsUser is text, where a whole number is expected",
        ),
        (
            "  containers:\n  - {name: a, args: [80]}",
            6,
            "spec.containers[0].args[0] is a number, where text is expected",
        ),
        (
            "  containers:\n  - {name: a, env: [{name: A, value: true}]}",
            6,
            "spec.containers[0].env[0].value is a boolean, where text is expected",
        ),
        (
            "  containers:\n  - {name: a, resources: {limits: {memory: 1GB}}}",
            6,
            "spec.containers[0].resources.limits.memory is no quantity such as 500m or 1Gi",
        ),
        (
            "  containers:\n  - {name: a, ports: [{containerPort: 80, hostPort: 70000}]}",
            6,
            "spec.containers[0].ports[0].hostPort is no port: they go from 0 to 65535",
        ),
    ] {
        let text = format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: n}}\nspec:\n{body}\n");
        assert_eq!(refused(&text), (line, reason.to_owned()), "{body}");
    }
}

#[test]
fn a_workload_without_a_pod_or_a_container_is_a_gap() {
    let settings =
        read("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: n}\nspec: {replicas: 2}\n");
    assert_eq!(
        settings.gaps.first().map(|gap| gap.value.as_str()),
        Some("Deployment/n says nothing of its pod")
    );
    let settings =
        read("apiVersion: v1\nkind: Pod\nmetadata: {generateName: n-}\nspec: {nodeName: a}\n");
    assert_eq!(
        settings.gaps.first().map(|gap| gap.value.as_str()),
        Some("Pod/n-* has no container")
    );
    assert_eq!(settings.pods.len(), 1);
}

#[test]
fn names_are_told_apart() {
    let pod = |namespace: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: {namespace}}}\nspec:\n  containers: [{{name: c}}]\n---\n"
        )
    };
    let text = format!("{}{}", pod("one"), pod("two"));
    assert_eq!(
        names(&text),
        ["Pod/a container c (line 5)", "Pod/a container c (line 11)"]
    );
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}, {name: c}]}\n";
    let names = names(text);
    assert!(names.first() != names.get(1), "{names:?}");
}

proptest! {
    #[test]
    fn any_manifest_is_read_or_refused(text in "[ \\-a-zA-Z:\\[\\]{},0-9'$\n]{0,200}") {
        let _ = kubernetes("k.yaml", &text);
        let _ = kubernetes("k.yaml", &format!("apiVersion: v1\nkind: Pod\nspec:\n  containers:\n  - name: a\n    {text}"));
    }
}

#[test]
fn a_small_text_does_not_become_a_large_one() {
    let list = |item: &str| vec![item; 4000].join(", ");
    let pod = format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: n}}\nspec: {{containers: [{}], volumes: [{}]}}\n",
        list("{name: c}"),
        list("{name: v}")
    );
    let (_, reason) = refused(&pod);
    assert!(reason.starts_with("spec has more containers"), "{reason}");
}

#[test]
fn the_last_of_a_key_that_stands_twice_is_taken_and_told() {
    let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: n}\nspec:\n  containers:\n  - name: c\n    securityContext:\n      privileged: false\n      privileged: true\n";
    let settings = read(text);
    let spec = settings.specs.first().expect("a container");
    assert_eq!(spec.privileged.value(), Some(&true));
    let gap = settings.gaps.first().expect("a gap");
    assert_eq!(
        gap.value,
        "the key privileged stands twice in one mapping, and the last one is taken"
    );
    assert_eq!(gap.at.line, Some(9));
    let pod = settings.pods.first().expect("a pod");
    let controls = pss::evaluate(pod, pss::Level::Baseline, pss::Version::latest());
    assert!(
        controls
            .iter()
            .any(|control| control.id == "privileged" && control.is_violated())
    );
}
