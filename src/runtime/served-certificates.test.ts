import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { configOf } from '../../test/support/gateway.ts';
import { makeCertificate } from '../../test/support/pki.ts';
import { temporaryFolder } from '../../test/support/temporary-folder.ts';
import { ServedCertificates } from './served-certificates.ts';

test('what doors show is known by name, and told when another certificate takes its place', (t) => {
  const folder = temporaryFolder(t);
  const [one, two] = ['one', 'two'].map((name) => {
    mkdirSync(join(folder, name));
    return makeCertificate(join(folder, name), 'Shop.example');
  });
  const lines: unknown[] = [];
  const log = (fields: unknown, message?: string): void => {
    const { door, names } = fields as { door: string; names: string[] };
    lines.push([message, door, names]);
  };
  const served = new ServedCertificates({ info: log, warn: log });
  assert.equal(served.all.length, 0);
  served.follow(
    configOf({
      gateway: {
        listen: [
          { address: ':1', tls: one },
          { address: ':2', tls: one },
        ],
      },
    }),
  );
  assert.deepEqual([served.all.length, lines], [1, []], 'the first ones are no news');
  const [family] = served.families();
  const series = [...(family?.series.values() ?? [])].map(({ labels, read }) => [labels, read()[0]! * 1000]);
  const until = served.all[0]?.validToMs;
  assert.deepEqual(series, [
    [{ door: 'gateway', name: 'localhost' }, until],
    [{ door: 'gateway', name: 'shop.example' }, until],
  ]);
  assert.ok(until! > Date.now() && served.all[0]!.validFromMs <= Date.now());
  served.follow(configOf({ gateway: { listen: [{ address: ':1', tls: two }] } }));
  const names = ['localhost', 'shop.example'];
  assert.deepEqual(lines, [
    ['a certificate has come into use', 'gateway', names],
    ['a certificate is not used any more', 'gateway', names],
  ]);
  served.follow(configOf({ gateway: { listen: [{ address: ':1', tls: { cert: join(folder, 'none'), key: 'k' } }] } }));
  assert.deepEqual(served.all, []);
});
