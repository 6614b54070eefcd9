//! What peers get wrong (measured or read in their code).

use super::*;

#[test]
fn root_is_root_however_it_is_written() {
    for user in [
        "",
        "0",
        "0:0",
        "00",
        "root",
        "root:root",
        "toor",
        "0:10001",
        ":10001",
    ] {
        let image = good().passwd("toor", 0, 0).user(user);
        assert_eq!(image.outcome("PLM-I-001").name(), "failed", "`{user}`");
    }
    for user in ["1", "app", "10001:0", "app:root"] {
        assert_eq!(
            good().user(user).outcome("PLM-I-001"),
            Outcome::Passed,
            "`{user}`"
        );
    }
    assert_eq!(
        good().user("nobody-knows").outcome("PLM-I-001").name(),
        "not-evaluated"
    );
}

#[test]
fn a_variable_is_a_credential_by_whole_words() {
    for name in [
        "DB_PASSWORD",
        "PGPASSWORD",
        "SECRET_KEY",
        "API_KEY",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "db.passwd",
        "MYSQL_PWD",
        "SMTP_PASS",
    ] {
        assert_eq!(
            good()
                .env(&format!("{name}=x9"))
                .failures("PLM-I-032")
                .len(),
            1,
            "{name}"
        );
    }
    for variable in [
        "MONKEY=x9",
        "COMPASS=x9",
        "KEYCLOAK_VERSION=24",
        "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
        "PYTHON_SHA256=ab12",
        "NGINX_GPGKEY_PATH=/x",
        "DB_PASSWORD=",
        "DB_PASSWORD_FILE=/run/secrets/x",
        "AWS_ACCESS_KEY_ID=AK",
        "PWD=/x",
        "TOKEN_TTL=5",
        "ALLOW_EMPTY_PASSWORD=yes",
        "PUBLIC_API_KEY=x9",
        "PASSWORD=$OTHER",
        "KEYS=x9",
        "TOKENIZERS_PARALLELISM=x9",
    ] {
        assert_eq!(
            good().env(variable).outcome("PLM-I-032"),
            Outcome::Passed,
            "{variable}"
        );
    }
}

#[test]
fn no_value_of_a_variable_or_argument_is_in_an_outcome() {
    let secret = ["hunter", "2pass"].concat();
    let image = good()
        .env(&format!("DB_PASSWORD={secret}"))
        .env(&format!("LD_PRELOAD={secret}"))
        .history(&format!("RUN |1 T_TOKEN={secret} /bin/sh -c curl -u a:{secret} https://u:{secret}@x/y --password={secret} # buildkit"))
        .history(&format!("RUN /bin/sh -c export API_KEY={secret}; A_TOKEN={secret} x; npm_config_strict_ssl=false y # buildkit"))
        .history(&format!("ADD https://u:{secret}@host.example/{secret} /x"))
        .history(&format!("ARG MY_SECRET={secret}"));
    for checked in run(&image.0) {
        assert!(
            !format!("{checked:?}").contains(&secret),
            "{}",
            checked.check.id
        );
    }
    let details: Vec<String> = image
        .failures("PLM-I-033")
        .into_iter()
        .map(|failure| failure.detail)
        .collect();
    assert_eq!(
        details,
        [
            "build argument T_TOKEN has a value",
            "`-u` of curl has a value",
            "a password in an address given to curl has a value",
            "`--password` of curl has a value",
            "`API_KEY` of export has a value",
            "variable A_TOKEN has a value",
            "build argument MY_SECRET has a value",
        ]
    );
}

#[test]
fn two_adds_of_a_base_are_no_failure() {
    let image = good()
        .history("/bin/sh -c #(nop) ADD file:0a in / ")
        .history("/bin/sh -c #(nop) ADD file:0b in / ")
        .history("ADD rootfs.tar.xz / # buildkit");
    assert_eq!(image.outcome("PLM-I-038"), Outcome::Passed);
    let image = image.history("/bin/sh -c #(nop) ADD file:0c in /opt/x ");
    assert_eq!(image.outcome("PLM-I-038").name(), "not-evaluated");
    let image = image.history("/bin/sh -c #(nop) ADD dir:0c in /opt/y ");
    assert_eq!(image.failures("PLM-I-038").len(), 1);
}

#[test]
fn history_of_no_builder_is_not_evaluated() {
    let image = good()
        .no_history()
        .history("bazel build ...")
        .history("nix");
    for id in [
        "PLM-I-033",
        "PLM-I-034",
        "PLM-I-035",
        "PLM-I-036",
        "PLM-I-037",
        "PLM-I-038",
        "PLM-I-039",
    ] {
        assert_eq!(image.outcome(id).name(), "not-evaluated", "{id}");
    }
    // What the config and the files show is told all the same.
    let image = image.env("GIT_SSL_NO_VERIFY=1");
    assert_eq!(image.failures("PLM-I-035").len(), 1);
}

