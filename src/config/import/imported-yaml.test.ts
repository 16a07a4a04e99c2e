import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parse } from 'yaml';
import { importedYaml } from './imported-yaml.ts';

test('an imported configuration says where it came from, and keeps short maps on one line', () => {
  const document = { log: { level: 'info' }, gateway: { routes: [{ to: 'http://a', match: { host: 'b' } }] } };
  const text = importedYaml(document, 'From a\n\nof b');
  assert.match(text, /^# From a\n#\n# of b\nlog: \{ level: info \}\ngateway:\n/);
  assert.deepEqual(parse(text), document);
  assert.equal(importedYaml({}, 'x'), '# x\n');
});
