// The file that `sluice config init` writes. Rule: it is valid as it stands, starts something that answers, and shows
// each common setting with its default in a comment.

/** `schemaFile` is what editors complete and check the file with. */
export function starterFile(schemaFile: string): string {
  return `# yaml-language-server: $schema=${schemaFile}
#
# The configuration of Sluice. Every key is optional; what is commented out shows its default.
#
#   sluice config validate             check this file
#   sluice config explain gateway.tls  what a key means
#   sluice config show --effective     everything that is in force, defaults included
#
# \${VAR}, \${VAR:-default} and \${VAR:?message} take a value from the environment, \${file:/run/secrets/x} from a file.
# Durations: 500ms, 30s, 10m, 1h. Sizes: 16KiB, 10MB.

gateway:                            # the reverse proxy
  listen: 127.0.0.1:8080            # ":8080" listens on every address of this machine
  # tls: { cert: cert.pem, key: key.pem }
  # default_backend: http://localhost:8000
  routes:
    # curl http://127.0.0.1:8080/ping
    - match: { path: /ping }
      to: { respond: { status: 200, body: pong } }

    # Everything below /api, but only with GET and POST, goes to one backend:
    # - match: { path: /api/*, method: [GET, POST] }
    #   to: http://localhost:9000

# process:
#   workers: 1                      # threads; "auto" = one per core
#   shutdown_grace: 30s             # how long running requests may take after a stop was asked for

# log:
#   level: info                     # trace, debug, info, warn, error
#   format: auto                    # pretty on a terminal, json elsewhere
#   access: true                    # one line per request; or common, or combined

# admin: { listen: 127.0.0.1:8889 }      # API; its token is made at start unless you set one
# metrics: { listen: 127.0.0.1:9090 }    # Prometheus

# limits: { url: 8KiB, headers: 16KiB, header_count: 100, body: 10MiB, connections: 10000 }
# timeouts: { connect: 10s, headers: 15s, read: 30s, write: 30s, idle: 120s, tunnel_idle: 1h }
`;
}
