//! WordPress, its plugins and its themes: the headers that WordPress itself reads.
//!
//! `get_file_data()` in `wp-includes/functions.php` looks for `Name: value` in the first 8 KiB of a file: of each PHP
//! file directly in `wp-content/plugins/` or in a folder there
//! (<https://developer.wordpress.org/plugins/plugin-basics/header-requirements/>), directly in
//! `wp-content/mu-plugins/`, and of a theme's `style.css`. WordPress tells its own version in
//! `wp-includes/version.php`.

use super::installed::in_folder;
use crate::layers::{Detector, DetectorId, Entry, File, FileFacts, Interest, ParseError, Want};
use crate::model::{
    ClaimKind, Claims, LayerPath, Package, PackageType, path_file_name, path_parent,
};

/// 16 MiB: the head is all that is read, but a file comes as a whole; the largest have 2 MiB of tables in them.
const LIMIT: u64 = 16 << 20;

/// What WordPress looks at.
const HEAD: usize = 8 << 10;

/// Reads the headers of WordPress, its plugins and themes.
pub(in crate::inventory) struct WordPress;

impl Detector for WordPress {
    fn id(&self) -> DetectorId {
        DetectorId {
            name: "lang/wordpress",
            version: 2,
        }
    }

    fn interests(&self) -> &[Interest] {
        &[Interest::Extension("php"), Interest::Name("style.css")]
    }

    fn wants(&self, entry: &Entry<'_>) -> Want {
        match Part::of(entry.path) {
            Some(_) => Want::Whole { limit: LIMIT },
            None => Want::Skip,
        }
    }

    fn detect(&self, file: File<'_>) -> Result<FileFacts, ParseError> {
        let head = file.bytes.get(..HEAD).unwrap_or(file.bytes);
        let head = String::from_utf8_lossy(head);
        let (package_type, title, slug) = match Part::of(file.entry.path) {
            Some(Part::Core { root }) => return core(&head, root),
            Some(Part::Plugin { slug }) => ("wordpress-plugin", "Plugin Name", slug),
            Some(Part::Theme { slug }) => ("wordpress-theme", "Theme Name", slug),
            None => return Ok(FileFacts::default()),
        };
        // A part of a plugin that is not its main file.
        let Some(title) = header(&head, title) else {
            return Ok(FileFacts::default());
        };
        // The directory takes none without a version: it is the site's own, such as a child theme, and no advisory is about it.
        let Some(version) = header(&head, "Version") else {
            return Ok(FileFacts::default());
        };
        // The folder is the name in the directory of WordPress, by which advisories know it; the title is free text.
        let mut package = Package::new(PackageType::new(package_type), slug, version);
        package.properties.insert("title".into(), title.to_owned());
        package
            .licenses
            .extend(header(&head, "License").map(str::to_owned));
        let folder = file.entry.parent();
        if path_file_name(folder) == slug {
            return Ok(in_folder(package, folder));
        }
        let mut claims = Claims::new(package.full_name(), false);
        claims.push(&LayerPath::from(file.entry.path), ClaimKind::File, None);
        Ok(FileFacts {
            packages: vec![package],
            claims: vec![claims],
            ..FileFacts::default()
        })
    }
}

/// What of WordPress a file can tell.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    Core { root: &'a str },
    Plugin { slug: &'a str },
    Theme { slug: &'a str },
}

impl<'a> Part<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let (folder, file) = (path_parent(path)?, path_file_name(path));
        if path_file_name(folder) == "wp-includes" {
            let root = path_parent(folder)?;
            return (file == "version.php").then_some(Self::Core { root });
        }
        let is_in_content = |folder: &str, name: &str| {
            path_file_name(folder) == name
                && path_parent(folder).is_some_and(|above| path_file_name(above) == "wp-content")
        };
        if let Some(slug) = file.strip_suffix(".php")
            && (is_in_content(folder, "plugins") || is_in_content(folder, "mu-plugins"))
        {
            return Some(Self::Plugin { slug });
        }
        let above = path_parent(folder)?;
        let slug = path_file_name(folder);
        if file == "style.css" && is_in_content(above, "themes") {
            return Some(Self::Theme { slug });
        }
        let is_php = file.strip_suffix(".php").is_some();
        (is_php && is_in_content(above, "plugins")).then_some(Self::Plugin { slug })
    }
}

