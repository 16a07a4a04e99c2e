// The DNS servers that a config names. Rule: each is asked once for what every resolver knows.
import { promises as dns } from 'node:dns';
import type { Config } from '../../config/config.ts';
import { failure, type Finding, ok } from './finding.ts';

export function checkDns({ dns: { servers } }: Config, timeoutMs: number): Promise<Finding[]> {
  return Promise.all(servers.map((server) => ask(server, timeoutMs)));
}

async function ask(server: string, timeoutMs: number): Promise<Finding> {
  const resolver = new dns.Resolver({ timeout: timeoutMs, tries: 1 });
  resolver.setServers([server]);
  const startedMs = Date.now();
  try {
    await resolver.resolve('.', 'NS');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    // That it does not know, or does not want to say, is an answer too.
    if (code === 'ETIMEOUT' || code === 'ECONNREFUSED') return failure('dns', server, `does not answer (${code})`);
  }
  return ok('dns', server, `answers, ${Date.now() - startedMs} ms`);
}
