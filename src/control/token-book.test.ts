import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { TokenBook, tokenDigest } from './token-book.ts';

describe('the token book', () => {
  const book = new TokenBook([
    { name: 'admin', digest: tokenDigest('one') },
    { name: 'alice', digest: Buffer.from('3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3', 'hex') },
    { name: 'broken', digest: Buffer.from('abcd', 'hex') },
    { name: 'twin', digest: tokenDigest('one') },
  ]);

  test('finds the first holder of a token', () => assert.equal(book.findHolder('one'), 'admin'));
  test('finds a holder of whom only the digest is known', () => assert.equal(book.findHolder('two'), 'alice'));
  test('finds nobody for any other token', () => {
    for (const token of ['', 'One', 'three', 'one ']) assert.equal(book.findHolder(token), undefined);
  });
});
