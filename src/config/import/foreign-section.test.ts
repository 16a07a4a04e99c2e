import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PlainValue } from '../source-tree.ts';
import { ForeignSection, isVariable } from './foreign-section.ts';
import { ImportNotes } from './import-notes.ts';

function sectionOf(value: PlainValue): ForeignSection {
  return new ForeignSection(value, new ImportNotes());
}

function told({ notes }: ForeignSection): string[] {
  return notes.list.map(({ kind, key }) => `${kind} ${key}`);
}

describe('a section of a foreign file', () => {
  test('finds its keys in any case and with any separator', () => {
    const section = sectionOf({ AnthropicBase: 'a', 'log-level': 'b', state_dir: 'c' });
    assert.deepEqual(
      [section.text('anthropic_base'), section.text('log_level'), section.text('StateDir')],
      ['a', 'b', 'c'],
    );
    assert.equal(section.pathOf('anthropic_base'), 'AnthropicBase');
  });

  test('reads numbers, durations and switches, and variables in their place', () => {
    const section = sectionOf({
      n: 5,
      t: '7',
      v: '${N}',
      s: 30,
      m: '2m',
      f: '1.5',
      on: 'yes',
      off: false,
      maybe: '${B}',
    });
    assert.deepEqual(
      [section.number('n'), section.number('t'), section.number('v'), section.number('x')],
      [5, 7, '${N}', undefined],
    );
    assert.deepEqual(
      ['s', 'm', 'f', 'v', 'x'].map((key) => section.duration(key)),
      ['30s', '2m', '1500ms', '${N}s', undefined],
    );
    assert.deepEqual(
      ['on', 'off', 'maybe', 'x'].map((key) => section.flag(key)),
      [true, false, true, undefined],
    );
    assert.deepEqual(told(section), ['changed maybe']);
  });

  test('tells of values that are something else than they should be', () => {
    const section = sectionOf({ n: 'high', d: 'soon', b: 'perhaps', t: {}, l: [{}], m: 'text', s: 'text' });
    section.number('n');
    section.duration('d');
    section.flag('b');
    section.text('t');
    section.texts('l');
    section.section('m');
    section.sections('s');
    assert.deepEqual(told(section), ['lost n', 'lost d', 'lost b', 'lost t', 'lost l', 'lost m', 'lost s']);
  });

  test('reads lists, sections in lists, and names with texts', () => {
    const section = sectionOf({ one: 'a', many: ['a', 1], list: [{ x: 1 }, { y: 2 }], names: { A: 'b', C: 1 } });
    assert.deepEqual([section.texts('one'), section.texts('many'), section.texts('none')], [['a'], ['a', '1'], []]);
    assert.deepEqual(
      section.sections('list').map((item) => item.pathOf('x')),
      ['list[0].x', 'list[1].x'],
    );
    assert.deepEqual(section.textsByName('names'), { A: 'b', C: '1' });
  });

  test('tells at the end of every key that nobody asked for, at any depth', () => {
    const section = sectionOf({ a: 1, b: { c: 1, d: 2 }, e: [{ f: 1 }], g: 3 });
    section.text('a');
    section.section('b').text('c');
    section.sections('e');
    section.finish();
    assert.deepEqual(told(section), ['lost g', 'lost b.d', 'lost e[0].f']);
  });

  test('is empty when it is no map', () => {
    const values: PlainValue[] = [null, undefined, 5, 'a', []];
    for (const value of values) assert.ok(sectionOf(value).isEmpty);
    assert.ok(sectionOf({ a: 1 }).has('b', 'a'));
  });
});

test('a variable is recognised anywhere in a text', () => {
  assert.deepEqual(['${A}', 'a${B}c', 'a$B', '{A}'].map(isVariable), [true, true, false, false]);
});
