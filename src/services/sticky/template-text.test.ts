import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { fillTemplate, parseTemplate, templateNames } from './template-text.ts';

function fill(template: string, values: Readonly<Record<string, string>> = {}): string {
  return fillTemplate(
    parseTemplate(template),
    (name) => values[name] ?? null,
    (name) => `<${name}>`,
  );
}

describe('a template', () => {
  test('puts values in their places', () => {
    assert.equal(fill('{a}-x-{b}{a}', { a: '1', b: '2' }), '1-x-21');
  });

  test('leaves out an optional part that lacks a value', () => {
    const template = 'u[-cc-{country}][-s-{session}[-t-{ttl}]]';
    assert.equal(fill(template), 'u');
    assert.equal(fill(template, { country: 'de' }), 'u-cc-de');
    assert.equal(fill(template, { session: 'x' }), 'u-s-x');
    assert.equal(fill(template, { session: 'x', ttl: '5' }), 'u-s-x-t-5');
    assert.equal(fill(template, { ttl: '5' }), 'u');
  });

  test('takes what stands for a missing value', () => {
    assert.equal(fill('{session|rotate}'), 'rotate');
    assert.equal(fill('{session|rotate}', { session: '7' }), '7');
    assert.equal(fill('[-mode-{mode|flex}]'), '-mode-flex');
    assert.equal(fill('a{x|}b'), 'ab');
  });

  test('asks what to do about a value that has to be there', () => {
    assert.equal(fill('{user}-{session}', { user: 'u' }), 'u-<session>');
  });

  test('takes what follows a backslash as it is', () => {
    assert.equal(fill(String.raw`a\{b\}c\[d\]e\\f`), String.raw`a{b}c[d]e\f`);
  });

  test('names its values', () => {
    assert.deepEqual(templateNames(parseTemplate('{a}[{b}[{c|x}]]d')), ['a', 'b', 'c']);
  });

  for (const template of [
    '[',
    'a]',
    '[a',
    '{',
    '}',
    '{a',
    'a}',
    '{}',
    '{A}',
    '{a b}',
    '{1}',
    '[[a]',
    '{a\\}',
    '{a|{b}}',
  ]) {
    test(`is refused when it is ${template}`, () => {
      assert.throws(() => parseTemplate(template), { code: 'config_invalid' });
    });
  }

  test('is any text at all, once its own characters are made ordinary', () => {
    fc.assert(fc.property(fc.string(), (text) => fill(text.replace(/[[\]{}\\]/g, String.raw`\$&`)) === text));
  });
});
