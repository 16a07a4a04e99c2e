import { describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { seriesKey } from './metric-definition.ts';

describe('the key of a series', () => {
  test('is the name alone without labels', () => {
    assert.equal(seriesKey('a_total', {}), 'a_total');
  });

  test('is the same whatever the order of the labels', () => {
    assert.equal(seriesKey('a', { route: 'x', door: 'y' }), seriesKey('a', { door: 'y', route: 'x' }));
    assert.equal(seriesKey('a', { route: 'x', door: 'y' }), 'a{door="y",route="x"}');
  });

  test('escapes quotes, backslashes and line feeds in values', () => {
    assert.equal(seriesKey('a', { route: '"\\\n' }), String.raw`a{route="\"\\\n"}`);
  });
});
