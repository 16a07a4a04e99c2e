import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { FIELD } from './head.ts';
import { fieldId, fieldIdOfWords } from './field-names.ts';
import { viewOf } from './octet-words.ts';

function both(name: string): number {
  const bytes = Buffer.from(`..${name}:.......`, 'latin1');
  const id = fieldId(bytes, 2, 2 + name.length);
  assert.equal(fieldIdOfWords(viewOf(bytes), bytes, 2, 2 + name.length), id, name);
  return id;
}

const known = Object.entries(FIELD)
  .filter(([, id]) => id !== FIELD.OTHER)
  .map(([key, id]) => ({ name: key.toLowerCase().replaceAll('_', '-'), id }));

describe('field names', () => {
  test('every known name has its number, in any case', () => {
    for (const { name, id } of known) {
      assert.equal(both(name), id, name);
      assert.equal(both(name.toUpperCase()), id, name);
      assert.equal(both(name.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase())), id, name);
    }
  });

  test('a known name with one octet changed is not known, unless only its case changed', () => {
    for (const { name, id } of known) {
      for (let at = 0; at < name.length; at++) {
        for (let octet = 0x20; octet < 0x7f; octet++) {
          const changed = name.slice(0, at) + String.fromCharCode(octet) + name.slice(at + 1);
          if (changed === name || changed.toLowerCase() === name) continue;
          const other = known.find((entry) => entry.name === changed.toLowerCase());
          assert.equal(both(changed), other?.id ?? FIELD.OTHER, `${id} ${changed}`);
        }
      }
    }
  });

  test('a known name that is cut or goes on is not known', () => {
    for (const { name } of known) {
      for (const changed of [name.slice(1), name.slice(0, -1), `${name}s`, `x${name}`]) {
        const other = known.find((entry) => entry.name === changed);
        assert.equal(changed === '' ? FIELD.OTHER : both(changed), other?.id ?? FIELD.OTHER, changed);
      }
    }
  });

  test('a name with a slot of its own that nobody knows is not known', () => {
    for (const name of ['x-custom', 'sec-fetch-mode', 'a', '~', 'grpc-status']) assert.equal(both(name), FIELD.OTHER);
  });

  test('known names consist of letters and hyphens and one digit, as the comparison in words needs', () => {
    for (const { name } of known) assert.match(name, /^[a-z0-9-]+$/);
  });
});
