import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { PathTrie } from './path-trie.ts';

function trieOf(...patterns: readonly string[]): (path: string) => string | null {
  const trie = new PathTrie<string>(() => true);
  for (const pattern of patterns) trie.add(pattern, pattern);
  return lookUpIn(trie);
}

function lookUpIn(trie: PathTrie<string>): (path: string) => string | null {
  return (path) => {
    const bytes = Buffer.from(`xx${path}yy`, 'latin1');
    return trie.find(bytes, 2, bytes.length - 2);
  };
}

describe('PathTrie', () => {
  test('finds exact paths and nothing beside them', () => {
    const find = trieOf('/', '/a', '/ab', '/abc/d');
    assert.equal(find('/'), '/');
    assert.equal(find('/a'), '/a');
    assert.equal(find('/ab'), '/ab');
    assert.equal(find('/abc/d'), '/abc/d');
    for (const path of ['', '/abc', '/abc/', '/abc/dd', '/A', '//']) assert.equal(find(path), null, path);
  });

  test('finds whatever lies below a prefix, but not the prefix without its slash', () => {
    const find = trieOf('/v1/*');
    assert.equal(find('/v1/'), '/v1/*');
    assert.equal(find('/v1/a/b'), '/v1/*');
    assert.equal(find('/v1'), null);
    assert.equal(find('/v12'), null);
  });

  test('takes {rest} at the end for a star', () => {
    const find = trieOf('/files/{rest}');
    assert.equal(find('/files/a/b/c'), '/files/{rest}');
    assert.equal(find('/files'), null);
  });

  test('lets a name or a star stand for one whole segment', () => {
    const find = trieOf('/users/{id}', '/users/*/posts');
    assert.equal(find('/users/7'), '/users/{id}');
    assert.equal(find('/users/7/posts'), '/users/*/posts');
    assert.equal(find('/users/'), null, 'an empty segment is none');
    assert.equal(find('/users//posts'), null);
    assert.equal(find('/users/7/8'), null);
  });

  test('prefers an exact pattern to a segment, and a segment to a prefix', () => {
    const find = trieOf('/*', '/users/*', '/users/{id}', '/users/me');
    assert.equal(find('/users/me'), '/users/me');
    assert.equal(find('/users/you'), '/users/{id}');
    assert.equal(find('/users/you/and/me'), '/users/*');
    assert.equal(find('/elsewhere'), '/*');
  });

  test('prefers the longer prefix', () => {
    const find = trieOf('/*', '/a/*', '/a/b/*', '/a/bc/*');
    assert.equal(find('/a/b/c'), '/a/b/*');
    assert.equal(find('/a/bc/d'), '/a/bc/*');
    assert.equal(find('/a/bd'), '/a/*');
    assert.equal(find('/b'), '/*');
  });

  test('goes back to a shorter match when a longer one leads nowhere', () => {
    const find = trieOf('/a/*', '/a/{x}/b', '/a/lit/c');
    assert.equal(find('/a/lit/b'), '/a/{x}/b', 'the segment although the literal began to match');
    assert.equal(find('/a/lit/d'), '/a/*');
    assert.equal(find('/a/x/c'), '/a/*');
  });

  test('finds patterns in whichever order they came and wherever their literals part', () => {
    const patterns = ['/team', '/tea', '/test/*', '/t', '/toast', '/te', '/team/{name}/x'];
    for (let turn = 0; turn < patterns.length; turn++) {
      const find = trieOf(...patterns.slice(turn), ...patterns.slice(0, turn));
      for (const pattern of patterns) {
        const path = pattern.replace('{name}', 'red').replace('*', 'deep/down');
        assert.equal(find(path), pattern);
      }
    }
  });

  test('goes on with the next candidate when one does not accept', () => {
    const refused = new Set<string>();
    const trie = new PathTrie<string>((candidate) => !refused.has(candidate));
    trie.add('/a', 'first');
    trie.add('/a', 'second');
    trie.add('/*', 'any');
    const find = lookUpIn(trie);
    assert.equal(find('/a'), 'first');
    refused.add('first');
    assert.equal(find('/a'), 'second');
    refused.add('second');
    assert.equal(find('/a'), 'any');
    refused.add('any');
    assert.equal(find('/a'), null);
  });

  test('takes the literals of a pattern in the spelling that paths are compared in', () => {
    const find = trieOf('/café', '/a%20b/*', '/x%2fy', '/100%');
    assert.equal(find(Buffer.from('/café').toString('latin1')), '/café');
    assert.equal(find('/a b/c'), '/a%20b/*');
    assert.equal(find('/x%2Fy'), '/x%2fy');
    assert.equal(find('/100%'), '/100%');
  });
});
