import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentSchema } from '../schema/document.ts';
import type { Finding } from './finding.ts';
import { checkTraces } from './traces.ts';

function found(endpoint: string | null): readonly Finding[] {
  return checkTraces({ config: documentSchema.parse({ traces: { endpoint } }), isWritten: () => true });
}

test('spans are not sent to a door of ours that takes none', () => {
  for (const port of [8888, 8889, 9090]) {
    assert.match(found(`http://localhost:${port}`)[0]?.message ?? '', /Sluice itself/);
  }
});

test('a collector, and the gateway as the way to one, are fine', () => {
  assert.deepEqual(found(null), []);
  assert.deepEqual(found('http://localhost:4318'), []);
  assert.deepEqual(found('http://127.0.0.1:8080/v1/traces'), []);
});
