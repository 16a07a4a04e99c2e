// The one backend that all proxies stand in front of: an nginx of our own with a few fixed answers.
// Rule: cheap enough that the proxy is what is measured, and the same for everybody.
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePorts, startProcess, untilListening } from './processes.ts';

export interface Backend {
  readonly port: number;
  stop(): Promise<void>;
}

export const smallAnswer = 'hello from the backend\n';

const KIB = 1024;
const files: Readonly<Record<string, number>> = {
  '10k': 10 * KIB,
  '100k': 100 * KIB,
  '1m': KIB * KIB,
  '100m': 100_000_000,
};

/** Compressible as web pages are, and never the same thing again: pages and sources of ours. */
const texts: Readonly<Record<string, number>> = { 'text-10k': 10 * KIB, 'text-128k': 128 * KIB };
const TEXT_SOURCES = ['docs/guide-*.md', 'src/engine/*.ts'];

function textOf(bytes: number): Buffer {
  const cwd = join(import.meta.dirname, '../..');
  const names = TEXT_SOURCES.flatMap((pattern) => globSync(pattern, { cwd }).sort());
  return Buffer.concat(names.map((name) => readFileSync(join(cwd, name)))).subarray(0, bytes);
}

/** About what a page of a web application answers with. */
const typicalAnswerHeaders = [
  ['Cache-Control', 'private, max-age=0, must-revalidate'],
  ['ETag', '\\"33a64df551425fcc55e4d42a148795d9f25f89d4\\"'],
  ['Vary', 'Accept-Encoding, Cookie'],
  ['Set-Cookie', 'session=3f2c9a1e7b5d4c68a0f1e2d3c4b5a697; Path=/; HttpOnly; Secure; SameSite=Lax'],
  ['X-Frame-Options', 'SAMEORIGIN'],
  ['X-Content-Type-Options', 'nosniff'],
  ['Strict-Transport-Security', 'max-age=31536000; includeSubDomains'],
] as const;

function configText(port: number, root: string): string {
  return `
daemon off;
worker_processes 1;
pid backend.pid;
error_log error.log error;
events { worker_connections 16384; }
http {
  access_log off;
  client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  sendfile on;
  tcp_nopush on;
  open_file_cache max=16;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_body_buffer_size 256k;
  client_max_body_size 200m;
  default_type text/html;
  upstream self {
    server 127.0.0.1:${port};
    keepalive 512;
    keepalive_requests 1000000000;
  }
  server {
    listen 127.0.0.1:${port} backlog=4096;
    location /small { return 200 "${smallAnswer.trimEnd()}\\n"; }
    location /no-store {
      add_header Cache-Control no-store;
      return 200 "${smallAnswer.trimEnd()}\\n";
    }
    location /typical {
      ${typicalAnswerHeaders.map(([name, value]) => `add_header ${name} "${value}";`).join('\n      ')}
      return 200 "${smallAnswer.trimEnd()}\\n";
    }
    # "return" alone would answer before the body has come; proxying to ourselves reads all of it first.
    location /upload {
      proxy_pass http://self/small;
      proxy_http_version 1.1;
      proxy_method GET;
      proxy_pass_request_body off;
      proxy_set_header Connection "";
      proxy_set_header Content-Length "";
    }
    location /files/ { alias ${root}/; }
  }
}
`;
}

export async function startBackend(dir: string, cpus: string | null): Promise<Backend> {
  const root = join(dir, 'files');
  mkdirSync(root);
  for (const [name, bytes] of Object.entries(files)) writeFileSync(join(root, name), Buffer.alloc(bytes, 'x'));
  for (const [name, bytes] of Object.entries(texts)) writeFileSync(join(root, name), textOf(bytes));
  const [port = 0] = await findFreePorts(1);
  const config = join(dir, 'backend.conf');
  writeFileSync(config, configText(port, root));
  const started = startProcess(['nginx', '-p', dir, '-c', config, '-e', 'error.log'], { name: 'backend', dir, cpus });
  await untilListening(started, port);
  return { port, stop: started.stop };
}

/** The backend of WebSocket traffic: sends every message back. */
export function startEcho(dir: string, cpus: string | null): Promise<Backend> {
  return startProgram('websocket-echo', dir, cpus);
}

/** A provider of AI. */
export function startAiProvider(dir: string, cpus: string | null): Promise<Backend> {
  return startProgram('ai-provider', dir, cpus);
}

async function startProgram(name: string, dir: string, cpus: string | null): Promise<Backend> {
  const [port = 0] = await findFreePorts(1);
  const program = join(import.meta.dirname, `../load/${name}.ts`);
  const started = startProcess([process.execPath, program, String(port)], { name, dir, cpus });
  await untilListening(started, port);
  return { port, stop: started.stop };
}
