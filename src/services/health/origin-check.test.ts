import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { http1Origin, http2Origin, rawOrigin } from '../../../test/support/origins.ts';
import { origin } from '../../../test/support/playbook.ts';
import type { Origin } from '../../contract/target.ts';
import { Connection, NOBODY } from '../../transport/connection.ts';
import { dial } from '../../transport/dial.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { checkOrigin, type DialOrigin, type OriginCheckOptions } from './origin-check.ts';

const dns = new DnsCache();

const dialPlain: DialOrigin = ({ host, port }, events, proxyHeader) => {
  dial(
    { host, port },
    { dns, connectTimeoutMs: 5_000, ...(proxyHeader !== null && { proxyHeader }) },
    {
      onConnected: (socket, timings) => events.connected(new Connection(socket, NOBODY), timings),
      onFailed: (error) => events.failed(error),
    },
  );
};

function at(url: string, changes: Partial<Origin> = {}): Origin {
  const { hostname, port } = new URL(url.replace('h2c:', 'http:'));
  return origin({
    host: hostname,
    port: Number(port),
    protocol: url.startsWith('h2c:') ? 'http2' : 'http1',
    ...changes,
  });
}

async function checked(
  to: Origin,
  options: Partial<OriginCheckOptions> = {},
  signal: AbortSignal = AbortSignal.timeout(10_000),
): Promise<string> {
  const all = { dial: dialPlain, path: '/', passes: (status: number) => status === 200, ...options };
  const result = await checkOrigin(to, all, signal);
  if (result === null) return 'nothing';
  return result.passed ? 'passed' : result.reason;
}

describe('a server is well', () => {
  test('when it answers as it should, asked for the path by its own name', async (t) => {
    const seen: unknown[] = [];
    const url = await http1Origin(t, ({ method, url: target, headers }, response) => {
      seen.push([method, target, headers.host, headers['user-agent'], headers.connection]);
      response.end('well');
    });
    assert.equal(await checked(at(url), { path: '/health?full' }), 'passed');
    assert.equal(await checked(at(url, { hostField: 'inner.test' })), 'passed');
    assert.deepEqual(seen, [
      ['GET', '/health?full', new URL(url).host, 'Sluice', 'close'],
      ['GET', '/', 'inner.test', 'Sluice', 'close'],
    ]);
  });

  test('in HTTP/2 as well', async (t) => {
    const seen: unknown[] = [];
    const { url } = await http2Origin(t, (stream, fields) => {
      seen.push([fields[':method'], fields[':path'], fields[':authority'], fields[':scheme']]);
      stream.respond({ ':status': 200 });
      stream.end('well');
    });
    assert.equal(await checked(at(url), { path: '/health' }), 'passed');
    assert.deepEqual(seen, [['GET', '/health', url.slice('h2c://'.length), 'http']]);
  });

  test('also when it begins with an interim answer, and however long the rest takes', async (t) => {
    const url = await rawOrigin(t, (socket) => {
      socket.once('data', () =>
        socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n'),
      );
    });
    assert.equal(await checked(at(url)), 'passed');
  });

  test('is told by the PROXY protocol that nobody else asks', async (t) => {
    for (const [proxyProtocol, begins] of [
      [1, 'PROXY UNKNOWN\r\nGET'],
      [2, '\r\n\r\n\0\r\nQUIT\n\x20'],
    ] as const) {
      const begun = Promise.withResolvers<string>();
      const url = await rawOrigin(t, (socket) => {
        socket.once('data', (bytes: Buffer) => begun.resolve(bytes.toString('latin1')));
        socket.on('data', (bytes: Buffer) => {
          if (bytes.includes('GET')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        });
      });
      assert.equal(await checked(at(url, { proxyProtocol })), 'passed');
      assert.ok((await begun.promise).startsWith(begins));
    }
  });
});

describe('a server is not well', () => {
  test('when it answers with another status', async (t) => {
    const url = await http1Origin(t, (_request, response) => response.writeHead(500).end());
    const h2c = await http2Origin(t, (stream) => stream.respond({ ':status': 404 }, { endStream: true }));
    for (const each of [url, h2c.url]) {
      assert.equal(await checked(at(each)), 'upstream_unavailable');
      assert.equal(await checked(at(each), { passes: (status) => status >= 404 }), 'passed');
    }
  });

  test('when nobody listens', async () => {
    assert.equal(await checked(at('http://127.0.0.1:1')), 'upstream_unreachable');
  });

  test('when it answers with something else than HTTP, or not at all', async (t) => {
    const babbling = await rawOrigin(t, (socket) => socket.end('hello\r\n\r\n'));
    assert.equal(await checked(at(babbling)), 'upstream_invalid');
    const silent = await rawOrigin(t, (socket) => socket.once('data', () => socket.end()));
    assert.equal(await checked(at(silent)), 'upstream_reset');
    const resetting = await rawOrigin(t, (socket) => socket.once('data', () => socket.resetAndDestroy()));
    assert.equal(await checked(at(resetting)), 'upstream_reset');
  });

  test('when it speaks another version than it should', async (t) => {
    const url = await http1Origin(t, (_request, response) => response.end());
    assert.equal(await checked(at(url, { protocol: 'http2' })), 'upstream_reset');
  });

  test('when its stream is reset, or cannot begin', async (t) => {
    const { url } = await http2Origin(t, (stream) => stream.close(2));
    assert.equal(await checked(at(url)), 'upstream_reset');
  });
});

test('a check that is given up lets go of its connection, and of one that comes too late', async (t) => {
  const closed = Promise.withResolvers<void>();
  const given = new AbortController();
  const url = await rawOrigin(t, (socket) => {
    socket.on('close', () => closed.resolve());
    socket.once('data', () => given.abort());
  });
  assert.equal(await checked(at(url), {}, given.signal), 'upstream_timeout');
  await closed.promise;

  const late = new AbortController();
  const ended = Promise.withResolvers<string>();
  const dialLate: DialOrigin = (to, { connected, failed }, header) => {
    const comesLate: typeof connected = (connection, timings) => {
      late.abort();
      connection.onEnd = (reason): void => ended.resolve(reason);
      connected(connection, timings);
    };
    dialPlain(to, { failed, connected: comesLate }, header);
  };
  assert.equal(await checked(at(url), { dial: dialLate }, late.signal), 'upstream_timeout');
  assert.equal(await ended.promise, 'done');
});
