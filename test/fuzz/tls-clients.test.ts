// Clients of TLS that stop, break, end or go away at every moment of a connection and of a request. Rule: whatever they do, the
// deadlines of the gateway end it: nothing stays open, and nothing goes on.
import { once } from 'node:events';
import net from 'node:net';
import { test, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import tls from 'node:tls';
import { type Gateway, gatewayTo } from '../support/gateway.ts';
import { block, FLAG, FRAME, frame, REQUEST } from '../support/http2-frames.ts';
import { requirePeer } from '../support/peer.ts';
import { makeCertificate } from '../support/pki.ts';
import { RecordingOrigin, type Reply } from '../support/recording-origin.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const SHORT = { headers: '300ms', read: '300ms', write: '300ms', idle: '300ms', connect: '2s' };
const NOT_ENCRYPTED = Buffer.concat([Buffer.from('1703030020', 'hex'), Buffer.alloc(32, 7)]);

interface Sent {
  readonly alpn: 'h2' | 'http/1.1';
  readonly bytes: Buffer;
}

const http1 = (text: string): Sent => ({ alpn: 'http/1.1', bytes: Buffer.from(text, 'latin1') });
const http2 = (...frames: readonly Buffer[]): Sent => ({
  alpn: 'h2',
  bytes: Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FRAME.SETTINGS, 0, 0), ...frames]),
});

const SENT: readonly Sent[] = [
  http1(''),
  http1('GET / HTTP/1.1\r\nHo'),
  http1('GET / HTTP/1.1\r\nHost: a\r\n\r\n'),
  http1('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf'),
  { alpn: 'h2', bytes: Buffer.alloc(0) },
  http2(),
  http2(frame(FRAME.HEADERS, 0, 1, block(...REQUEST))),
  http2(frame(FRAME.HEADERS, FLAG.END_HEADERS | FLAG.END_STREAM, 1, block(...REQUEST))),
  http2(frame(FRAME.HEADERS, FLAG.END_HEADERS, 1, block([':method', 'POST'], ...REQUEST.slice(1)))),
];

interface Behaviour {
  readonly sent: Sent;
  readonly act: Act;
  readonly version: tls.SecureVersion;
}

type Act = (socket: tls.TLSSocket, carrier: net.Socket) => void;

const ACTS: Readonly<Record<string, Act>> = {
  'does nothing more': () => {},
  'ends its side': (socket) => void socket.end(),
  'ends its side below TLS': (_socket, carrier) => void carrier.end(),
  'goes away': (_socket, carrier) => void carrier.destroy(),
  resets: (_socket, carrier) => void carrier.resetAndDestroy(),
  'sends what nobody has encrypted': (_socket, carrier) => void carrier.write(NOT_ENCRYPTED),
  'sends half a record': (_socket, carrier) => void carrier.write(NOT_ENCRYPTED.subarray(0, 20)),
  'sends half a record and ends': (_socket, carrier) => void carrier.end(NOT_ENCRYPTED.subarray(0, 20)),
  'sends an alert in the clear': (_socket, carrier) => void carrier.write(Buffer.from('15030300020100', 'hex')),
};

const MOMENTS: readonly (() => Promise<void>)[] = [
  () => Promise.resolve(),
  () => new Promise((resolve) => setImmediate(resolve)),
  () => pause(10),
];

/** One after the other: nothing, half an answer, an answer. */
function moody(): Reply {
  let asked = 0;
  const answers = [
    null,
    'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  ];
  return () => answers[asked++ % answers.length]!;
}

async function behave(t: TestContext, gateway: Gateway, { sent, act, version }: Behaviour): Promise<void> {
  const { alpn, bytes } = sent;
  await Promise.all(
    MOMENTS.map(async (moment) => {
      const carrier = net.connect({ port: gateway.port, host: '127.0.0.1', noDelay: true });
      carrier.on('error', () => {});
      t.after(() => carrier.destroy());
      const socket = tls.connect({
        socket: carrier,
        rejectUnauthorized: false,
        maxVersion: version,
        ALPNProtocols: [alpn],
      });
      socket.on('error', () => {});
      await once(socket, 'secureConnect');
      socket.resume();
      if (bytes.length > 0) socket.write(bytes);
      await moment();
      act(socket, carrier);
    }),
  );
}

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const [what, act] of Object.entries(ACTS)) {
    test(`a client of ${version} that ${what}, at whatever moment, is gone in the end`, async (t) => {
      if (requirePeer(t, 'openssl') === undefined) return;
      const origin = await RecordingOrigin.open(t, moody());
      const gateway = await gatewayTo(t, origin.url, {
        gateway: { tls: makeCertificate(temporaryFolder(t)) },
        timeouts: SHORT,
      });
      for (const sent of SENT) await behave(t, gateway, { sent, act, version });
      await gateway.until(() => gateway.metric('sluice_connections_open') === 0, 'that all are gone');
      await gateway.until(() => gateway.metric('sluice_http_requests_in_flight') === 0, 'that nothing runs any more');
    });
  }
}