/// The value of `Name: value`, where at most the signs of a comment stand before the name.
fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split(['\n', '\r']).find_map(|line| {
        let line = line.trim_start_matches([' ', '\t']);
        let line = line.strip_prefix("<?php").unwrap_or(line);
        let line = line.trim_start_matches([' ', '\t', '/', '*', '#', '@']);
        let (field, value) = line.split_at_checked(name.len())?;
        let value = value
            .strip_prefix(':')
            .filter(|_| field.eq_ignore_ascii_case(name))?;
        let end = value.find("*/").or_else(|| value.find("?>"));
        let value = value.get(..end.unwrap_or(value.len()))?.trim();
        (!value.is_empty()).then_some(value)
    })
}

/// `$wp_version = '6.4.2';`
fn core(head: &str, root: &str) -> Result<FileFacts, ParseError> {
    let version = head.lines().find_map(|line| {
        let value = line.trim_start().strip_prefix("$wp_version")?.trim_start();
        let value = value.strip_prefix('=')?.trim_start();
        let quote = value
            .chars()
            .next()
            .filter(|sign| matches!(sign, '\'' | '"'))?;
        let (version, _) = value.get(1..)?.split_once(quote)?;
        let is_plain = |sign: char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_');
        (!version.is_empty() && version.chars().all(is_plain)).then_some(version)
    });
    let version = version.ok_or_else(|| ParseError::new("it does not tell $wp_version"))?;
    let mut package = Package::new(PackageType::new("generic"), "wordpress", version);
    // In a CPE a dash has to be escaped (NISTIR 7695, 6.2.2).
    let cpe_version = version.replace('-', "\\-");
    package.properties.insert(
        "cpe".into(),
        format!("cpe:2.3:a:wordpress:wordpress:{cpe_version}:*:*:*:*:*:*:*"),
    );
    let mut claims = Claims::new(package.full_name(), false);
    for folder in ["wp-includes", "wp-admin"] {
        let folder = LayerPath::from(format!("{root}/{folder}").as_str());
        claims.push(&folder, ClaimKind::Folder, None);
    }
    Ok(FileFacts {
        packages: vec![package],
        claims: vec![claims],
        ..FileFacts::default()
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::layers::detect_one;

    const PLUGIN: &str = "var/www/html/wp-content/plugins/akismet/akismet.php";
    const CORE: &str = "var/www/html/wp-includes/version.php";

    fn facts(path: &str, text: &str) -> FileFacts {
        detect_one(&WordPress, path, text.as_bytes())
            .expect("no error")
            .expect("a path that is wanted")
    }

    fn claimed(facts: &FileFacts) -> Vec<&str> {
        facts
            .claims
            .iter()
            .flat_map(Claims::iter)
            .map(|claim| claim.path)
            .collect()
    }

    #[test]
    fn what_a_site_has_of_its_own_needs_no_version_and_is_no_package() {
        for (path, text) in [
            (PLUGIN, "Plugin Name: x\nVersion:\n"),
            (
                "var/www/html/wp-content/mu-plugins/tweaks.php",
                "<?php\n/*\nPlugin Name: Tweaks\n*/\n",
            ),
            (
                "var/www/html/wp-content/themes/child/style.css",
                "/*\nTheme Name: Child\nTemplate: twentytwenty\n*/\n",
            ),
        ] {
            assert_eq!(facts(path, text), FileFacts::default(), "{path}");
        }
    }

    #[test]
    fn a_plugin_is_named_by_its_folder() {
        let facts = facts(
            PLUGIN,
            "<?php\n/**\n * @package Akismet\n */\n/*\nPlugin Name: Akismet Anti-Spam\nDescription: Plugin Name: x\nVersion: 5.0.2\nLicense: GPLv2 or later\n*/\n",
        );
        let plugin = &facts.packages[0];
        assert_eq!(
            plugin.purl(None).as_deref(),
            Some("pkg:wordpress-plugin/akismet@5.0.2")
        );
        assert_eq!(plugin.properties["title"], "Akismet Anti-Spam");
        assert_eq!(plugin.licenses, ["GPLv2 or later"]);
        assert_eq!(claimed(&facts), ["var/www/html/wp-content/plugins/akismet"]);
    }

    #[test]
    fn a_plugin_of_one_file_is_named_by_it_and_owns_no_more() {
        for folder in ["plugins", "mu-plugins"] {
            let path = format!("srv/wp-content/{folder}/hello.php");
            let facts = facts(
                &path,
                "<?php // plugin name: Hello Dolly ?>\r\n# VERSION:1.7.2 */",
            );
            let plugin = &facts.packages[0];
            assert_eq!(
                (plugin.name.as_str(), plugin.version.as_str()),
                ("hello", "1.7.2")
            );
            assert_eq!(plugin.properties["title"], "Hello Dolly");
            assert_eq!(claimed(&facts), [path.as_str()]);
        }
    }

    #[test]
    fn a_theme_is_told_by_its_style_sheet() {
        let facts = facts(
            "srv/wp-content/themes/twentytwentythree/style.css",
            "/*\nTheme Name: Twenty Twenty-Three\nVersion: 1.0\n*/",
        );
        assert_eq!(
            facts.packages[0].purl(None).as_deref(),
            Some("pkg:wordpress-theme/twentytwentythree@1.0")
        );
    }

    #[test]
    fn wordpress_itself_has_a_cpe_and_its_folders() {
        let facts = facts(
            CORE,
            "<?php\n/**\n * $wp_version\n */\n$wp_version = '6.4-RC1';\n$wp_db_version = 1;\n",
        );
        assert_eq!(facts.packages[0].version, "6.4-RC1");
        assert_eq!(
            facts.packages[0].properties["cpe"],
            "cpe:2.3:a:wordpress:wordpress:6.4\\-RC1:*:*:*:*:*:*:*"
        );
        assert_eq!(
            claimed(&facts),
            ["var/www/html/wp-includes", "var/www/html/wp-admin"]
        );
    }

    #[test]
    fn a_file_without_a_header_is_a_part_of_its_plugin() {
        for text in [
            "<?php // Silence is golden.",
            "",
            "<?php /* My Plugin Name: x\nVersion: 1 */",
            &format!("{}\nPlugin Name: too far\nVersion: 1", " ".repeat(HEAD)),
        ] {
            assert_eq!(facts(PLUGIN, text), FileFacts::default());
        }
    }

    #[test]
    fn a_version_of_wordpress_itself_that_is_missing_is_an_error() {
        for text in ["<?php $wp_version = get();", "$wp_version = '<secret>';"] {
            assert!(
                detect_one(&WordPress, CORE, text.as_bytes()).is_err(),
                "{text}"
            );
        }
    }

    #[test]
    fn only_the_places_of_wordpress_are_read() {
        for (path, wanted) in [
            (PLUGIN, true),
            ("wp-content/plugins/a/b.php", true),
            ("wp-content/plugins/a.php", true),
            ("wp-includes/version.php", true),
            ("wp-content/plugins/a/b/c.php", false),
            ("wp-content/mu-plugins/a/b.php", false),
            ("wp-content/themes/a/functions.php", false),
            ("wp-content/plugins/a/style.css", false),
            ("wp-includes/load.php", false),
            ("plugins/a/b.php", false),
            ("index.php", false),
        ] {
            assert_eq!(Part::of(path).is_some(), wanted, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_text_never_panics(text in "(Plugin Name|Version|:|\\*/|\\?>|<\\?php|\\$wp_version|=|'|\\n|\\r|é| ){0,30}") {
            let _ = detect_one(&WordPress, PLUGIN, text.as_bytes());
            let _ = detect_one(&WordPress, CORE, text.as_bytes());
        }

        #[test]
        fn any_path_is_decided_without_a_panic(path in "(wp-content|plugins|themes|wp-includes|/|a.php|style.css|\\.php){0,8}") {
            let _ = detect_one(&WordPress, &path, b"");
        }
    }
}
