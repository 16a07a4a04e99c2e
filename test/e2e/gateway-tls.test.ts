// TLS at the gateway's door: which certificate a client sees, what it has to show, and how both change while traffic runs.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import tls from 'node:tls';
import { promisify } from 'node:util';
import { CertificateAuthority, type IssuedCertificate } from '../support/certificate-authority.ts';
import { type Gateway, gatewayTo } from '../support/gateway.ts';
import { reflectingOrigin, type Seen, valuesOf } from '../support/origins.ts';
import { requirePeer } from '../support/peer.ts';
import { type SluiceProcess, startSluice } from '../support/sluice-process.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const run = promisify(execFile);

const files = ({ certFile: cert, keyFile: key }: IssuedCertificate): { cert: string; key: string } => ({ cert, key });

/** Self-signed, with an RSA key. */
function rsaCertificate(folder: string, name: string): { cert: string; key: string } {
  const made = { cert: join(folder, `${name}-rsa.pem`), key: join(folder, `${name}-rsa.key`) };
  const names = ['-subj', `/CN=${name}-rsa`, '-addext', `subjectAltName=DNS:${name}`];
  const to = ['-keyout', made.key, '-out', made.cert];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', ...to, ...names], {
    stdio: 'pipe',
  });
  return made;
}

interface Shown {
  readonly name: string;
  readonly cipher: string;
}

/** What a client gets to see that asks for a name. */
async function shown(port: number, servername: string, options: tls.ConnectionOptions = {}): Promise<Shown> {
  const socket = tls.connect({ host: '127.0.0.1', port, servername, rejectUnauthorized: false, ...options });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  const { name: cipher } = socket.getCipher();
  socket.destroy();
  return { name: String(subject.CN), cipher };
}

describe('the certificate', () => {
  async function several(t: TestContext): Promise<Gateway> {
    const folder = temporaryFolder(t);
    const authority = new CertificateAuthority(folder);
    const certificates = [
      files(authority.issue('first', 'DNS:first.test')),
      files(authority.issue('wild', 'DNS:*.wild.test')),
      files(authority.issue('exact', 'DNS:exact.wild.test')),
      rsaCertificate(folder, 'first.test'),
    ];
    return gatewayTo(t, await reflectingOrigin(t), { gateway: { tls: { certificates } } });
  }

  test('is that of the name, exact before wildcard, and the first for all others', async (t) => {
    const { port } = await several(t);
    for (const [asked, name] of [
      ['first.test', 'first'],
      ['a.wild.test', 'wild'],
      ['exact.wild.test', 'exact'],
      ['EXACT.wild.test', 'exact'],
      ['a.b.wild.test', 'first'],
      ['other.test', 'first'],
    ] as const) {
      assert.equal((await shown(port, asked)).name, name, asked);
    }
  });

  test('of a name may have an ECDSA and an RSA key: whoever knows one only is served too', async (t) => {
    const { port } = await several(t);
    const old = { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-AES128-GCM-SHA256' } as const;
    const current = { maxVersion: 'TLSv1.2' } as const;
    assert.equal((await shown(port, 'first.test', old)).name, 'first.test-rsa');
    assert.equal((await shown(port, 'other.test', old)).name, 'first.test-rsa');
    assert.deepEqual(await shown(port, 'first.test', current), {
      name: 'first',
      cipher: 'ECDHE-ECDSA-AES128-GCM-SHA256',
    });
    assert.equal((await shown(port, 'FIRST.test', old)).name, 'first.test-rsa');
    await assert.rejects(shown(port, 'a.wild.test', old));
  });
});

describe('a client certificate', () => {
  interface Stage {
    readonly gateway: Gateway;
    readonly client: IssuedCertificate;
    readonly stranger: IssuedCertificate;
  }

  async function asking(t: TestContext, more: object, tlsMore: object = {}): Promise<Stage> {
    const folder = temporaryFolder(t);
    const authority = new CertificateAuthority(folder);
    const server = files(authority.issue('server', 'DNS:localhost'));
    const client = authority.issue('alice');
    const stranger = new CertificateAuthority(temporaryFolder(t)).issue('mallory');
    const settings = { ...server, client_ca: authority.certificate.certFile, ...tlsMore };
    const gateway = await gatewayTo(t, await reflectingOrigin(t), { gateway: { tls: settings, ...more } });
    return { gateway, client, stranger };
  }

  async function curl({ gateway }: Stage, as: IssuedCertificate | null, ...more: string[]): Promise<Seen> {
    const login = as === null ? [] : ['--cert', as.certFile, '--key', as.keyFile];
    const url = `https://localhost:${gateway.port}/`;
    const said = ['-H', 'X-Client-Cert-Subject: CN=root', '-H', 'Client-Cert: :bm8=:'];
    const { stdout } = await run('curl', ['-sSk', '-m', '20', ...login, ...said, ...more, url]);
    return JSON.parse(stdout) as Seen;
  }

  const told = (seen: Seen): string[] =>
    ['x-client-cert-subject', 'client-cert'].flatMap((name) => valuesOf(seen, name));

  test('is required, and backends are told whose it is, never what the client says of it', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const stage = await asking(t, {});
    await assert.rejects(curl(stage, null));
    await assert.rejects(curl(stage, stage.stranger));
    for (const version of ['--http1.1', '--http2'])
      assert.deepEqual(told(await curl(stage, stage.client, version)), ['CN=alice']);
  });

  test('may be optional: then backends see which clients have one', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const stage = await asking(t, {}, { client_certificate: 'optional' });
    assert.deepEqual(told(await curl(stage, null)), []);
    assert.deepEqual(told(await curl(stage, stage.stranger)), []);
    assert.deepEqual(told(await curl(stage, stage.client)), ['CN=alice']);
  });

  test('is passed on whole where that is wanted, or not at all', async (t) => {
    if (requirePeer(t, 'curl') === undefined) return;
    const stage = await asking(t, { forwarded_certificate: 'full' });
    const der = stage.client.cert.replaceAll(/-----[A-Z ]+-----|\s/g, '');
    assert.deepEqual(told(await curl(stage, stage.client)), ['CN=alice', `:${der}:`]);
    const silent = await asking(t, { forwarded_certificate: 'none' });
    assert.deepEqual(told(await curl(silent, silent.client)), []);
  });

  test('is known of a session that is resumed, too', async (t) => {
    const { gateway, client } = await asking(t, {});
    const { certFile: _, keyFile: _key, ...pair } = client;
    const options: https.RequestOptions & tls.ConnectionOptions = {
      port: gateway.port,
      rejectUnauthorized: false,
      agent: false,
      ...pair,
    };
    let session: Buffer | undefined;
    const once_ = async (): Promise<[reused: boolean, subject: string[]]> => {
      const request = https.get({ ...options, ...(session === undefined ? {} : { session }) } as https.RequestOptions);
      request.once('socket', (socket) => socket.on('session', (fresh: Buffer) => (session = fresh)));
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const reused = (response.socket as tls.TLSSocket).isSessionReused();
      let body = '';
      for await (const part of response) body += String(part);
      return [reused, told(JSON.parse(body) as Seen)];
    };
    assert.deepEqual(await once_(), [false, ['CN=alice']]);
    assert.deepEqual(await once_(), [true, ['CN=alice']]);
  });
});

