import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { assertIdle, endpointAt, type Exits, groupOf, OK, until } from '../../../test/support/chain-rig.ts';
import { CertificateAuthority } from '../../../test/support/certificate-authority.ts';
import { fakeProxy, httpAnswers, type Script } from '../../../test/support/fake-proxy.ts';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { DnsCache } from '../../transport/dns-cache.ts';
import { TlsClient } from '../../transport/tls-client.ts';
import type { CheckResult } from '../balance/member.ts';
import { type ChainCheckOptions, chainCheck } from './chain-check.ts';

const URL_OF_CHECK = 'http://health.test/up?deep=1';
const NO_CONTENT = 'HTTP/1.1 204 No Content\r\n\r\n';
const never = new AbortController().signal;

interface Wish extends Partial<Omit<ChainCheckOptions, 'way'>> {
  readonly before?: readonly Exits[];
  readonly signal?: AbortSignal;
}

function check(exits: Exits, { before = [], signal = never, ...more }: Wish = {}): Promise<CheckResult | null> {
  return checkOf(before, more)(memberOf(exits), signal);
}

function checkOf(before: readonly Exits[], more: Partial<ChainCheckOptions> = {}): ReturnType<typeof chainCheck> {
  const way = {
    name: 'test',
    groups: before,
    dns: new DnsCache(),
    connectTimeoutMs: 20_000,
    handshakeTimeoutMs: 20_000,
    budgetMs: 40_000,
    attempts: 2,
    retryOnStatus: [],
  };
  return chainCheck({ url: URL_OF_CHECK, way, tls: new TlsClient(), proofHoldsMs: 60_000, ...more });
}

async function exit(t: TestContext, script: Script, more: object = {}): Promise<{ exits: Exits; heard: string[] }> {
  const { port, heard } = await fakeProxy(t, script);
  return { exits: groupOf('exits', [endpointAt(port, more)]), heard };
}

const memberOf = ({ members: [member] }: Exits): Exits['members'][number] => member ?? assert.fail();

const reasonOf = (result: CheckResult | null): string | undefined =>
  result?.passed === false ? result.reason : undefined;

