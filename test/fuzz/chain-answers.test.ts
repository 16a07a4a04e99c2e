// Proxies that answer with anything at all, in any portions. Rule: every dialling ends, once, in a connection or in a
// failure that is laid to a hop, and leaves no timer and no socket behind.
import assert from 'node:assert/strict';
import net from 'node:net';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import fc from 'fast-check';
import { dialChain } from '../../src/services/chain/dial-chain.ts';
import type { ProxyEndpoint } from '../../src/services/chain/proxy-endpoint.ts';
import { DnsCache } from '../../src/transport/dns-cache.ts';
import { proveRawIo } from '../../src/transport/raw-io.ts';
import { wheel } from '../../src/transport/timers.ts';
import { endpointAt, until } from '../support/chain-rig.ts';

const RUNS = 60;
const NTLM = `NTLM ${Buffer.from(`4e544c4d5353500002000000${'00'.repeat(36)}`, 'hex').toString('base64')}`;

const pieces = fc.oneof(
  fc.constantFrom(
    'HTTP/1.1 200 OK\r\n\r\n',
    'HTTP/1.0 200 OK\r\n\r\n',
    'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: 2\r\n\r\nno',
    `HTTP/1.1 407 No\r\nProxy-Authenticate: ${NTLM}\r\nContent-Length: 0\r\n\r\n`,
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 ',
    '\r\n',
    '\x05\0',
    '\x05\x02',
    '\x01\0',
    '\x05\0\0\x01\0\0\0\0\0\0',
    '\x05\0\0\x03\xff',
    '\0\x5a\0\0\0\0\0\0',
  ),
  fc.string({ unit: 'binary-ascii', maxLength: 40 }),
);

describe('a chain', () => {
  let portions: readonly string[] = [];
  const sockets = new Set<net.Socket>();
  // One portion of the answer to each portion heard, and the end with the last.
  const server = net.createServer((socket) => {
    let next = 0;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', () => {
      const portion = portions[next];
      next += 1;
      if (portion === undefined) socket.end();
      else socket.write(Buffer.from(portion, 'latin1'));
      if (next >= portions.length) socket.end();
    });
  });
  before(async () => {
    await proveRawIo();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  const dns = new DnsCache();
  const options = { dns, connectTimeoutMs: 20_000, handshakeTimeoutMs: 100, budgetMs: 20_000 };

  /** What came of it, as often as it came. */
  async function outcomes(hop: ProxyEndpoint): Promise<string[]> {
    const heard: string[] = [];
    dialChain([hop], { host: 'origin.example', port: 443 }, options, {
      onConnected: ({ connection }) => {
        heard.push('connected');
        connection.destroy('done');
      },
      onFailed: ({ failedHop, code }) => heard.push(`${failedHop} ${code}`),
    });
    await until(() => heard.length > 0);
    await until(() => sockets.size === 0);
    return heard;
  }

  for (const [protocol, auth] of [
    ['http', null],
    ['http', 'digest'],
    ['http', 'ntlm'],
    ['socks5', null],
    ['socks4a', null],
  ] as const) {
    test(`ends once and clean, whatever a proxy says to ${auth ?? protocol}`, async () => {
      const { port } = server.address() as net.AddressInfo;
      await fc.assert(
        fc.asyncProperty(fc.array(pieces, { minLength: 1, maxLength: 5 }), async (script) => {
          portions = script;
          const held = wheel.held;
          const login = auth === null ? {} : { username: 'u', password: 'p' };
          const heard = await outcomes(endpointAt(port, { protocol, auth, ...login }));
          assert.equal(heard.length, 1);
          assert.match(heard[0]!, /^(?:connected|0 (?:hop|upstream)_\w+)$/);
          assert.equal(wheel.held, held);
        }),
        { numRuns: RUNS },
      );
    });
  }
});
