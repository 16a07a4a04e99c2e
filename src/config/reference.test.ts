import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { stringify } from 'yaml';
import { configReference } from './reference.ts';

function generated(): string {
  return configReference((value) => stringify(value, { lineWidth: 0, flowCollectionPadding: true }));
}

describe('the reference', () => {
  test('in docs/config.md is what the schema says', () => {
    const file = new URL('../../docs/config.md', import.meta.url);
    assert.equal(readFileSync(file, 'utf8'), generated(), 'run: node scripts/generate-config-docs.ts');
  });

  test('has a row for keys at any depth, each once', () => {
    const rows = generated()
      .split('\n')
      .filter((line) => line.startsWith('| `'));
    assert.ok(rows.length > 150, String(rows.length));
    for (const key of [
      'workers',
      'routes[].match.host',
      'routes[].to.respond.body',
      'NAME.proxies[].url',
      '[].token',
      'listen.tls.certificates[].cert',
      'rate_limit.burst',
    ]) {
      assert.ok(
        rows.some((row) => row.startsWith(`| \`${key}\` |`)),
        key,
      );
    }
    const gateway = generated()
      .split(/^## /m)
      .find((section) => section.startsWith('gateway'))!;
    const keys = [...gateway.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key]) => key);
    assert.deepEqual(keys, [...new Set(keys)]);
  });

  test('says what is needed, what is secret and what is an example', () => {
    assert.match(generated(), /\| `\[\]\.name` \| text \| needed \| .* Example: `alice` \|/);
    assert.match(generated(), /\| `token` \| text, or null \| `null` \| .*Secret: masked/);
  });

  test('breaks no table', () => {
    for (const line of generated()
      .split('\n')
      .filter((text) => text.startsWith('|'))) {
      assert.equal(line.replaceAll(String.raw`\|`, '').split('|').length, 6, line);
    }
  });
});
