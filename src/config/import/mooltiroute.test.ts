import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlainValue } from '../source-tree.ts';
import { ForeignSection } from './foreign-section.ts';
import { ImportNotes } from './import-notes.ts';
import { fromMooltiroute } from './mooltiroute.ts';

function convert(document: PlainValue): Record<string, unknown> {
  return fromMooltiroute(new ForeignSection(document, new ImportNotes()));
}

describe('a file of Mooltiroute', () => {
  test('goes through the corporate proxy first, which may be left out', () => {
    const { egress, hops } = convert({ corporate_proxy: { host: 'c', port: 1 }, webshare: { host: 'w', port: 2 } });
    assert.deepEqual((egress as { chain: unknown }).chain, ['corporate', 'exits']);
    assert.deepEqual((hops as { corporate: unknown }).corporate, { proxy: 'http://c:1', optional: true });
  });

  test('opens no door that it had not', () => {
    assert.deepEqual(convert({})['gateway'], { listen: null });
  });

  test('never goes past a proxy that was meant', () => {
    for (const broken of [
      { corporate_proxy: { port: 1 } },
      { webshare: { port: 1 } },
      { rotation: { proxies: [{ id: 'a' }] } },
    ]) {
      assert.throws(() => convert(broken), /names no proxy/);
    }
  });
});
