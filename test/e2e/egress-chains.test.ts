// Chains of one to three real proxies through the whole data path: requests by whole URLs and by tunnels, in both directions.
// Rule: what a client gets is what the server has sent, and each proxy's log shows that it was asked for the next one.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { describe, test, type TestContext } from 'node:test';
import { Gateway } from '../support/gateway.ts';
import { http1Origin, rawOrigin, readAll } from '../support/origins.ts';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { requirePeer } from '../support/peer.ts';
import { askPlainly, askThroughTunnel, crowd } from '../support/proxy-clients.ts';
import {
  type RunningProxy,
  startDanted,
  startHaproxy,
  startMicrosocks,
  startPrivoxy,
  startSquid,
  startTinyproxy,
} from '../support/proxies.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const LOGIN = { username: 'us-er', password: 'p:ss%w@rd' };

/** Answers with what it has got and how, and puts it into a header field for those who get no body. */
function mirror(t: TestContext): Promise<string> {
  return http1Origin(t, (request, response) => {
    readAll(request).then(
      (body) => response.end(`${request.method} ${request.url} ${body}`),
      () => response.destroy(),
    );
  });
}

function through(hops: Readonly<Record<string, object>>): { egress: object; hops: object } {
  return { egress: { chain: Object.keys(hops) }, hops };
}

/** What each way of asking gets, with a body that is too long for one read. */
async function assertServes(port: number, origin: string): Promise<void> {
  const body = randomBytes(100_000).toString('hex');
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  for (const ask of [askPlainly, askThroughTunnel]) {
    assert.deepEqual(told(await ask(port, `${origin}/a`)), [200, 'GET /a '], ask.name);
    const posted = await ask(port, `${origin}/b`, { method: 'POST', body });
    assert.deepEqual([posted.status, digest(posted.body)], [200, digest(`POST /b ${body}`)], ask.name);
  }
}

function told({ status, body }: { status: number; body: string }): [number, string] {
  return [status, body];
}

