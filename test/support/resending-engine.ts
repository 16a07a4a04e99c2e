// The engine with real sockets in front of one origin, for a target that has requests sent again after a 429. Rule: when a test has ended,
// nothing of it is left.
import net from 'node:net';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { DEFAULT_LIMITS } from '../../src/codec/http1/message-parser.ts';
import { compile } from '../../src/engine/compile.ts';
import { Engine } from '../../src/engine/engine.ts';
import { originDialler } from '../../src/engine/origin-dialler.ts';
import { Traffic } from '../../src/engine/traffic.ts';
import { originOfUrl } from '../../src/runtime/registry.ts';
import { MetricsRecorder } from '../../src/telemetry/metrics-recorder.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import { route } from './playbook.ts';
import { TIMEOUTS } from './timeouts.ts';

/** Resolves with the port that its clients come to. */
export async function resendingEngine(t: TestContext, url: string, bytes: number): Promise<number> {
  const traffic = new Traffic({ door: 'gateway', recorder: new MetricsRecorder(), accessLog: null });
  const origin = originOfUrl(url);
  const target = {
    kind: 'forward',
    maxAttempts: 3,
    retryStatuses: [429],
    resendsBodies: { bytes },
    select: () => origin,
  } as const;
  const limits = { ...DEFAULT_LIMITS, maxBodyBytes: Number.MAX_SAFE_INTEGER };
  const engine = new Engine({
    program: compile([[route(target)]], traffic),
    limits: { request: limits, response: limits, maxBodyBytes: Number.MAX_SAFE_INTEGER },
    timeouts: TIMEOUTS,
    traffic,
    dial: originDialler(5000, new DnsCache()),
    onFault: (cause) => {
      throw cause;
    },
  });
  const server = net.createServer((socket) => engine.serve(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    engine.close();
  });
  return (server.address() as net.AddressInfo).port;
}
