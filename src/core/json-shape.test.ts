import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type JsonShape, shapeFault } from './json-shape.ts';

const SHAPE: JsonShape = {
  type: 'object',
  additionalProperties: false,
  required: ['name'],
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 5, pattern: '^[a-z]+$' },
    size: { type: 'integer', minimum: 1, maximum: 3 },
    share: { type: 'number', exclusiveMinimum: 0 },
    isOn: { type: 'boolean' },
    list: {
      type: 'array',
      minItems: 1,
      maxItems: 2,
      items: { type: 'object', additionalProperties: false, required: ['x'], properties: { x: { type: 'boolean' } } },
    },
  },
};

describe('the shape of JSON', () => {
  test('is kept by what fits, and a key that is null is not there', () => {
    assert.equal(shapeFault({ name: 'a' }, SHAPE), null);
    assert.equal(shapeFault({ name: 'abcde', size: 3, share: 0.1, isOn: false, list: [{ x: true }] }, SHAPE), null);
    assert.equal(shapeFault({ name: 'a', size: null, other: null }, SHAPE), null);
  });

  test('is not kept at the place that is named', () => {
    const faults: readonly (readonly [unknown, string])[] = [
      [[], 'the body: expected an object'],
      [null, 'the body: expected an object'],
      [{}, 'name: this is needed'],
      [{ name: null }, 'name: this is needed'],
      [{ name: 1 }, 'name: expected a text'],
      [{ name: '' }, 'name: expected a text that is not empty'],
      [{ name: 'abcdef' }, 'name: expected no more than 5 characters'],
      [{ name: 'A' }, 'name: expected ^[a-z]+$'],
      [{ name: 'a', __proto__: null, toString: 1 }, 'toString: nothing is called so here'],
      [{ name: 'a', size: '1' }, 'size: expected a number'],
      [{ name: 'a', size: 1.5 }, 'size: expected a whole number'],
      [{ name: 'a', size: 0 }, 'size: expected at least 1'],
      [{ name: 'a', size: 4 }, 'size: expected at most 3'],
      [{ name: 'a', share: 0 }, 'share: expected more than 0'],
      [{ name: 'a', isOn: 1 }, 'isOn: expected true or false'],
      [{ name: 'a', list: {} }, 'list: expected a list'],
      [{ name: 'a', list: [] }, 'list: expected at least 1'],
      [{ name: 'a', list: [1, 2, 3] }, 'list: expected at most 2'],
      [{ name: 'a', list: [{ x: true }, { x: 1 }] }, 'list[1].x: expected true or false'],
      [{ name: 'a', list: [{}] }, 'list[0].x: this is needed'],
    ];
    for (const [value, fault] of faults) assert.equal(shapeFault(value, SHAPE), fault);
  });
});