#[test]
fn an_update_is_followed_by_an_install_in_every_way_that_scripts_write_it() {
    for (text, is_alone) in [
        ("apt-get update", true),
        ("apt-get update && apt-get install -y x", false),
        ("set -eux; apt-get update; apt-get install -y x", false),
        (
            "apt-get -qq update && apt-get -y --no-install-recommends install x",
            false,
        ),
        ("apt-get update || true", true),
        ("apt-get install x; apt-get update", true),
        ("apk update && apk add x", false),
        ("apk update", true),
        ("apt-get update && apk add x", true),
        ("if x; then apt-get update; apt-get upgrade -y; fi", false),
        ("echo apt-get update", false),
        (
            "apt-get -o Dir::Etc=x update && apt-get -o Dir::Etc=x install y",
            false,
        ),
        (
            "apt-get update && apt-get remove x && rm -rf /var/lib/apt/lists/*",
            true,
        ),
    ] {
        let image = good().history(&format!("RUN /bin/sh -c {text} # buildkit"));
        assert_eq!(!image.failures("PLM-I-036").is_empty(), is_alone, "{text}");
    }
}

#[test]
fn a_download_that_is_run_is_told_from_one_that_is_not() {
    for (text, is_piped) in [
        ("curl -s https://x | sh", true),
        ("wget -qO- https://x | sudo -E bash -", true),
        ("curl https://x | tee y | bash", true),
        ("bash <(curl -s https://x)", true),
        ("sh -c \"$(curl -fsSL https://x)\"", true),
        ("eval \"$(wget -O- x)\"", true),
        ("curl https://x | python3 -", true),
        ("curl https://x | tar xz", false),
        ("curl https://x -o y && sh y", false),
        ("echo x | sh", false),
        ("echo 'curl https://x | sh'", false),
        ("VERSION=$(curl -s https://x) && echo y", false),
    ] {
        let image = good().history(&format!("RUN /bin/sh -c {text} # buildkit"));
        assert_eq!(!image.failures("PLM-I-034").is_empty(), is_piped, "{text}");
    }
}

#[test]
fn checks_that_are_turned_off_are_told_by_program_and_variable() {
    for (text, is_off) in [
        ("curl -fsSLk https://x", true),
        ("curl --insecure x", true),
        ("wget --no-check-certificate x", true),
        ("pip install --trusted-host x y", true),
        ("npm config set strict-ssl false", true),
        ("git config --global http.sslVerify false", true),
        ("apk add --allow-untrusted x.apk", true),
        ("NODE_TLS_REJECT_UNAUTHORIZED=0 npm ci", true),
        ("export GIT_SSL_NO_VERIFY=true", true),
        ("conda config --set ssl_verify false", true),
        ("apt-get -o Acquire::https::Verify-Peer=false update", true),
        ("curl -sko x https://y", true),
        ("curl -ok https://y", false),
        ("yum install -y --nogpgcheck x", true),
        ("curl -fsSL https://x/kk", false),
        ("tar -k x", false),
        ("echo --insecure", false),
        ("NODE_TLS_REJECT_UNAUTHORIZED=1 npm ci", false),
    ] {
        let image = good().history(&format!("RUN /bin/sh -c {text} # buildkit"));
        assert_eq!(!image.failures("PLM-I-035").is_empty(), is_off, "{text}");
    }
}

#[test]
fn a_version_is_found_in_every_package_manager_s_spelling() {
    for (text, count) in [
        (
            "apt-get install -y --no-install-recommends curl=7.88-1 ca-certificates",
            1,
        ),
        ("apk add --no-cache --virtual .build gcc make~4.4", 1),
        ("dnf install -y java-11-openjdk httpd-2.4.6", 1),
        (
            "pip install --no-cache-dir -r requirements.txt requests==2.31 flask 'a>=1'",
            1,
        ),
        ("npm install -g yarn@1.22.0 @scope/x @scope/y@1", 1),
        ("pip install .", 0),
        ("npm ci", 0),
        ("gem install bundler -v 2.4", 0),
        ("apt-get install -y $PACKAGES", 0),
        ("curl x", 0),
    ] {
        let image = good().history(&format!("RUN /bin/sh -c {text} # buildkit"));
        let details: Vec<String> = image
            .failures("PLM-I-039")
            .into_iter()
            .map(|failure| failure.detail)
            .collect();
        let found: usize = details
            .iter()
            .filter_map(|detail| {
                detail
                    .split(' ')
                    .find_map(|word| word.parse::<usize>().ok())
            })
            .sum();
        assert_eq!(found, count, "{text}: {details:?}");
    }
}

#[test]
fn text_that_only_looks_like_a_name_is_not_told() {
    let secret = ["hunter", "2 pass"].concat();
    let image = good()
        .history(&format!(
            "RUN /bin/sh -c x '{secret} password'=y # buildkit"
        ))
        .history(&format!("ARG {secret} PASSWORD=y"))
        .history(&format!("ADD ssh://u:{secret}@host/x /y"))
        .history(&format!(
            "RUN /bin/sh -c npm install --token '{secret}' y # buildkit"
        ))
        .env(&format!("URL=https://u:{secret}@host/x"));
    for checked in run(&image.0) {
        assert!(!format!("{checked:?}").contains("hunter"), "{checked:?}");
    }
    assert_eq!(image.failures("PLM-I-032").len(), 1);
    assert_eq!(image.failures("PLM-I-033").len(), 3);
}
