//! Blobs and manifests on their way in: tokens that let write, places elsewhere, connections that break, refusals.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use plimsoll::model::Digest;
use plimsoll::source::{
    ArtifactManifest, Content, Descriptor, Reference, Repository, Sent, SourceError, SourceOptions,
};

use super::fake::{FakeRegistry, Reply, Request};
use super::{ALICE, options, with_password};

const BLOB: &str = "the blob's own bytes";
const PLACE: &str = "/v2/app/blobs/uploads/here?state=a%2Bb";

fn digest() -> Digest {
    Digest::sha256_of(BLOB.as_bytes())
}

fn repository(registry: &FakeRegistry, options: &SourceOptions) -> Repository {
    let reference: Reference = format!("{}/app:1", registry.host)
        .parse()
        .expect("a reference");
    Repository::open(&reference, options).expect("a repository")
}

/// Sends the blob from a file; how many bytes were told to have gone out.
fn send(registry: &FakeRegistry, options: &SourceOptions) -> (Result<Sent, SourceError>, u64) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(BLOB.as_bytes()).expect("written");
    let content = Content::File(file.path().into());
    let told = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&told);
    let count: Arc<dyn Fn(u64) + Send + Sync> = Arc::new(move |bytes| {
        counted.fetch_add(bytes, Ordering::Relaxed);
    });
    let sent =
        repository(registry, options).send_blob(&digest(), BLOB.len() as u64, &content, &count);
    (sent, told.load(Ordering::Relaxed))
}

/// A registry that has nothing, and takes what it is sent.
fn takes(request: &Request, place: &str) -> Reply {
    match request.method.as_str() {
        "HEAD" => Reply::status(404),
        "POST" => Reply::status(202).header("Location", place),
        "PUT" if request.path.contains("/uploads/") && request.body != BLOB => Reply::status(400),
        "PUT" => Reply::status(201),
        _ => Reply::status(405),
    }
}

fn methods(registry: &FakeRegistry) -> Vec<String> {
    let requests = registry.requests();
    requests.iter().map(|seen| seen.method.clone()).collect()
}

#[test]
fn a_blob_is_sent_whole_to_the_place_that_the_registry_names_and_only_if_it_is_not_there() {
    let registry = FakeRegistry::start(|request, _| takes(request, PLACE));
    let (sent, told) = send(&registry, &options());
    assert_eq!(sent.expect("sent"), Sent::Now);
    assert_eq!(told, BLOB.len() as u64);
    let requests = registry.requests();
    assert_eq!(methods(&registry), ["HEAD", "POST", "PUT"]);
    let put = &requests[2];
    let hex = digest().hex();
    assert_eq!(put.path, format!("{PLACE}&digest=sha256%3A{hex}"));
    let length = BLOB.len().to_string();
    assert_eq!(put.header("content-length"), Some(&*length));

    let has = FakeRegistry::start(|_, _| Reply::status(200));
    let (sent, told) = send(&has, &options());
    assert_eq!((sent.expect("asked"), told), (Sent::Before, 0));
    assert_eq!(methods(&has), ["HEAD"]);
}

#[test]
fn a_token_that_lets_read_is_exchanged_for_one_that_lets_write() {
    let realm = Arc::new(Mutex::new(String::new()));
    let told = Arc::clone(&realm);
    let registry = FakeRegistry::start(move |request, _| {
        if request.path.starts_with("/token") {
            let may_write = request.path.contains("pull%2Cpush");
            let token = if may_write { "writes" } else { "reads" };
            return Reply::body(format!("{{\"token\": \"{token}\"}}"));
        }
        let is_let = match request.header("authorization") {
            Some("Bearer writes") => true,
            Some("Bearer reads") => request.method == "HEAD",
            _ => false,
        };
        if is_let {
            return takes(request, PLACE);
        }
        Reply::status(401).header("WWW-Authenticate", told.lock().expect("the realm"))
    });
    let challenge = format!("Bearer realm=\"http://{}/token\"", registry.host);
    realm.lock().expect("the realm").push_str(&challenge);
    let (sent, _) = send(&registry, &options());
    assert_eq!(sent.expect("sent"), Sent::Now);
    let puts = registry.requests();
    let put = puts
        .iter()
        .find(|seen| seen.method == "PUT")
        .expect("a PUT");
    assert_eq!(put.header("authorization"), Some("Bearer writes"));
}

