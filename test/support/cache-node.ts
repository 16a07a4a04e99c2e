// One of several nodes: the real program with a cache, in front of an origin, with a Redis server that others share. Rule: what it answers is read to
// the end or known to be cut, and its body is compared as bytes.
import http from 'node:http';
import type { TestContext } from 'node:test';
import { SluiceProcess } from './sluice-process.ts';

export interface NodeSettings {
  readonly origin: string;
  /** Of `process.state`. */
  readonly state?: string;
  readonly workers?: number;
  /** The section `cache`, as a line of YAML. */
  readonly cache?: string;
  /** The policy `cache`. */
  readonly policy?: string;
  /** Of one that was killed. */
  readonly folder?: string;
}

export async function startCacheNode(t: TestContext, settings: NodeSettings): Promise<SluiceProcess> {
  const { origin, state = 'embedded', workers = 1, cache = '{}', policy = '{}', folder } = settings;
  const yaml = `
process: { data_dir: data, workers: ${workers}, state: "${state}" }
gateway: { listen: "127.0.0.1:0", policies: { cache: ${policy} }, routes: [{ name: site, to: { backends: ["${origin}"] } }] }
cache: ${cache}
egress: { listen: null }
admin: { listen: "127.0.0.1:0" }
metrics: { listen: null }
`;
  const files = { 'sluice.yaml': yaml };
  const env = { LOG_FORMAT: 'json' };
  const sluice = new SluiceProcess(t, folder === undefined ? { files, env } : { files, env, folder });
  await sluice.says(/"ready"/);
  return sluice;
}

export interface Got {
  readonly status: number;
  readonly body: Buffer;
  readonly headers: http.IncomingHttpHeaders;
}

/** null: the answer was cut, or none came. */
export function fetchWhole(
  url: string,
  headers: Readonly<Record<string, string>> = {},
  method = 'GET',
): Promise<Got | null> {
  return new Promise((resolve) => {
    const request = http.request(
      url,
      { agent: false, method, headers: { host: 'site.test', ...headers } },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on('data', (part: Buffer) => parts.push(part));
        answer.on('error', () => {});
        answer.on('close', () =>
          resolve(
            answer.complete
              ? { status: answer.statusCode ?? 0, body: Buffer.concat(parts), headers: answer.headers }
              : null,
          ),
        );
      },
    );
    request.on('error', () => resolve(null));
    request.end();
  });
}
