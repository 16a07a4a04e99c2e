// HTTP/2 over TLS in front of the same HTTP/1.1 backend, many streams at once.
import { connect } from 'node:http2';
import { smallAnswer } from '../harness/backend.ts';
import { runH2load } from '../harness/h2load.ts';
import { measureCpu } from '../harness/measure.ts';
import type { Load } from '../harness/wrk.ts';
import { plain, type Case, type Target } from './case.ts';

const CONNECTIONS = 8;
const STREAMS = 32;

function load(target: Target, seconds: number): Promise<Load> {
  const url = `https://127.0.0.1:${target.port}/small`;
  const options = { dir: target.dir, cpus: target.loadCpus, connections: CONNECTIONS, streams: STREAMS, seconds };
  return runH2load(url, options);
}

async function verify(target: Target): Promise<void> {
  const session = connect(`https://127.0.0.1:${target.port}`, { rejectUnauthorized: false });
  try {
    const body = await new Promise<string>((resolve, reject) => {
      session.once('error', reject);
      const stream = session.request({ ':path': '/small' });
      let text = '';
      stream.setEncoding('utf8');
      stream.setTimeout(10_000, () => stream.destroy(new Error('no answer within 10 s')));
      stream.on('data', (chunk: string) => (text += chunk));
      stream.once('end', () => resolve(text));
      stream.once('error', reject);
    });
    if (body !== smallAnswer) throw new Error(`it answered ${JSON.stringify(body.slice(0, 120))}`);
  } finally {
    session.destroy();
  }
}

export const h2: Case = {
  name: 'h2',
  title: `HTTP/2 over TLS, small answer, ${CONNECTIONS} connections with ${STREAMS} streams`,
  cost: 'CPU µs per request',
  door: 'h2',
  baseline: 'nginx',
  contestants: plain('sluice', 'nginx', 'haproxy', 'caddy'),
  verify,
  warm: async (target, seconds) => void (await load(target, seconds)),
  sample: (target, seconds) =>
    measureCpu(target, async () => {
      const done = await load(target, seconds);
      return { ...done, units: done.requests };
    }),
};