describe('a chain', () => {
  test('of any proxies serves requests and tunnels', async (t) => {
    if (requirePeer(t, 'openssl') === undefined) return;
    const folder = temporaryFolder(t);
    const authority = new CertificateAuthority(folder);
    const certificate = authority.issue('proxy', 'IP:127.0.0.1');
    const squid = await startSquid(t, { sslPortsOnly: true });
    const open = await startSquid(t);
    const secure = await startSquid(t, { tls: certificate });
    const tinyproxy = await startTinyproxy(t);
    const danted = await startDanted(t);
    const microsocks = await startMicrosocks(t, LOGIN);
    const privoxy = await startPrivoxy(t);
    if (!squid || !open || !secure || !tinyproxy || !danted || !microsocks || !privoxy) return;
    const haproxy = await startHaproxy(t, open, certificate);
    if (!haproxy) return;
    const tls = { ca: authority.certificate.certFile };
    const hops = {
      open: { proxy: open.url },
      secure: { proxy: secure.url, tls },
      haproxy: { proxy: haproxy.url, tls },
      tinyproxy: { proxy: tinyproxy.url },
      privoxy: { proxy: privoxy.url },
      danted: { proxy: danted.url },
      danted4: { proxy: danted.url.replace('socks5:', 'socks4a:') },
      microsocks: { proxy: microsocks.url },
    };
    const origin = await mirror(t);
    const gateway = await Gateway.open(t, through({ open: hops.open }));
    const chains: readonly (readonly (keyof typeof hops)[])[] = [
      ['open'],
      ['secure'],
      ['danted4'],
      ['microsocks'],
      ['tinyproxy', 'open'],
      ['haproxy', 'danted'],
      ['microsocks', 'secure'],
      ['danted', 'privoxy'],
      ['secure', 'haproxy', 'tinyproxy'],
      ['open', 'danted', 'secure'],
      ['microsocks', 'tinyproxy', 'danted4'],
      ['privoxy', 'microsocks', 'haproxy'],
    ];
    for (const names of chains) {
      await t.test(names.join(', then '), async () => {
        await gateway.apply(through(Object.fromEntries(names.map((name) => [name, hops[name]]))));
        await assertServes(gateway.proxyPort, origin);
      });
    }
  });

  test('asks each proxy for the next one, and the last one for the URL', async (t) => {
    const [first, second, third] = [await startTinyproxy(t), await startSquid(t), await startSquid(t)];
    if (!first || !second || !third) return;
    const origin = await mirror(t);
    const hops = { first: { proxy: first.url }, second: { proxy: second.url }, third: { proxy: third.url } };
    const gateway = await Gateway.open(t, through(hops));
    assert.equal((await askPlainly(gateway.proxyPort, `${origin}/a`)).status, 200);
    assert.equal((await askThroughTunnel(gateway.proxyPort, `${origin}/a`)).status, 200);
    await gateway.apply({ egress: {} });
    await third.logs(new RegExp(`TCP_MISS/200 \\d+ GET ${origin}/a `));
    await third.logs(new RegExp(`TCP_TUNNEL/200 \\d+ CONNECT ${new URL(origin).host} `));
    await second.logs(new RegExp(`TCP_TUNNEL/200 \\d+ CONNECT 127\\.0\\.0\\.1:${third.port} `));
    await first.logs(new RegExp(`CONNECT 127\\.0\\.0\\.1:${second.port} `));
    for (const each of [first, second]) assert.doesNotMatch(each.log, new RegExp(new URL(origin).host));
  });

  test('gets plain requests past a Squid that lets tunnels through to port 443 alone', async (t) => {
    const squid = await startSquid(t, { sslPortsOnly: true });
    if (!squid) return;
    const origin = await mirror(t);
    const gateway = await Gateway.open(t, through({ corporate: { proxy: squid.url } }));
    assert.deepEqual(told(await askPlainly(gateway.proxyPort, `${origin}/a`)), [200, 'GET /a ']);
    const { status, fields } = await askThroughTunnel(gateway.proxyPort, `${origin}/a`);
    assert.deepEqual([status, /error=(\w+)/.exec(String(fields['proxy-status']))?.[1]], [502, 'hop_denied']);
  });

  test('ends one direction and keeps the other, through Dante', async (t) => {
    const danted = await startDanted(t);
    if (!danted) return;
    const origin = await rawOrigin(t, (socket) => {
      socket.allowHalfOpen = true;
      let heard = '';
      socket.on('data', (bytes: Buffer) => (heard += bytes.toString()));
      socket.on('end', () => socket.end(`you said ${heard}`));
    });
    const gateway = await Gateway.open(t, through({ dante: { proxy: danted.url } }));
    const { host } = new URL(origin);
    const client = net.connect({ port: gateway.proxyPort, host: '127.0.0.1', allowHalfOpen: true });
    t.after(() => client.destroy());
    client.end(`CONNECT ${host} HTTP/1.1\r\nHost: ${host}\r\n\r\nbye`);
    let heard = '';
    client.on('data', (bytes: Buffer) => (heard += bytes.toString()));
    await once(client, 'end');
    assert.match(heard, /^HTTP\/1\.1 200 [^]*\r\n\r\nyou said bye$/);
  });
});

