// nginx as a backend, on a free port of 127.0.0.1. Rule: as with every peer, what a test starts has ended with it, and without
// nginx the test is skipped.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { launch, type RunningProxy } from './proxies.ts';

/** Answers everything with its name. */
export function startNginx(t: TestContext, name: string): Promise<RunningProxy | undefined> {
  return startNginxWith(t, `return 200 ${name};`);
}

/** Serves the files of a folder, with tags; `NAME.gz` is sent for NAME to who reads gzip. */
export function startFileServer(t: TestContext, folder: string): Promise<RunningProxy | undefined> {
  // A worker that gave up root could not read the folder of a test.
  const types = 'types { text/html html; text/plain txt; application/json json; image/png png; }';
  return startNginxWith(t, `root ${folder}; ${types} gzip_static on; gzip_proxied any;`);
}

/** Serves the files of a folder, and sends who asks for a folder without its slash there by a whole URL. */
export function startRedirectingNginx(t: TestContext, folder: string): Promise<RunningProxy | undefined> {
  return startNginxWith(t, `root ${folder}; index index.html; absolute_redirect on;`);
}

/** Reads a head of the PROXY protocol in front of each connection, and answers with who it names. */
export function startProxiedNginx(t: TestContext): Promise<RunningProxy | undefined> {
  return startNginxWith(t, "return 200 '$proxy_protocol_addr:$proxy_protocol_port';", ' proxy_protocol');
}

/** Before a server of ours, as somebody has it who ends TLS there. */
export function startNginxBefore(t: TestContext, port: number): Promise<RunningProxy | undefined> {
  const fields = [
    'Host $http_host',
    'Upgrade $http_upgrade',
    'Connection $http_connection',
    'X-Forwarded-For $proxy_add_x_forwarded_for',
    'X-Forwarded-Proto https',
  ].map((field) => `proxy_set_header ${field};`);
  const manners = 'proxy_http_version 1.1; proxy_read_timeout 1h; proxy_buffering off; client_max_body_size 0;';
  return startNginxWith(t, `proxy_pass http://127.0.0.1:${port}; ${manners} ${fields.join(' ')}`);
}

function startNginxWith(t: TestContext, location: string, listen = ''): Promise<RunningProxy | undefined> {
  return launch(t, 'nginx', (folder, port) => {
    const file = join(folder, 'nginx.conf');
    writeFileSync(file, configuration(folder, location, `${port}${listen}`));
    return { peer: 'nginx', args: ['-p', folder, '-e', 'stderr', '-c', file] };
  });
}

function configuration(folder: string, location: string, port: string): string {
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((kind) => {
    return `${kind}_temp_path ${join(folder, kind)};`;
  });
  return `
    daemon off; master_process off; pid ${join(folder, 'nginx.pid')};
    events { worker_connections 256; }
    http {
      access_log off; ${paths.join(' ')}
      server {
        listen 127.0.0.1:${port};
        location / { ${location} }
      }
    }`;
}