#[test]
fn an_authorisation_does_not_go_to_a_storage_elsewhere() {
    let storage = FakeRegistry::start(|request, _| takes(request, ""));
    let place = format!("http://{}/uploads/x", storage.host);
    let registry = FakeRegistry::start(move |request, _| match request.header("authorization") {
        Some(ALICE) => takes(request, &place),
        _ => Reply::status(401).header("WWW-Authenticate", "Basic realm=\"x\""),
    });
    let (sent, _) = send(&registry, &with_password());
    assert_eq!(sent.expect("sent"), Sent::Now);
    let stored = storage.requests();
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].header("authorization"), None);
    assert_eq!(stored[0].body, BLOB);
}

#[test]
fn a_place_that_fails_or_is_gone_is_replaced_by_another() {
    for status in [500, 503, 404] {
        let first = FakeRegistry::start(move |_, _| Reply::status(status));
        let place = format!("http://{}/uploads/1", first.host);
        let failing = FakeRegistry::start(move |request, earlier| {
            let is_first = request.method == "POST" && earlier == 0;
            takes(request, if is_first { &place } else { PLACE })
        });
        let (sent, _) = send(&failing, &options());
        assert_eq!(sent.expect("sent"), Sent::Now, "{status}");
        assert_eq!(methods(&failing), ["HEAD", "POST", "POST", "PUT"]);
    }
    let broken = FakeRegistry::start(|request, _| match request.method.as_str() {
        "PUT" => Reply::status(500),
        _ => takes(request, PLACE),
    });
    let (sent, _) = send(&broken, &options());
    let error = sent.expect_err("given up").to_string();
    assert!(error.contains("answered 500"), "{error}");
    let puts = methods(&broken)
        .iter()
        .filter(|method| *method == "PUT")
        .count();
    assert_eq!(puts, 3, "as often as the policy says");
}

#[test]
fn who_may_not_write_is_told_so_and_what_to_do() {
    let registry = FakeRegistry::start(|request, _| match request.method.as_str() {
        "HEAD" => Reply::status(404),
        _ => Reply::status(403),
    });
    let (sent, _) = send(&registry, &options());
    let error = sent.expect_err("refused");
    assert!(
        error
            .to_string()
            .ends_with("does not let an anonymous user write to app"),
        "{error}"
    );
    assert!(
        error
            .hint()
            .is_some_and(|hint| hint.contains("docker login"))
    );
    let wrong = FakeRegistry::start(|request, _| match request.method.as_str() {
        "PUT" => Reply {
            status: 400,
            ..Reply::body(
                r#"{"errors": [{"code": "DIGEST_INVALID", "message": "no such digest"}]}"#,
            )
        },
        _ => takes(request, PLACE),
    });
    let (sent, _) = send(&wrong, &options());
    let error = sent.expect_err("refused").to_string();
    assert!(
        error.contains("answered 400") && error.contains("no such digest"),
        "{error}"
    );
    let nowhere = FakeRegistry::start(|request, _| match request.method.as_str() {
        "POST" => Reply::status(202),
        _ => takes(request, PLACE),
    });
    let (sent, _) = send(&nowhere, &options());
    let error = sent.expect_err("no place").to_string();
    assert!(error.contains("names no place"), "{error}");
}

#[test]
fn a_tag_is_moved_with_one_request_that_holds_the_manifest() {
    let registry = FakeRegistry::start(|request, _| takes(request, PLACE));
    let config = Descriptor {
        media_type: "a/b".to_owned(),
        digest: digest(),
        size: BLOB.len() as u64,
        annotations: BTreeMap::new(),
    };
    let manifest = ArtifactManifest::new("c/d", config, Vec::new());
    let digest = repository(&registry, &options())
        .tag(&manifest)
        .expect("taken");
    let requests = registry.requests();
    assert_eq!(registry.paths(), ["/v2/app/manifests/1"]);
    assert_eq!(Digest::sha256_of(requests[0].body.as_bytes()), digest);
    assert_eq!(
        requests[0].header("content-type"),
        Some("application/vnd.oci.image.manifest.v1+json")
    );
}
