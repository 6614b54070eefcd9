//! Layers on their way: broken off, resumed, too short, too long.

use std::io::Read;
use std::sync::Arc;

use super::fake::{FakeRegistry, Reply};
use super::{Stored, layer_of, options};

#[test]
fn a_dropped_connection_is_resumed_where_it_broke() {
    let stored = Arc::new(Stored::new());
    let served = Arc::clone(&stored);
    let registry = FakeRegistry::start(move |request, earlier| {
        if request.path != served.layer_path() {
            return served.answer(&request.path);
        }
        let reply = served.part(request);
        let cut = (earlier < 2).then_some(reply.body.len() / 2);
        Reply { cut, ..reply }
    });
    let image = registry.open("app:1", &options()).expect("an image");
    assert!(layer_of(&image).expect("all of it") == stored.layer);
    let ranges: Vec<_> = registry
        .requests()
        .iter()
        .filter_map(|request| request.header("range").map(str::to_owned))
        .collect();
    assert_eq!(ranges.len(), 2, "{ranges:?}");
    assert_eq!(ranges[0], format!("bytes={}-", stored.layer.len() / 2));
}

#[test]
fn a_registry_without_ranges_is_read_anew_and_no_byte_comes_twice() {
    let stored = Arc::new(Stored::new());
    let served = Arc::clone(&stored);
    let registry = FakeRegistry::start(move |request, earlier| {
        let reply = served.answer(&request.path);
        let cut =
            (request.path == served.layer_path() && earlier == 0).then_some(reply.body.len() / 3);
        Reply { cut, ..reply }
    });
    let image = registry.open("app:1", &options()).expect("an image");
    assert!(layer_of(&image).expect("all of it") == stored.layer);
}

#[test]
fn a_blob_that_is_too_short_or_too_long_is_an_error() {
    for (bytes, expected) in [(-1_isize, "ended after"), (1, "is longer than")] {
        let stored = Stored::new();
        let registry = FakeRegistry::start(move |request, _| {
            let mut reply = stored.answer(&request.path);
            if request.path == stored.layer_path() {
                let length = stored
                    .layer
                    .len()
                    .checked_add_signed(bytes)
                    .expect("a length");
                reply.body.resize(length, 0);
            }
            reply
        });
        let image = registry.open("app:1", &options()).expect("an image");
        let error = layer_of(&image).expect_err("refused").to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_missing_layer_is_an_error_of_its_reader() {
    let stored = Stored::new();
    let layer = stored.layer_path();
    let registry = FakeRegistry::start(move |request, _| {
        if request.path == layer {
            Reply::status(404)
        } else {
            stored.answer(&request.path)
        }
    });
    let image = registry.open("app:1", &options()).expect("an image");
    let error = layer_of(&image).expect_err("not there").to_string();
    assert!(error.contains("is missing in registry"), "{error}");
}

#[test]
fn a_reader_that_is_dropped_half_way_ends_the_download() {
    let stored = Stored::new();
    let registry = FakeRegistry::start(move |request, _| stored.answer(&request.path));
    let image = registry.open("app:1", &options()).expect("an image");
    let mut reader = image.blobs.open(&image.layers[0]).expect("a layer");
    reader.read_exact(&mut [0; 10]).expect("ten bytes");
    drop(reader);
    layer_of(&image).expect("a second reader gets all of it");
}
