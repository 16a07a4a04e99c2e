import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlainValue } from '../source-tree.ts';
import { ForeignSection } from './foreign-section.ts';
import {
  defined,
  filled,
  isLoopbackHost,
  listenText,
  logLevel,
  logSection,
  metricsSection,
  nameText,
  proxyUrlText,
} from './foreign-values.ts';
import { ImportNotes } from './import-notes.ts';

function sectionOf(value: PlainValue): ForeignSection {
  return new ForeignSection(value, new ImportNotes());
}

test('levels have our names, formats too', () => {
  const levels = ['WARNING', 'critical', 'Info', '${LEVEL}', 'loud'].map((level) =>
    logLevel(sectionOf({ level }), 'level'),
  );
  assert.deepEqual(levels, ['warn', 'fatal', 'info', '${LEVEL}', undefined]);
  assert.deepEqual(logSection(sectionOf({ format: 'text' })), { format: 'pretty' });
  assert.deepEqual(logSection(sectionOf({ format: 'xml', level: 'debug' })), { level: 'debug' });
});

test('metrics stay on this machine', () => {
  assert.deepEqual(metricsSection(sectionOf({ port: 9091 })), { listen: '127.0.0.1:9091' });
  assert.deepEqual(metricsSection(sectionOf({ enabled: false, port: 9091 })), { listen: null });
  assert.deepEqual(metricsSection(sectionOf({})), {});
});

test('host and port are one address', () => {
  assert.deepEqual(
    [
      listenText('a', 1),
      listenText('::1', 1),
      listenText('[::1]', 1),
      listenText('${H}', '${P}'),
      listenText('::1', '${P}'),
    ],
    ['a:1', '[::1]:1', '[::1]:1', '${H}:${P}', '[::1]:${P}'],
  );
  assert.deepEqual(['localhost', '127.0.0.1', '::1', '0.0.0.0', '${H}'].map(isLoopbackHost), [
    true,
    true,
    true,
    false,
    false,
  ]);
});

describe('the URL of a proxy from its parts', () => {
  const parts = { protocol: 'http', host: 'h', port: 1, username: undefined, password: undefined };

  test('encodes what would end the password, and leaves variables alone', () => {
    assert.equal(proxyUrlText(parts), 'http://h:1');
    assert.equal(
      proxyUrlText({ ...parts, username: 'u@x', password: 'p/w:${A@B}%' }),
      'http://u%40x:p%2Fw%3A${A@B}%25@h:1',
    );
    assert.equal(proxyUrlText({ ...parts, username: 'u' }), 'http://u@h:1');
    assert.equal(proxyUrlText({ ...parts, port: undefined, host: '${H}' }), 'http://${H}');
  });
});

test('names become names that we take', () => {
  const names = ['fr-1', 'my exit!', '-x', '???', '${N}'].map((id) => nameText(sectionOf({ id }), 'id', 'exit-1'));
  assert.deepEqual(names, ['fr-1', 'my-exit-', 'x', 'exit-1', 'exit-1']);
  assert.equal(nameText(sectionOf({}), 'id', 'exit-1'), 'exit-1');
});

test('what is not there is left out', () => {
  assert.deepEqual(defined({ a: 1, b: undefined }), { a: 1 });
  assert.deepEqual([filled({}), filled([]), filled({ a: 1 })], [undefined, undefined, { a: 1 }]);
});
