import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { METHOD } from './head.ts';
import { methodId } from './method-names.ts';

const idOf = (name: string): number => methodId(Buffer.from(`..${name}..`), 2, 2 + name.length);

describe('method names', () => {
  test('every known method has its number', () => {
    for (const [name, id] of Object.entries(METHOD)) {
      if (id !== METHOD.OTHER) assert.equal(idOf(name), id, name);
    }
  });

  test('everything else is OTHER, and so is a known name in another case', () => {
    for (const name of ['get', 'Get', 'GETS', 'GE', 'POSY', 'OTHER', 'OPTIONZ', 'M-SEARCH', 'VERSION-CONTROL', '']) {
      assert.equal(idOf(name), METHOD.OTHER, name);
    }
  });
});
