// A request that has gone through, for tests in which most of it does not matter.
import type { SeenRequest } from '../../src/telemetry/seen-request.ts';

export function seenRequest(some: Partial<SeenRequest> = {}): SeenRequest {
  return {
    id: 'r1',
    traceId: '0'.repeat(32),
    atMs: 1_000_000,
    durationMs: 10,
    door: 'gateway',
    route: 'app',
    client: '192.0.2.7',
    entrance: '',
    secure: false,
    replayOf: '',
    user: '',
    method: 'GET',
    host: 'app.test',
    target: '/',
    protocol: 'HTTP/1.1',
    status: 200,
    error: '',
    upstream: 'http://10.0.0.1:80',
    exit: '',
    session: '',
    attempts: 1,
    failed: [],
    answeredBy: '',
    bytesReceived: 0,
    bytesSent: 5,
    phases: { queue: 1, dns: 0, connect: 2, tls: 0, hops: 0, wait: 5, body: 2 },
    ...some,
  };
}
