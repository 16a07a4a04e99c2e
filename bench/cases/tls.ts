// TLS in front: requests on connections that are open already, then whole handshakes, new and resumed.
// Rule: handshakes come from a client of our own, since wrk always resumes its sessions.
import { join } from 'node:path';
import { smallAnswer } from '../harness/backend.ts';
import { measureCpu, type Work } from '../harness/measure.ts';
import { runProcess } from '../harness/processes.ts';
import { plain, type Case, type Target } from './case.ts';
import { httpCase } from './http-case.ts';

const contestants = plain('sluice', 'nginx', 'haproxy', 'caddy', 'http-proxy');

export const tls: Case = httpCase({
  name: 'tls',
  title: 'TLS, small answer on open connections',
  door: 'tls',
  contestants,
  path: '/small',
  answerBytes: smallAnswer.length,
});

const client = join(import.meta.dirname, '../load/tls-connections.ts');

async function handshakes(target: Target, seconds: number, mode: string): Promise<Work> {
  const command = [process.execPath, client, String(target.port), String(seconds), mode];
  return JSON.parse(await runProcess(command, target.loadCpus, (seconds + 20) * 1000)) as Work;
}

function handshakeCase(name: string, title: string, mode: 'full' | 'resumed'): Case {
  return {
    ...tls,
    name,
    title,
    cost: 'CPU µs per connection',
    remark:
      'Certificates are ECDSA P-256. Per second is what the client manages; what a core of the proxy could do follows from the cost.',
    warm: async (target, seconds) => void (await handshakes(target, seconds, mode)),
    sample: (target, seconds) => measureCpu(target, () => handshakes(target, seconds, mode)),
  };
}

export const tlsHandshake: Case = handshakeCase('tls-handshake', 'TLS 1.3 handshake and one request', 'full');
export const tlsResumed: Case = handshakeCase('tls-resumed', 'TLS 1.3 resumed and one request', 'resumed');
