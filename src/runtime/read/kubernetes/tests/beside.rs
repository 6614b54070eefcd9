//! What other objects of the same text say of a pod.

use super::*;

#[test]
fn variables_of_a_config_map_beside_it_are_the_containers() {
    let text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {KEY: value}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: n}\nspec: {containers: [{name: c, envFrom: [{prefix: P_, configMapRef: {name: m}}, {configMapRef: {name: other}}, {secretRef: {name: s}}]}]}\n";
    let spec = one(text);
    let names: Vec<_> = spec
        .environment
        .iter()
        .map(|variable| (variable.name.as_str(), variable.at.line))
        .collect();
    assert_eq!(names, [("P_KEY", Some(4))]);
}

#[test]
fn host_ports_and_public_services_are_published() {
    let deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: n}\nspec: {template: {metadata: {labels: {app: shop, tier: web}}, spec: {containers: [{name: a, ports: [{containerPort: 8080, name: http}]}, {name: b, ports: [{containerPort: 9, hostPort: 90, hostIP: 127.0.0.1, protocol: UDP}, {containerPort: 53}]}]}}}\n";
    let service = |kind: &str, selector: &str, port: &str| {
        format!(
            "{deployment}---\napiVersion: v1\nkind: Service\nmetadata: {{name: s}}\nspec: {{type: {kind}, selector: {selector}, ports: [{port}]}}\n"
        )
    };
    let ports = |text: &str| -> Vec<Vec<_>> {
        let specs = read(text).specs;
        let of = |spec: &RuntimeSpec| {
            spec.ports
                .iter()
                .map(|port| (port.host_ip.clone(), port.host_port, port.container_port))
                .collect()
        };
        specs.iter().map(of).collect()
    };
    let own = (Some("127.0.0.1".to_owned()), Some(90), 9);
    assert_eq!(ports(deployment), [vec![], vec![own.clone()]]);
    for (text, expected) in [
        (
            service(
                "NodePort",
                "{app: shop}",
                "{port: 80, targetPort: http, nodePort: 30080}",
            ),
            [vec![(None, Some(30080), 8080)], vec![own.clone()]],
        ),
        (
            service("LoadBalancer", "{app: shop}", "{port: 53}"),
            [vec![], vec![own.clone(), (None, None, 53)]],
        ),
        (
            service("NodePort", "{app: shop}", "{port: 7000}"),
            [vec![(None, None, 7000)], vec![own.clone()]],
        ),
        (
            service("NodePort", "{app: other}", "{port: 80}"),
            [vec![], vec![own.clone()]],
        ),
        (
            service("ClusterIP", "{app: shop}", "{port: 80}"),
            [vec![], vec![own.clone()]],
        ),
        (
            service("NodePort", "{}", "{port: 80}"),
            [vec![], vec![own.clone()]],
        ),
    ] {
        assert_eq!(ports(&text), expected, "{text}");
    }
    let elsewhere = service("NodePort", "{app: shop}", "{port: 80}")
        .replace("{name: s}", "{name: s, namespace: x}");
    assert_eq!(ports(&elsewhere), [vec![], vec![own]]);
    let spec = read(&service(
        "NodePort",
        "{app: shop}",
        "{port: 80, targetPort: http}",
    ))
    .specs
    .remove(0);
    assert_eq!(
        spec.ports
            .first()
            .map(|port| (port.at.field.as_str(), port.protocol.as_str())),
        Some(("spec.ports[0]", "tcp"))
    );
}

#[test]
fn the_account_beside_a_pod_says_whether_its_token_is_mounted() {
    let text = |own: &str| {
        format!(
            "apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: sa}}\nautomountServiceAccountToken: false\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: n}}\nspec: {{serviceAccountName: sa, {own}containers: [{{name: c}}]}}\n"
        )
    };
    let token = |text: &str| said(&one(text).kubernetes.expect("facts").mounts_token);
    assert_eq!(token(&text("")), Some(false));
    assert_eq!(
        token(&text("automountServiceAccountToken: true, ")),
        Some(true)
    );
    assert_eq!(
        token(&text("").replace("serviceAccountName: sa", "serviceAccountName: other")),
        None
    );
}