describe('credentials for a proxy', () => {
  for (const scheme of ['basic', 'digest', 'ntlm'] as const) {
    const own = { ...LOGIN, scheme };

    test(`by ${scheme} open it for requests of every kind, and it alone hears of them`, async (t) => {
      const squid = await startSquid(t, { auth: own });
      if (!squid) return;
      const origin = await mirror(t);
      const gateway = await Gateway.open(t, through({ corporate: { proxy: squid.url, auth: scheme } }));
      for (let turn = 0; turn < 3; turn += 1) await assertServes(gateway.proxyPort, origin);
      for (const method of ['PUT', 'DELETE', 'OPTIONS']) {
        const { status, body } = await askPlainly(gateway.proxyPort, `${origin}/c`, { method });
        assert.deepEqual([status, body], [200, `${method} /c `]);
      }
      for (const what of ['GET http:', 'POST http:', 'CONNECT 127']) {
        await squid.logs(new RegExp(`/200 \\d+ ${what}\\S+ us-er `, 'i'));
      }
      assertFewRounds(squid, scheme);
    });

    test(`by ${scheme} open it to a request with a body that comes first`, async (t) => {
      const squid = await startSquid(t, { auth: own });
      if (!squid) return;
      const origin = await mirror(t);
      const settings = through({ corporate: { proxy: squid.url, auth: scheme } });
      const gateway = await Gateway.open(t, settings);
      const long = 'x'.repeat(1_000_000);
      const inChunks = { 'Transfer-Encoding': 'chunked' };
      for (const asked of [{ body: 'short' }, { body: long }, { body: long, fields: inChunks }]) {
        // Each time nothing is known of the proxy yet.
        await gateway.apply({ egress: {} });
        await gateway.apply(settings);
        const { status, body } = await askPlainly(gateway.proxyPort, `${origin}/d`, { method: 'POST', ...asked });
        assert.deepEqual([status, body.length], [200, 'POST /d '.length + asked.body.length], body.slice(0, 200));
      }
    });

    test(`by ${scheme} open it again and again, to request upon request on the same connections`, async (t) => {
      const squid = await startSquid(t, { auth: own });
      if (!squid) return;
      const origin = await mirror(t);
      const gateway = await Gateway.open(t, through({ corporate: { proxy: squid.url, auth: scheme } }));
      const agent = new http.Agent({ keepAlive: true });
      t.after(() => agent.destroy());
      // Squid takes a nonce fifty times.
      await crowd(5, 200, async (index) => {
        const body = `body ${index}`;
        const said = await askPlainly(gateway.proxyPort, `${origin}/e`, { method: 'POST', body, agent });
        assert.deepEqual(told(said), [200, `POST /e ${body}`]);
      });
    });

    test(`by ${scheme} open it behind another proxy that wants Basic`, async (t) => {
      const exit = { username: 'exit', password: 'other' };
      const first = await startSquid(t, { auth: { ...exit, scheme: 'basic' } });
      const squid = await startSquid(t, { auth: own });
      if (!first || !squid) return;
      const origin = await mirror(t);
      const hops = { first: { proxy: first.url }, second: { proxy: squid.url } };
      const gateway = await Gateway.open(t, through(hops));
      await assertServes(gateway.proxyPort, origin);
      await gateway.apply({ egress: {} });
      await first.logs(new RegExp(`TCP_TUNNEL/200 \\d+ CONNECT 127\\.0\\.0\\.1:${squid.port} exit `));
      await squid.logs(/\/200 \d+ POST \S+ us-er /i);
      assert.doesNotMatch(squid.log, / exit /);
    });

    // The helper for NTLM takes any password.
    if (scheme === 'ntlm') continue;
    test(`by ${scheme} are told to no client when they are wrong`, async (t) => {
      const squid = await startSquid(t, { auth: own });
      if (!squid) return;
      const origin = await mirror(t);
      const wrong = squid.url.replace(/:[^:@]*@/, ':wrong@');
      const gateway = await Gateway.open(t, through({ corporate: { proxy: wrong, auth: scheme } }));
      for (const ask of [askPlainly, askThroughTunnel]) {
        const { status, fields } = await ask(gateway.proxyPort, `${origin}/a`);
        assert.ok(status === 502 || status === 503, `${ask.name}: ${status}`);
        assert.equal(fields['proxy-authenticate'], undefined);
        assert.doesNotMatch(JSON.stringify(fields), /wrong|us-er/);
      }
    });
  }
});

/** Basic is sent at once; with Digest the challenge of the first answer lasts; with NTLM each connection is challenged once. */
function assertFewRounds(squid: RunningProxy, scheme: 'basic' | 'digest' | 'ntlm'): void {
  const rounds = squid.log.split('\n').filter((line) => line.includes('/407'));
  assert.ok(rounds.length <= { basic: 0, digest: 8, ntlm: 24 }[scheme], rounds.join('\n'));
}