/** Opens what it is asked for, whatever the name: everything leads to this port of 127.0.0.1. */
async function tunnelTo(t: TestContext, port: number): Promise<number> {
  const server = net.createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => {
      const onward = net.connect(port, '127.0.0.1');
      onward.on('error', () => {});
      socket.on('close', () => onward.destroy());
      socket.write(OK);
      socket.pipe(onward).pipe(socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return (server.address() as net.AddressInfo).port;
}

describe('a check', () => {
  test('asks a proxy that speaks HTTP for the URL as any client would', async (t) => {
    const { exits, heard } = await exit(t, httpAnswers(NO_CONTENT), { username: 'jo', password: 'pw' });
    const result = await check(exits);
    assert.ok(result?.passed === true && result.latencyMs > 0);
    assert.match(heard[0] ?? '', /^GET http:\/\/health\.test\/up\?deep=1 HTTP\/1\.1\r\nHost: health\.test\r\n/);
    assert.match(heard[0] ?? '', /Proxy-Authorization: Basic am86cHc=\r\n/);
  });

  test('goes on to another way of showing who it is when the proxy wants that', async (t) => {
    const challenge =
      'HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm="r", nonce="n", qop="auth"\r\nContent-Length: 0\r\n\r\n';
    const { exits, heard } = await exit(
      t,
      httpAnswers((head) => (/Digest username="jo"/.test(head) ? NO_CONTENT : challenge)),
      { username: 'jo', password: 'pw' },
    );
    assert.equal((await check(exits))?.passed, true);
    assert.ok(heard.length >= 2);
  });

  test('fetches https URLs through a tunnel, from a server that is verified', async (t) => {
    const authority = new CertificateAuthority(temporaryFolder(t));
    const { cert, key } = authority.issue('health', 'DNS:health.test');
    const server = await fakeProxy(t, httpAnswers(NO_CONTENT), { cert, key });
    const exits = groupOf('exits', [endpointAt(await tunnelTo(t, server.port))]);
    const trusting = new TlsClient({ ca: { name: 'ca', pem: authority.certificate.cert } });
    const url = 'https://health.test/up';
    assert.equal((await check(exits, { url, tls: trusting }))?.passed, true);
    assert.match(server.heard.join(''), /^GET \/up HTTP\/1\.1\r\nHost: health\.test\r\n/);
    assert.equal(reasonOf(await check(exits, { url })), 'upstream_tls_failed');
    const elsewhere = await check(exits, { url: 'https://other.test/', tls: trusting });
    assert.equal(reasonOf(elsewhere), 'upstream_tls_failed');
  });

  test('fails with any answer but 2xx, and without one', async (t) => {
    const found = async (answer: string): Promise<string | undefined> => {
      const { exits } = await exit(t, (heard) => (heard.endsWith('\r\n\r\n') ? { say: answer, next: 'end' } : null));
      return reasonOf(await check(exits));
    };
    assert.equal(
      await found('HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n'),
      'upstream_unavailable',
    );
    assert.equal(await found('HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n'), 'upstream_unavailable');
    assert.equal(await found('HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n'), 'hop_auth_failed');
    assert.equal(await found('SSH-2.0-x\r\n'), 'upstream_invalid');
    assert.equal(await found(''), 'upstream_reset');
  });

  test('lets informational answers pass', async (t) => {
    const { exits } = await exit(t, httpAnswers(`HTTP/1.1 103 Early Hints\r\n\r\n${NO_CONTENT}`));
    assert.equal((await check(exits))?.passed, true);
  });

  test('is no use of the proxy, and no trial of its breaker, but its bytes count', async (t) => {
    const { exits } = await exit(t, httpAnswers(NO_CONTENT));
    const [member] = exits.members;
    await check(exits);
    const dead = groupOf('exits', [endpointAt(1)]);
    for (let round = 0; round < 3; round += 1) assert.equal(reasonOf(await check(dead)), 'hop_unreachable');
    assert.deepEqual(
      [...exits.members, ...dead.members].map((each) => [
        each.state().uses,
        each.state().failures,
        each.state().breaker,
      ]),
      [
        [0, 0, 'closed'],
        [0, 0, 'closed'],
      ],
    );
    assert.ok((member?.state().bytesSent ?? 0) > 50 && (member?.state().bytesReceived ?? 0) >= NO_CONTENT.length);
    assertIdle(exits, dead);
  });

  test('says who it is as the session template of the provider wants', async (t) => {
    const { exits, heard } = await exit(t, httpAnswers(NO_CONTENT), { username: 'jo', password: 'pw' });
    const credentialsFor = (): { username: string; password: string } => ({ username: 'customer-jo', password: 'pw' });
    await check(exits, { credentialsFor });
    assert.ok(heard[0]?.includes(`Basic ${btoa('customer-jo:pw')}`));
  });

  test('that is called off lets go of what it has open', async (t) => {
    const heard = Promise.withResolvers<net.Socket>();
    const { exits } = await exit(t, (_text, socket) => {
      heard.resolve(socket);
      return null;
    });
    const abort = new AbortController();
    const result = check(exits, { signal: abort.signal });
    const socket = await heard.promise;
    abort.abort();
    assert.equal(await result, null);
    await until(() => socket.destroyed);
  });
});

describe('a check through other hops', () => {
  test('goes the way of real traffic', async (t) => {
    const { port } = await fakeProxy(t, httpAnswers(NO_CONTENT));
    const corporate = groupOf('corporate', [endpointAt(await tunnelTo(t, port))]);
    assert.equal((await check(groupOf('exits', [endpointAt(7)]), { before: [corporate] }))?.passed, true);
    assert.equal(corporate.members[0]?.state().uses, 1);
    assertIdle(corporate);
  });

  test('says nothing when a hop before has failed', async (t) => {
    const { exits } = await exit(t, httpAnswers(NO_CONTENT));
    const refusing = await fakeProxy(t, httpAnswers('HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n'));
    for (const port of [1, refusing.port]) {
      const corporate = groupOf('corporate', [endpointAt(port)]);
      assert.equal(await check(exits, { before: [corporate] }), null);
    }
  });

  test('believes what a hop says of a proxy only while that hop reaches others', async (t) => {
    const { port: healthy } = await fakeProxy(t, httpAnswers(NO_CONTENT));
    const corporate = await fakeProxy(t, (heard) => {
      if (!heard.endsWith('\r\n\r\n')) return null;
      if (heard.startsWith('GET')) return { say: NO_CONTENT };
      return heard.includes(`CONNECT 127.0.0.1:${healthy} `)
        ? { say: OK }
        : { say: 'HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n' };
    });
    const before = [groupOf('corporate', [endpointAt(corporate.port)])];
    const good = memberOf(groupOf('exits', [endpointAt(healthy)]));
    const bad = memberOf(groupOf('exits', [endpointAt(7)]));
    const run = checkOf(before);
    assert.equal(await run(bad, never), null);
    assert.equal((await run(good, never))?.passed, true);
    assert.equal(reasonOf(await run(bad, never)), 'hop_unreachable');
  });
});
