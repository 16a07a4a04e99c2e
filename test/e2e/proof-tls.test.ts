// TLS of a door, judged by testssl.sh. Rule: nothing may be rated LOW or worse except what only says that the certificate is one of a
// private authority, or what testssl.sh says about the machine that it runs on.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { CertificateAuthority } from '../support/certificate-authority.ts';
import { Gateway } from '../support/gateway.ts';
import { requirePeer } from '../support/peer.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import { runTool } from '../support/tools.ts';

interface Finding {
  readonly id: string;
  readonly severity: string;
  readonly finding: string;
}

const HARMLESS = new Set(['OK', 'INFO', 'DEBUG']);

/** Why each of these means nothing here. */
const EXPECTED: Readonly<Record<string, string>> = {
  engine_problem: 'of the OpenSSL that testssl.sh uses itself',
  QUIC: 'no door speaks it; newer ones say so where their OpenSSL cannot ask',
  sessionresumption_ticket: 'its client may leave before the ticket of TLS 1.3 has come, and then cannot tell',
  cert_revocation: 'a private authority publishes no list of what it has taken back, and answers no questions about it',
};

/** Two halves, side by side: each spends most of its time waiting. */
const CHECKS = [
  ['--protocols', '--std', '--fs', '--server-preference', '--server-defaults', '--headers'],
  ['--vulnerable', '--grease'],
];

/** Nobody is asked but the door: no DNS, no authority. */
const OFFLINE = ['--nodns', 'none', '--ip', '127.0.0.1'];
const QUIETLY = ['--quiet', '--color', '0', '--warnings', 'off'];

/** With an ECDSA and an RSA key for the same name, so that the ciphers for both are judged. */
async function openDoor(t: TestContext, authority: CertificateAuthority): Promise<string> {
  const ecdsa = authority.issue('localhost', 'DNS:localhost', 'IP:127.0.0.1');
  const rsa = authority.issueRsa('localhost-rsa', 'DNS:localhost', 'IP:127.0.0.1');
  const certificates = [ecdsa, rsa].map(({ certFile, keyFile }) => ({ cert: certFile, key: keyFile }));
  const gateway = await Gateway.open(t, {
    gateway: {
      tls: { certificates },
      routes: [{ to: { respond: { body: 'ok' } } }],
      policies: { headers: { security: true } },
    },
  });
  return `https://localhost:${gateway.port}/`;
}

/** With several certificates, each is judged by its number. */
function isExpected(id: string): boolean {
  return id.replace(/ <\w+#\d+>$/, '') in EXPECTED;
}

test('testssl.sh rates nothing about a door weak', async (t) => {
  const testssl = requirePeer(t, 'testssl');
  if (testssl === undefined || requirePeer(t, 'openssl') === undefined) return;
  const folder = temporaryFolder(t);
  // It finds fault with certificates that end within 60 days, as with those that are good for years.
  const authority = new CertificateAuthority(folder, 'authority', 180);
  const url = await openDoor(t, authority);
  const halves = await Promise.all(
    CHECKS.map(async (checks, index) => {
      const file = join(folder, `${index}.json`);
      const trust = ['--add-ca', authority.certificate.certFile];
      const command = [testssl, ...QUIETLY, ...OFFLINE, ...trust, ...checks, '--jsonfile', file, url];
      const { stdout, stderr } = await runTool(t, command, folder);
      assert.ok(existsSync(file), stdout + stderr);
      return { stdout, findings: JSON.parse(readFileSync(file, 'utf8')) as Finding[] };
    }),
  );
  const findings = halves.flatMap((half) => half.findings);
  const bad = findings.filter(({ id, severity }) => !HARMLESS.has(severity) && !isExpected(id));
  assert.deepEqual(bad, [], halves.map(({ stdout }) => stdout).join('\n'));
  // That it has looked at all.
  const said = new Map(findings.map(({ id, finding }) => [id, finding]));
  for (const id of ['SSLv3', 'TLS1', 'TLS1_1']) assert.match(said.get(id) ?? '', /^not offered/, id);
  for (const id of ['TLS1_2', 'TLS1_3']) assert.match(said.get(id) ?? '', /^offered/, id);
  for (const id of ['heartbleed', 'ROBOT', 'secure_client_renego', 'BREACH', 'HSTS_time', 'LUCKY13']) {
    assert.ok(said.has(id), id);
  }
});
