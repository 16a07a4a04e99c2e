import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  findNode,
  firstLine,
  fromJson,
  mapMaps,
  mapScalars,
  mergeNodes,
  placeNearest,
  plainMap,
  scalar,
  setNode,
  toPlain,
  type ConfigNode,
  type JsonValue,
  type MapNode,
  type Place,
  type Source,
} from './source-tree.ts';

const source: Source = { kind: 'file', name: 'a.yaml', folder: '/', text: 'first line\nsecond line\n' };

function place(from = 0, to = 1): Place {
  return { source, from, to };
}

function tree(value: JsonValue, at: Place = place()): MapNode {
  return fromJson(value, at) as MapNode;
}

describe('merging', () => {
  test('goes into maps and replaces everything else', () => {
    const merged = mergeNodes(tree({ a: { x: 1, y: 1 }, list: [1, 2], b: 1 }), tree({ a: { y: 2 }, list: [3], c: 1 }));
    assert.deepEqual(toPlain(merged), { a: { x: 1, y: 2 }, list: [3], b: 1, c: 1 });
  });

  test('keeps what stands below a key with nothing behind it, and lets null replace it', () => {
    const empty: ConfigNode = {
      kind: 'map',
      place: place(),
      entries: new Map([['a', { keyPlace: place(), value: scalar(undefined, place()) }]]),
    };
    assert.deepEqual(toPlain(mergeNodes(tree({ a: { x: 1 } }), empty)), { a: { x: 1 } });
    assert.deepEqual(toPlain(mergeNodes(tree({ a: { x: 1 } }), tree({ a: null }))), { a: null });
  });

  test('keeps the place of each value', () => {
    const merged = mergeNodes(tree({ a: { x: 1, y: 1 } }, place(1)), tree({ a: { y: 2 } }, place(5)));
    assert.equal(findNode(merged, ['a', 'x']).node.place.from, 1);
    assert.equal(findNode(merged, ['a', 'y']).node.place.from, 5);
  });
});

describe('plain values', () => {
  test('come out of a tree as they went in', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // What JSON cannot say, such as -0, is no value of a file.
        const plain = JSON.parse(JSON.stringify(value)) as JsonValue;
        assert.deepEqual(toPlain(fromJson(plain, place())), plain);
      }),
    );
  });

  test('keep a key that is called __proto__ a key', () => {
    const map = plainMap([['__proto__', 1]]);
    assert.deepEqual(Object.keys(map), ['__proto__']);
    assert.equal(Object.getPrototypeOf(map), Object.prototype);
  });
});

describe('setNode', () => {
  test('makes the maps on the way, and leaves the original as it was', () => {
    const before = tree({ a: 1 });
    const after = setNode(before, ['b', 'c'], scalar(2, place()));
    assert.deepEqual(toPlain(after), { a: 1, b: { c: 2 } });
    assert.deepEqual(toPlain(before), { a: 1 });
  });

  test('replaces a single value that stands in the way', () => {
    assert.deepEqual(toPlain(setNode(tree({ a: null }), ['a', 'b'], scalar(1, place()))), { a: { b: 1 } });
  });

  test('merges a map into the map that is there', () => {
    const below = tree({ a: { x: 1 } });
    assert.deepEqual(toPlain(setNode(below, ['a'], tree({ y: 2 }))), { a: { x: 1, y: 2 } });
  });
});

describe('mapScalars', () => {
  test('tells the path of each value', () => {
    const paths: string[] = [];
    mapScalars(tree({ a: [1, { b: 2 }], c: 3 }), (leaf, path) => {
      paths.push(path.join('/'));
      return leaf;
    });
    assert.deepEqual(paths, ['a/0', 'a/1/b', 'c']);
  });
});

describe('findNode', () => {
  test('stops where the path leaves the tree, and says what is missing', () => {
    const { node, rest } = findNode(tree({ a: { b: 1 } }), ['a', 'c', 'd']);
    assert.equal(node.kind, 'map');
    assert.deepEqual(rest, ['c', 'd']);
  });

  test('takes a single value for the first item of a list', () => {
    const root = tree({ credentials: { api_key: 'x' } });
    assert.equal(toPlain(findNode(root, ['credentials', 0, 'api_key']).node), 'x');
  });

  test('knows the short forms of keys', () => {
    const root = tree({ tls: { cert: 'c', key: 'k' }, hop: { proxy: 'p' } });
    assert.equal(toPlain(findNode(root, ['tls', 'certificates', 0, 'key']).node), 'k');
    assert.equal(toPlain(findNode(root, ['hop', 'proxies', 0, 'url']).node), 'p');
    assert.deepEqual(findNode(root, ['hop', 'proxies', 0, 'weight']).rest, ['proxies', 0, 'weight']);
  });
});

describe('places', () => {
  test('of a map or list are its first line', () => {
    assert.equal(firstLine(place(2, 20)).to, 10);
    assert.equal(firstLine(place(2, 5)).to, 5);
  });

  test('of what is missing are the item of a list, else the key of the map', () => {
    const keyPlace = place(7);
    const item = tree({ a: 1 }, place(3));
    const list: ConfigNode = { kind: 'list', place: place(2), items: [item] };
    const root: ConfigNode = { kind: 'map', place: place(0), entries: new Map([['users', { keyPlace, value: list }]]) };
    assert.equal(placeNearest(findNode(root, ['users', 0, 'name']), ['users', 0, 'name']).from, 3);
    const map: ConfigNode = { ...root, entries: new Map([['exec', { keyPlace, value: item }]]) };
    assert.equal(placeNearest(findNode(map, ['exec', 'timeout']), ['exec', 'timeout']), keyPlace);
  });
});

test('maps may be replaced everywhere, those further out first', () => {
  const paths: string[] = [];
  const root = tree({ a: [{ b: { c: 1 } }], d: 2 });
  const changed = mapMaps(root, (map, path) => {
    paths.push(path.join('.'));
    return path.length > 0 ? map : { ...map, entries: new Map([...map.entries].filter(([key]) => key !== 'd')) };
  });
  assert.deepEqual(toPlain(changed), { a: [{ b: { c: 1 } }] });
  assert.deepEqual(paths, ['', 'a.0', 'a.0.b']);
});