describe('a renewed certificate', () => {
  interface Renewal {
    readonly sluice: SluiceProcess;
    readonly port: number;
    renew(): void;
  }

  async function running(t: TestContext, args: readonly string[]): Promise<Renewal> {
    const folder = temporaryFolder(t);
    const authority = new CertificateAuthority(folder);
    const [before, after] = ['before', 'after'].map((name) => authority.issue(name, 'DNS:localhost')) as [
      IssuedCertificate,
      IssuedCertificate,
    ];
    const place = { cert: join(folder, 'live.pem'), key: join(folder, 'live.key') };
    const install = ({ certFile, keyFile }: IssuedCertificate): void => {
      copyFileSync(certFile, place.cert);
      copyFileSync(keyFile, place.key);
    };
    install(before);
    const route = { match: { path: '/*' }, to: { respond: { body: 'hi' } } };
    const config = JSON.stringify({ gateway: { tls: place, routes: [route] } });
    const sluice = await startSluice(t, {
      args: ['up', '-c', 'sluice.json', ...args],
      files: { 'sluice.json': config },
    });
    return { sluice, port: Number(new URL(sluice.address('gateway')).port), renew: () => install(after) };
  }

  for (const [how, args] of [
    ['by SIGHUP', []],
    ['by --watch', ['--watch']],
  ] as const) {
    test(`is there ${how}, and connections that are open go on`, async (t) => {
      const { sluice, port, renew } = await running(t, args);
      const agent = new https.Agent({ keepAlive: true, maxSockets: 1, rejectUnauthorized: false });
      t.after(() => agent.destroy());
      const ask = async (): Promise<number | undefined> => {
        const [response] = (await once(https.get({ port, agent }), 'response')) as [IncomingMessage];
        const { localPort } = response.socket;
        response.resume();
        await once(response, 'end');
        return localPort;
      };
      const first = await ask();
      assert.equal((await shown(port, 'localhost')).name, 'before');
      renew();
      if (how === 'by SIGHUP') sluice.signal('SIGHUP');
      await sluice.says(/"message":"config reloaded"/);
      assert.equal((await shown(port, 'localhost')).name, 'after');
      assert.equal(await ask(), first);
    });
  }

  test('that does not fit its key changes nothing', async (t) => {
    const { sluice, port } = await running(t, []);
    const folder = temporaryFolder(t);
    const other = new CertificateAuthority(folder).issue('other', 'DNS:localhost');
    const config = JSON.parse(sluice.read('sluice.json')) as { gateway: { tls: { cert: string } } };
    copyFileSync(other.certFile, config.gateway.tls.cert);
    sluice.signal('SIGHUP');
    await sluice.says(/"message":"config not reloaded, the one in force stays"/);
    assert.match(sluice.stdout, /live\.key is not the key of/);
    assert.equal((await shown(port, 'localhost')).name, 'before');
  });
});
