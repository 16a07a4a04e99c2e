import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { readYaml } from './read-yaml.ts';
import { findNode, toPlain, type Source } from './source-tree.ts';

function read(text: string): ReturnType<typeof readYaml> {
  const source: Source = { kind: 'file', name: 'a.yaml', folder: '/', text };
  return readYaml(source);
}

function faultOf(text: string): { readonly message: string; readonly at: string } {
  const { faults, root } = read(text);
  assert.equal(root, undefined, 'a text with faults has no tree');
  const [first] = faults;
  assert.ok(first, 'there is a fault');
  return { message: first.message, at: text.slice(first.place.from, first.place.to) };
}

describe('readYaml', () => {
  test('knows where keys and values stand', () => {
    const text = 'gateway:\n  listen: "127.0.0.1:1"\n  routes:\n    - { to: http://a }\n';
    const root = read(text).root!;
    const listen = findNode(root, ['gateway', 'listen']);
    assert.equal(text.slice(listen.node.place.from, listen.node.place.to), '"127.0.0.1:1"');
    assert.equal(text.slice(listen.keyPlace!.from, listen.keyPlace!.to), 'listen');
    const to = findNode(root, ['gateway', 'routes', 0, 'to']).node.place;
    assert.equal(text.slice(to.from, to.to), 'http://a');
  });

  test('reads YAML 1.2: yes is a text, 010 is ten, 8080:80 is a text', () => {
    assert.deepEqual(toPlain(read('a: yes\nb: 010\nc: 8080:80\nd: 0x10\ne: ~\nf: 1e3\n').root!), {
      a: 'yes',
      b: 10,
      c: '8080:80',
      d: 16,
      e: null,
      f: 1000,
    });
  });

  test('tells a key with nothing behind it from null', () => {
    assert.deepEqual(toPlain(read('a:\nb: null\n').root!), { a: undefined, b: null });
  });

  test('gives nothing for an empty text or one of comments', () => {
    for (const text of ['', '\n', '# nothing\n']) assert.deepEqual(read(text), { root: undefined, faults: [] });
  });

  test('follows aliases and merge keys, whose own keys go first', () => {
    const text = 'base: &base { x: 1, y: 1 }\na: { <<: *base, y: 2 }\nb: { <<: [*base, { z: 3 }] }\nc: *base\n';
    assert.deepEqual(toPlain(read(text).root!), {
      base: { x: 1, y: 1 },
      a: { y: 2, x: 1 },
      b: { x: 1, y: 1, z: 3 },
      c: { x: 1, y: 1 },
    });
  });

  test('reads numbers, booleans and texts as keys', () => {
    assert.deepEqual(toPlain(read('1: a\ntrue: b\n').root!), { '1': 'a', true: 'b' });
  });

  const faults: [name: string, text: string, message: RegExp, at: string][] = [
    ['a tab as indentation', 'a:\n\tb: 1\n', /tab/, '\t'],
    ['an unquoted star', 'host: *.example.com\n', /no anchor/, '*.example.com'],
    ['": " in a value', 'a: http://b: 80\n', /": "/, 'h'],
    ['no space behind a colon', 'a:\n  b:c\n  d: 1\n', /without a value/, 'b:c\n  d'],
    ['a value that begins with @', 'a: @b\n', /begin with "@"/, '@'],
    ['a bracket in a value without quotes', '{ a: ${B} }\n', /bracket/, '{'],
    ['a tag', 'a: !secret b\n', /tag/, '!secret'],
    ['a second document', 'a: 1\n---\nb: 2\n', /second document/, '---'],
    ['a key that is a list', '? [a]\n: 1\n', /key cannot be/, '[a]'],
    ['a merge key of something else than a map', 'a: { <<: 1 }\n', /takes over/, '<<'],
  ];
  for (const [name, text, message, at] of faults) {
    test(`refuses ${name}, at the right place`, () => {
      const fault = faultOf(text);
      assert.match(fault.message, message);
      assert.ok(fault.at.startsWith(at.slice(0, 1)) && at.startsWith(fault.at.slice(0, at.length)), fault.at);
    });
  }

  test('finds all doubled keys at once', () => {
    const { faults } = read('a: 1\nb: 1\na: 2\nb: 2\n"a": 3\n');
    assert.deepEqual(
      faults.map(({ code, message }) => `${code} ${message}`),
      ['a', 'b', 'a'].map((key) => `config_duplicate_key the key "${key}" stands twice in this map`),
    );
  });

  test('refuses aliases that expand each other without end', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]'];
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg']) {
      lines.push(`${to}: &${to} [${Array.from({ length: 10 }, () => `*${from}`).join(', ')}]`);
    }
    assert.match(faultOf(`${lines.join('\n')}\n`).message, /too many values/);
  });

  test('refuses nesting without end', () => {
    assert.match(faultOf(`${'['.repeat(100)}${']'.repeat(100)}`).message, /too deeply/);
  });
});
