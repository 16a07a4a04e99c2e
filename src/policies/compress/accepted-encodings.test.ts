import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AcceptedEncodings, type Encoding } from './accepted-encodings.ts';

const ALL: readonly Encoding[] = ['zstd', 'br', 'gzip'];

function chosen(text: string | readonly string[], order: readonly Encoding[] = ALL): Encoding | null {
  return new AcceptedEncodings(order).choose(typeof text === 'string' ? [text] : text);
}

describe('the encoding of an answer', () => {
  test('is the first of the configured ones that the client reads', () => {
    assert.equal(chosen('gzip, deflate, br, zstd'), 'zstd');
    assert.equal(chosen('gzip, deflate, br'), 'br');
    assert.equal(chosen('gzip, deflate'), 'gzip');
    assert.equal(chosen('gzip, br', ['gzip', 'br']), 'gzip');
    assert.equal(chosen('br;q=1.000 , GZIP ; Q=0.5'), 'br');
    assert.equal(chosen('x-gzip'), 'gzip');
  });

  test('is the one that the client likes best', () => {
    assert.equal(chosen('zstd;q=0.1, br;q=0.2, gzip;q=0.8'), 'gzip');
    assert.equal(chosen('zstd;q=0.8, br;q=0.9'), 'br');
    assert.equal(chosen('*;q=0.5, gzip'), 'gzip');
    assert.equal(chosen('zstd;q=0.5, br;q=0.5, *;q=0.9'), 'gzip');
  });

  test('is any where the client takes any, but not one that it refuses', () => {
    assert.equal(chosen('*'), 'zstd');
    assert.equal(chosen('*, zstd;q=0'), 'br');
    assert.equal(chosen('zstd;q=0, br;q=0.0, gzip;q=0.000'), null);
    assert.equal(chosen('*;q=0, gzip'), 'gzip');
  });

  test('is none where the client says nothing, names others or likes it better as it is', () => {
    for (const text of [
      '',
      'deflate',
      'identity',
      '*;q=0',
      'identity;q=0',
      'identity, gzip;q=0.9',
      'identity;q=0.5, *;q=0.4',
    ]) {
      assert.equal(chosen(text), null, text);
    }
    assert.equal(chosen([]), null);
    assert.equal(chosen('identity;q=0.5, gzip;q=0.5'), 'gzip');
    assert.equal(chosen('identity;q=0, gzip;q=0.1'), 'gzip');
  });

  test('is read from all fields of that name, and the first word on an encoding counts', () => {
    assert.equal(chosen(['deflate', 'gzip']), 'gzip');
    assert.equal(chosen(['gzip;q=0', 'gzip']), null);
  });

  test('is never one whose weight cannot be read', () => {
    for (const text of [
      'gzip;q=2',
      'gzip;q=-1',
      'gzip;q=0.1234',
      'gzip;q=',
      'gzip;level=1',
      'gzip;q=1;q=1',
      'gzip br',
      ';q=1',
      ',,',
    ]) {
      assert.equal(chosen(text), null, text);
    }
  });

  test('stays the same for what has been asked before, and for more than is kept', () => {
    const accepted = new AcceptedEncodings(ALL);
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 600; i++) {
        assert.equal(accepted.choose([`gzip, x${i}`]), 'gzip');
        assert.equal(accepted.choose([`x${i}`]), null);
      }
    }
  });
});
