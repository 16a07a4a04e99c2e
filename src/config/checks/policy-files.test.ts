import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { temporaryFolder } from '../../../test/support/temporary-folder.ts';
import { formatPath } from '../key-path.ts';
import { documentSchema } from '../schema/document.ts';
import { checkPolicyFiles, policyFileUses } from './policy-files.ts';

function findings(document: object): string[] {
  const found = checkPolicyFiles({ config: documentSchema.parse(document), isWritten: () => true });
  return found.map(({ severity = 'error', code, message }) => `${severity} ${code}: ${message}`);
}

function fileOf(t: TestContext, name = 'a.ts'): string {
  const file = join(temporaryFolder(t), name);
  writeFileSync(file, '');
  chmodSync(file, 0o644);
  return file;
}

test('every place that names a module is known', () => {
  const config = documentSchema.parse({
    policies: { '/a.ts': {} },
    egress: { policies: { '/b.ts': {} } },
    gateway: {
      listen: [{ address: ':1', policies: { '/d.ts': {} } }],
      policies: { '/a.ts': false },
      routes: [{ to: 'http://a', policies: { '/c.ts': { x: 1 } } }],
    },
  });
  assert.deepEqual(
    policyFileUses(config).map(({ path, settings }) => [formatPath(path), settings]),
    [
      ['policies["/a.ts"]', {}],
      ['egress.policies["/b.ts"]', {}],
      ['gateway.policies["/a.ts"]', false],
      ['gateway.listen[0].policies["/d.ts"]', {}],
      ['gateway.routes[0].policies["/c.ts"]', { x: 1 }],
    ],
  );
});

describe('a module', () => {
  test('that can be read is one, of whatever kind', (t) => {
    for (const name of ['a.ts', 'a.mts', 'a.js', 'a.mjs']) {
      assert.deepEqual(findings({ policies: { [fileOf(t, name)]: {} } }), []);
    }
  });

  test('is a regular file that Node runs as it is', (t) => {
    const folder = temporaryFolder(t);
    mkdirSync(join(folder, 'b.ts'));
    for (const [name, fault] of [
      ['none.ts', /^error config_unreadable: cannot read .*none\.ts: there is no such file$/],
      ['b.ts', /^error config_unreadable: cannot read .*b\.ts: it is not a regular file$/],
      ['a.cjs', /^error config_bad_value: expected a module that ends in \.ts, \.mts, \.js, \.mjs, found .*a\.cjs$/],
    ] as const) {
      assert.match(findings({ policies: { [join(folder, name)]: {} } }).join('\n'), fault);
    }
  });

  test('that everybody may write to is warned of', { skip: process.platform === 'win32' }, (t) => {
    const file = fileOf(t);
    chmodSync(file, 0o666);
    assert.match(findings({ policies: { [file]: {} } }).join('\n'), /^warning config_unsafe: everybody/);
  });

  test('is switched off only where a farther place has switched it on', (t) => {
    const file = fileOf(t);
    const route = { to: 'http://a', policies: { [file]: false } };
    assert.deepEqual(findings({ policies: { [file]: {} }, gateway: { routes: [route] } }), []);
    assert.deepEqual(findings({ gateway: { policies: { [file]: {} }, routes: [route] } }), []);
    const listen = { address: ':1', policies: { [file]: {} } };
    assert.deepEqual(findings({ gateway: { listen, routes: [route] } }), []);
    for (const nowhere of [
      { policies: { [file]: false } },
      { egress: { policies: { [file]: {} } }, gateway: { routes: [route] } },
    ]) {
      assert.match(findings(nowhere).join('\n'), /^error config_unknown_name: no farther place has/);
    }
  });
});
