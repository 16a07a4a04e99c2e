// The kind of case that most are: one HTTP/1.1 request over and over, sent by wrk.
// Rule: a case file says only what is particular to it.
import { ask, measureCpu, type Work } from '../harness/measure.ts';
import { runWrk, type Load, type WrkRequest } from '../harness/wrk.ts';
import type { Door } from '../peers/peer.ts';
import type { Case, Contestant, Target } from './case.ts';

export interface HttpCase {
  readonly name: string;
  readonly title: string;
  readonly remark?: string;
  readonly contestants: readonly Contestant[];
  readonly path: string;
  /** What the answer's body must weigh. */
  readonly answerBytes: number;
  readonly door?: Door;
  readonly cost?: string;
  readonly baseline?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Each request has a URL of its own. */
  readonly isEachNew?: boolean;
  readonly bodyBytes?: number;
  readonly connections?: number;
  readonly unpinned?: boolean;
  /** For big answers, where requests are too few to count: one unit is so many bytes of answers. */
  readonly unitBytes?: number;
  /** One unit is so many bytes of `answerBytes`, whatever they weigh on their way: compressed answers. */
  readonly contentUnitBytes?: number;
  /** Answers come in whatever encoding the contestant is set up for. */
  readonly isEncoded?: boolean;
}

const DEFAULT_CONNECTIONS = 64;

function requestText(spec: HttpCase, target: Target): string {
  const { bodyBytes } = spec;
  const address = target.door === 'forward' ? `http://127.0.0.1:${target.backendPort}${spec.path}` : spec.path;
  const host = `127.0.0.1:${target.door === 'forward' ? target.backendPort : target.port}`;
  const headers = Object.entries({ ...spec.headers, Host: host, Connection: 'close' });
  if (bodyBytes !== undefined) headers.push(['Content-Length', String(bodyBytes)]);
  const lines = [`${bodyBytes === undefined ? 'GET' : 'POST'} ${address} HTTP/1.1`];
  for (const [name, value] of headers) lines.push(`${name}: ${value}`);
  return `${lines.join('\r\n')}\r\n\r\n${'x'.repeat(bodyBytes ?? 0)}`;
}

async function verify(spec: HttpCase, target: Target): Promise<void> {
  const answer = await ask(target.port, target.door === 'tls', requestText(spec, target));
  const head = answer.slice(0, answer.indexOf('\r\n\r\n'));
  if (!/^HTTP\/1\.[01] 200 /.test(head)) throw new Error(`it answered ${JSON.stringify(answer.slice(0, 120))}`);
  const bytes = Buffer.byteLength(answer, 'latin1') - head.length - 4;
  if (spec.isEncoded === true && !/^content-encoding:/im.test(head)) throw new Error('its answer is not compressed');
  const chunked = /^transfer-encoding:/im.test(head);
  if (!chunked && bytes !== spec.answerBytes) throw new Error(`its answer has ${bytes} bytes, not ${spec.answerBytes}`);
}

function load(spec: HttpCase, target: Target, seconds: number): Promise<Load> {
  const scheme = target.door === 'tls' ? 'https' : 'http';
  const request: WrkRequest = {
    url: `${scheme}://127.0.0.1:${target.port}${spec.path}`,
    ...(target.door === 'forward' && {
      target: `http://127.0.0.1:${target.backendPort}${spec.path}`,
    }),
    headers: {
      ...spec.headers,
      ...(target.door === 'forward' && { Host: `127.0.0.1:${target.backendPort}` }),
    },
    ...(spec.isEachNew === true && { isEachNew: true }),
    ...(spec.bodyBytes !== undefined && { bodyBytes: spec.bodyBytes }),
  };
  const connections = spec.connections ?? DEFAULT_CONNECTIONS;
  return runWrk(request, { dir: target.dir, cpus: target.loadCpus, connections, seconds });
}

function asWork({ answerBytes, unitBytes, contentUnitBytes }: HttpCase, done: Load): Work {
  if (contentUnitBytes !== undefined) return { ...done, units: (done.requests * answerBytes) / contentUnitBytes };
  if (unitBytes === undefined) return { ...done, units: done.requests };
  const { bytes, seconds, errors, ...latency } = done;
  // Where no answer has come whole within the time, bytes have, but there is no latency to tell.
  return { units: bytes / unitBytes, seconds, errors, ...(done.requests > 0 && latency) };
}

export function httpCase(spec: HttpCase): Case {
  return {
    name: spec.name,
    title: spec.title,
    ...(spec.remark !== undefined && { remark: spec.remark }),
    cost: spec.cost ?? 'CPU µs per request',
    door: spec.door ?? 'http',
    baseline: spec.baseline ?? 'nginx',
    contestants: spec.contestants,
    ...(spec.unpinned !== undefined && { unpinned: spec.unpinned }),
    verify: (target) => verify(spec, target),
    warm: async (target, seconds) => void (await load(spec, target, seconds)),
    sample: (target, seconds) => measureCpu(target, async () => asWork(spec, await load(spec, target, seconds))),
  };
}
