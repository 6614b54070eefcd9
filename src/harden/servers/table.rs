//! The servers. Accounts, folders and capabilities of nginx, redis, postgres and apache were measured on Debian's packages with the
//! official entry scripts; the others were read in the Dockerfiles and documentation of their images.

use crate::model::Capability as Cap;

use super::{Drops, Folder, Purpose, Server};

const RUN: Folder = folder("run", Purpose::Run);
/// What an entry script that gives its data folder to an account and then changes to it needs, when it is started again and the folder
/// is closed for others.
const STEP_DOWN: &[Cap] = &[Cap::DAC_OVERRIDE, Cap::SETGID, Cap::SETUID];
const STEP_DOWN_AND_GIVE: &[Cap] = &[Cap::CHOWN, Cap::DAC_OVERRIDE, Cap::SETGID, Cap::SETUID];

const fn folder(path: &'static str, purpose: Purpose) -> Folder {
    Folder { path, purpose }
}

/// What most have.
const PLAIN: Server = Server {
    name: "",
    programs: &[],
    accounts: &[],
    folders: &[],
    capabilities: &[],
    drops: Drops::Never,
    does_without: &[],
    pids: 256,
    memory_mib: 512,
    health: &[],
    notes: &[],
};

/// Every known server.
pub const SERVERS: &[Server] = &[
    Server {
        name: "nginx",
        programs: &["nginx", "nginx-debug", "openresty"],
        accounts: &["nginx", "www-data"],
        folders: &[
            RUN,
            folder("var/lib/nginx", Purpose::Cache),
            folder("var/cache/nginx", Purpose::Cache),
            folder("var/log/nginx", Purpose::Log),
        ],
        capabilities: &[Cap::CHOWN, Cap::SETGID, Cap::SETUID],
        drops: Drops::Itself,
        memory_mib: 256,
        notes: &["nginx warns that `user` has no effect when it is not started as root: harmless"],
        ..PLAIN
    },
    Server {
        name: "redis",
        programs: &["redis-server", "valkey-server", "redis-sentinel"],
        accounts: &["redis", "valkey"],
        folders: &[
            folder("data", Purpose::Data),
            folder("var/lib/redis", Purpose::Data),
        ],
        capabilities: &[Cap::SETGID, Cap::SETUID],
        drops: Drops::InScript,
        health: &["redis-cli", "ping"],
        ..PLAIN
    },
    Server {
        name: "postgres",
        programs: &["postgres", "postmaster"],
        accounts: &["postgres"],
        folders: &[
            folder("run/postgresql", Purpose::Run),
            folder("var/lib/postgresql", Purpose::Data),
        ],
        capabilities: STEP_DOWN,
        drops: Drops::InScript,
        does_without: &[Cap::FOWNER],
        pids: 512,
        memory_mib: 1024,
        health: &["pg_isready"],
        notes: &[
            "postgres wants its data folder to be its own with mode 0700: on a volume that belongs to root, as Kubernetes mounts it, set PGDATA to a folder below the mount",
        ],
    },
    Server {
        name: "mysql",
        programs: &["mysqld", "mariadbd", "mysqld_safe"],
        accounts: &["mysql"],
        folders: &[
            folder("run/mysqld", Purpose::Run),
            folder("var/lib/mysql", Purpose::Data),
        ],
        capabilities: STEP_DOWN_AND_GIVE,
        drops: Drops::InScript,
        pids: 512,
        memory_mib: 1024,
        notes: &["mysqld asks for SYS_NICE to set priorities, and does without"],
        ..PLAIN
    },
    Server {
        name: "apache",
        programs: &[
            "apache2",
            "httpd",
            "apache2ctl",
            "apachectl",
            "httpd-foreground",
            "apache2-foreground",
        ],
        accounts: &["www-data", "apache", "daemon"],
        folders: &[
            RUN,
            folder("var/log/apache2", Purpose::Log),
            folder("var/log/httpd", Purpose::Log),
            folder("var/cache/apache2", Purpose::Cache),
            folder("usr/local/apache2/logs", Purpose::Log),
        ],
        capabilities: &[Cap::SETGID, Cap::SETUID],
        drops: Drops::Itself,
        pids: 512,
        ..PLAIN
    },
    Server {
        name: "mongo",
        programs: &["mongod", "mongos"],
        accounts: &["mongodb", "mongod"],
        folders: &[
            folder("data/db", Purpose::Data),
            folder("data/configdb", Purpose::Data),
        ],
        capabilities: STEP_DOWN_AND_GIVE,
        drops: Drops::InScript,
        pids: 512,
        memory_mib: 1024,
        ..PLAIN
    },
    Server {
        name: "rabbitmq",
        programs: &["rabbitmq-server"],
        accounts: &["rabbitmq"],
        folders: &[
            folder("var/lib/rabbitmq", Purpose::Data),
            folder("var/log/rabbitmq", Purpose::Log),
        ],
        capabilities: STEP_DOWN_AND_GIVE,
        drops: Drops::InScript,
        pids: 512,
        health: &["rabbitmq-diagnostics", "-q", "ping"],
        ..PLAIN
    },
    Server {
        name: "haproxy",
        programs: &["haproxy"],
        accounts: &["haproxy"],
        folders: &[
            folder("run/haproxy", Purpose::Run),
            folder("var/lib/haproxy", Purpose::Data),
        ],
        capabilities: &[Cap::SETGID, Cap::SETUID, Cap::SYS_CHROOT],
        drops: Drops::Itself,
        memory_mib: 256,
        notes: &["`chroot` in haproxy.cfg fails without root: take it out, the container is one"],
        ..PLAIN
    },
    Server {
        name: "memcached",
        programs: &["memcached"],
        accounts: &["memcache", "memcached"],
        capabilities: &[Cap::SETGID, Cap::SETUID],
        drops: Drops::Itself,
        memory_mib: 128,
        ..PLAIN
    },
    Server {
        name: "traefik",
        programs: &["traefik"],
        memory_mib: 256,
        notes: &["traefik needs no engine socket if it is given a file or Kubernetes as provider"],
        ..PLAIN
    },
    Server {
        name: "caddy",
        programs: &["caddy"],
        accounts: &["caddy"],
        folders: &[
            folder("data", Purpose::Data),
            folder("config", Purpose::Data),
        ],
        memory_mib: 256,
        ..PLAIN
    },
    Server {
        name: "vault",
        programs: &["vault", "bao"],
        accounts: &["vault", "openbao"],
        folders: &[
            folder("vault/file", Purpose::Data),
            folder("vault/logs", Purpose::Log),
        ],
        capabilities: STEP_DOWN_AND_GIVE,
        drops: Drops::InScript,
        notes: &[
            "vault locks its memory with IPC_LOCK; `disable_mlock = true` makes that needless where there is no swap",
        ],
        ..PLAIN
    },
    Server {
        name: "consul",
        programs: &["consul"],
        accounts: &["consul"],
        folders: &[folder("consul/data", Purpose::Data)],
        capabilities: STEP_DOWN_AND_GIVE,
        drops: Drops::InScript,
        ..PLAIN
    },
    Server {
        name: "grafana",
        programs: &["grafana", "grafana-server"],
        accounts: &["grafana"],
        folders: &[
            folder("var/lib/grafana", Purpose::Data),
            folder("var/log/grafana", Purpose::Log),
        ],
        ..PLAIN
    },
    Server {
        name: "prometheus",
        programs: &["prometheus"],
        accounts: &["prometheus", "nobody"],
        folders: &[folder("prometheus", Purpose::Data)],
        memory_mib: 1024,
        ..PLAIN
    },
    Server {
        name: "elasticsearch",
        programs: &["elasticsearch", "opensearch"],
        accounts: &["elasticsearch", "opensearch"],
        folders: &[
            folder("usr/share/elasticsearch/data", Purpose::Data),
            folder("usr/share/elasticsearch/logs", Purpose::Log),
        ],
        pids: 4096,
        memory_mib: 2048,
        notes: &[
            "elasticsearch writes its keystore into /usr/share/elasticsearch/config at the first start",
        ],
        ..PLAIN
    },
    Server {
        name: "jenkins",
        programs: &["jenkins.sh", "jenkins"],
        accounts: &["jenkins"],
        folders: &[folder("var/jenkins_home", Purpose::Data)],
        pids: 1024,
        memory_mib: 2048,
        ..PLAIN
    },
    Server {
        name: "php-fpm",
        programs: &["php-fpm"],
        accounts: &["www-data", "nobody"],
        folders: &[folder("run/php", Purpose::Run)],
        capabilities: &[Cap::SETGID, Cap::SETUID],
        drops: Drops::Itself,
        ..PLAIN
    },
    Server {
        name: "sshd",
        programs: &["sshd"],
        folders: &[folder("run/sshd", Purpose::Run)],
        capabilities: &[
            Cap::AUDIT_WRITE,
            Cap::CHOWN,
            Cap::SETGID,
            Cap::SETUID,
            Cap::SYS_CHROOT,
        ],
        drops: Drops::NeedsRoot,
        notes: &["a second way in: `docker exec` or `kubectl exec` do without it"],
        ..PLAIN
    },
    Server {
        name: "cron",
        programs: &["cron", "crond"],
        folders: &[RUN],
        capabilities: &[Cap::SETGID, Cap::SETUID],
        drops: Drops::NeedsRoot,
        ..PLAIN
    },
    Server {
        name: "node program",
        programs: &["node", "nodejs", "npm", "bun", "deno"],
        accounts: &["node", "bun", "deno"],
        ..PLAIN
    },
    Server {
        name: "python program",
        programs: &["python", "gunicorn", "uvicorn", "uwsgi", "celery", "flask"],
        ..PLAIN
    },
    Server {
        name: "java program",
        programs: &["java", "catalina.sh"],
        folders: &[
            folder("usr/local/tomcat/logs", Purpose::Log),
            folder("usr/local/tomcat/temp", Purpose::Cache),
            folder("usr/local/tomcat/work", Purpose::Cache),
        ],
        pids: 1024,
        memory_mib: 1024,
        notes: &[
            "libraries that Java unpacks into /tmp cannot be loaded from there: tmpfs is mounted noexec",
        ],
        ..PLAIN
    },
];
