import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import type { Config } from '../config.ts';
import { formatPath } from '../key-path.ts';
import { fromJson, type JsonValue } from '../source-tree.ts';
import { validate } from '../validate.ts';
import { checkTlsFiles, tlsFiles } from './tls-files.ts';

function configOf(gateway: JsonValue): Config {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const result = validate(fromJson({ gateway }, place));
  assert.ok('config' in result, JSON.stringify(result));
  return result.config;
}

function pemFile(t: TestContext): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'a.pem'), '');
  return join(folder, 'a.pem');
}

test('files of the gateway, of single addresses and of backends are known, each once', () => {
  const config = configOf({
    tls: { cert: '/a', key: '/b', client_ca: '/c' },
    listen: [':1', { address: ':2', tls: { certificates: [{ cert: '/d', key: '/e' }] } }, { address: ':3', tls: null }],
    routes: [{ to: { backends: ['https://x'], tls: { ca: '/f', cert: '/g', key: '/h' } } }, { to: 'http://y' }],
  });
  assert.deepEqual(
    tlsFiles(config).map(({ file, path }) => `${file} ${formatPath(path)}`),
    [
      '/a gateway.tls.certificates[0].cert',
      '/b gateway.tls.certificates[0].key',
      '/c gateway.tls.client_ca',
      '/d gateway.listen[1].tls.certificates[0].cert',
      '/e gateway.listen[1].tls.certificates[0].key',
      '/f gateway.routes[0].to.tls.ca',
      '/g gateway.routes[0].to.tls.cert',
      '/h gateway.routes[0].to.tls.key',
    ],
  );
});

test('files of the forward proxy and of hops are known, those that proxies share once', () => {
  const place = { source: { kind: 'flag', name: '', folder: '/', text: '' }, from: 0, to: 0 } as const;
  const document = {
    egress: { tls: { cert: '/a', key: '/b' } },
    hops: {
      one: { proxy: 'https://x', tls: { ca: '/c' } },
      many: { tls: { ca: '/d' }, proxies: [{ url: 'https://y' }, { url: 'https://z', tls: { ca: '/e' } }] },
    },
  };
  const result = validate(fromJson(document, place));
  assert.ok('config' in result);
  assert.deepEqual(
    tlsFiles(result.config).map(({ file, path }) => `${file} ${formatPath(path)}`),
    [
      '/a egress.tls.certificates[0].cert',
      '/b egress.tls.certificates[0].key',
      '/c hops.one.tls.ca',
      '/d hops.many.tls.ca',
      '/e hops.many.proxies[1].tls.ca',
    ],
  );
});

test('a file that cannot be read is told, one that can is not', (t) => {
  const file = pemFile(t);
  const config = configOf({ tls: { cert: file, key: `${file}.nowhere` } });
  const findings = checkTlsFiles({ config, isWritten: () => true });
  assert.deepEqual(findings, [
    {
      code: 'config_unreadable',
      message: `cannot read ${file}.nowhere: there is no such file`,
      path: ['gateway', 'tls', 'certificates', 0, 'key'],
    },
  ]);
});
