import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { readJson } from './read-json.ts';
import { findNode, toPlain, type Source } from './source-tree.ts';

function read(text: string): ReturnType<typeof readJson> {
  const source: Source = { kind: 'file', name: 'a.json', folder: '/', text };
  return readJson(source);
}

describe('readJson', () => {
  test('reads what JSON.parse reads, in any spacing', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('', '\t', '  '), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.deepEqual(toPlain(read(text).root!), JSON.parse(text));
      }),
    );
  });

  test('refuses what JSON.parse refuses', () => {
    const broken = fc
      .tuple(fc.jsonValue(), fc.nat(), fc.constantFrom('', ',', '"', '}', ']', ':', 'x', '\\', '0'))
      .map(([value, at, insert]) => {
        const text = JSON.stringify({ value });
        const from = at % text.length;
        return text.slice(0, from) + insert + text.slice(from + 1);
      });
    const isJson = (text: string): boolean => {
      try {
        JSON.parse(text);
        return true;
      } catch {
        return false;
      }
    };
    fc.assert(
      fc.property(broken, (text) => {
        const { root, faults } = read(text);
        const syntax = faults.filter(({ code }) => code === 'config_syntax');
        assert.equal(root !== undefined && syntax.length === 0, isJson(text), text);
      }),
    );
  });

  test('knows where keys and values stand', () => {
    const text = '{ "a": { "b c": [1, "x\\n"] } }';
    const found = findNode(read(text).root!, ['a', 'b c', 1]);
    assert.equal(text.slice(found.node.place.from, found.node.place.to), '"x\\n"');
    assert.equal(text.slice(found.keyPlace!.from, found.keyPlace!.to), '"b c"');
  });

  const faults: [name: string, text: string, message: RegExp, at: number][] = [
    ['a comma at the end', '{ "a": 1, }', /comma before "}"/, 8],
    ['a missing comma', '[1 2]', /expected "," or "]"/, 3],
    ['a missing colon', '{ "a" 1 }', /expected ":"/, 6],
    ['a key without quotes', '{ a: 1 }', /key in double quotes/, 2],
    ['single quotes', "{ 'a': 1 }", /key in double quotes/, 2],
    ['a comment', '{ // x\n }', /comments/, 2],
    ['a word', '[yes]', /"yes" is not JSON/, 1],
    ['an open text', '["a]', /no closing quote/, 1],
    ['an end in the middle', '{ "a": ', /ends in the middle/, 7],
    ['something after the end', '{} {}', /end of the file/, 3],
    ['nesting without end', '['.repeat(100), /too deeply/, 65],
  ];
  for (const [name, text, message, at] of faults) {
    test(`refuses ${name}, at the right place`, () => {
      const [fault] = read(text).faults;
      assert.match(fault!.message, message);
      assert.equal(fault!.place.from, at);
    });
  }

  test('finds doubled keys, and goes on', () => {
    const { faults } = read('{ "a": 1, "a": 2, "b": { "c": 1, "c": 2 } }');
    assert.deepEqual(
      faults.map(({ code, place }) => [code, place.from]),
      [
        ['config_duplicate_key', 10],
        ['config_duplicate_key', 33],
      ],
    );
  });

  test('takes a blank text for no configuration', () => {
    assert.deepEqual(read(' \n\t'), { root: undefined, faults: [] });
  });
});
