import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { essenceOf, MediaTypes } from './media-types.ts';

describe('types worth compressing', () => {
  const types = new MediaTypes(['text/*', 'application/JSON', 'application/*+json']);

  test('are those of the list, whatever their parameters and their case', () => {
    for (const value of [
      'text/html',
      'TEXT/Plain; charset=utf-8',
      'application/json ; a=b',
      'application/problem+json',
    ]) {
      assert.ok(types.include(value), value);
      assert.ok(types.include(value), `${value} again`);
    }
  });

  test('are no others', () => {
    for (const value of [
      'image/png',
      'application/jsonp',
      'application/xml',
      'text/',
      'text',
      '',
      '; a=b',
      'application/+json',
      'x; text/html',
    ]) {
      assert.ok(!types.include(value), value);
    }
  });

  test('may be all, but for what compresses each message for itself', () => {
    const all = new MediaTypes(['*/*']);
    assert.ok(all.include('image/png'));
    for (const value of ['application/grpc', 'application/grpc+json', 'application/grpc-web-text', 'nothing']) {
      assert.ok(!all.include(value), value);
    }
  });

  test('are found also when more have been asked for than are kept', () => {
    for (let i = 0; i < 600; i++) assert.equal(types.include(`text/x${i}`), true);
    for (let i = 0; i < 600; i++) assert.equal(types.include(`image/x${i}`), false);
  });
});

test('a type is named without what follows it', () => {
  assert.equal(essenceOf(' Text/HTML;charset=x'), 'text/html');
});
