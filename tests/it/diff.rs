//! Two images, or two pieces of evidence, held against each other.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::env::{Env, advisory};
use crate::image::ImageBuilder;

/// An Alpine image with these packages.
fn image(env: &Env, name: &str, packages: &[(&str, &str)]) -> String {
    let records = packages
        .iter()
        .map(|(name, version)| format!("P:{name}\nV:{version}\nA:x86_64\nL:MIT\no:{name}\n\n"));
    let records: String = records.collect();
    let path = env.path(name);
    ImageBuilder::new()
        .layer("ADD", |layer| {
            layer
                .file("etc/os-release", "ID=alpine\nVERSION_ID=3.18.0\n")
                .file("lib/apk/db/installed", records)
        })
        .write_layout(&path);
    path.display().to_string()
}

fn evidence(env: &Env, image: &str, name: &str) -> PathBuf {
    let run = env.scan(image, &[]);
    env.write(name, run.stdout)
}

fn ids(list: &Value) -> Vec<(&str, &str)> {
    let list = list.as_array().expect("a list");
    list.iter()
        .map(|one| {
            (
                one["finding"]["id"].as_str().unwrap_or_default(),
                one["cause"].as_str().unwrap_or_default(),
            )
        })
        .collect()
}

#[test]
fn what_came_with_the_image_and_what_went_with_it_is_told_with_its_cause() {
    let env = Env::new();
    env.import(&[
        advisory("CVE-2099-1", "Alpine:v3.18", "a", "2-r0"),
        advisory("CVE-2099-2", "Alpine:v3.18", "b", "2-r0"),
    ])
    .expect_code(0);
    let old = evidence(&env, &image(&env, "old", &[("a", "1-r0")]), "old.json")
        .display()
        .to_string();
    let new = evidence(
        &env,
        &image(&env, "new", &[("a", "2-r0"), ("b", "1-r0")]),
        "new.json",
    )
    .display()
    .to_string();
    let run = env.run(&["diff", "-o", "json", &old, &new]).expect_code(1);
    let comparison = run.evidence();
    assert_eq!(ids(&comparison["new"]), [("CVE-2099-2", "image")]);
    assert_eq!(ids(&comparison["fixed"]), [("CVE-2099-1", "image")]);
    assert_eq!(comparison["inputs"], json!(["subject"]));
    let text = env.run(&["diff", &old, &new]).expect_code(1).stdout;
    assert!(
        text.contains("CVE-2099-2") && text.contains("the image changed"),
        "{text}"
    );
    let markdown = env.run(&["diff", "-o", "markdown", &old, &new]).stdout;
    assert!(
        markdown.starts_with("## ❌ `") && markdown.contains("| high |")
            || markdown.contains("| critical |"),
        "{markdown}"
    );
    env.run(&["diff", "--fail-on", "never", &old, &new])
        .expect_code(0);
}

#[test]
fn what_the_advisories_say_anew_of_the_same_image_is_not_laid_at_the_images_door() {
    let env = Env::new();
    let image = image(&env, "image", &[("a", "1-r0")]);
    env.import(&[advisory("CVE-2099-2", "Alpine:v3.18", "b", "2-r0")])
        .expect_code(0);
    let before = evidence(&env, &image, "before.json").display().to_string();
    env.import(&[
        advisory("CVE-2099-1", "Alpine:v3.18", "a", "2-r0"),
        advisory("CVE-2099-2", "Alpine:v3.18", "b", "2-r0"),
    ])
    .expect_code(0);
    let after = evidence(&env, &image, "after.json").display().to_string();
    let comparison = env
        .run(&["diff", "-o", "json", &before, &after])
        .expect_code(1)
        .evidence();
    assert_eq!(ids(&comparison["new"]), [("CVE-2099-1", "advisories")]);
    assert_eq!(comparison["inputs"], json!(["advisories"]));
}

#[test]
fn two_images_are_scanned_and_nothing_new_is_exit_code_0() {
    let env = Env::new();
    env.import(&[advisory("CVE-2099-1", "Alpine:v3.18", "a", "2-r0")])
        .expect_code(0);
    let (old, new) = (
        image(&env, "old", &[("a", "1-r0")]),
        image(&env, "new", &[("a", "2-r0")]),
    );
    let run = env.run(&["diff", &old, &new]).expect_code(0);
    assert!(run.stdout.contains("0 new, 1 fixed"), "{}", run.stdout);
    let same = env
        .run(&["diff", "-o", "json", &old, &old])
        .expect_code(0)
        .evidence();
    assert_eq!(
        (&same["inputs"], &same["new"], &same["fixed"]),
        (&json!([]), &json!([]), &json!([]))
    );
}
