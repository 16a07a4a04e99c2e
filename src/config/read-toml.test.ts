import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'smol-toml';
import { readToml } from './read-toml.ts';
import { findNode, toPlain, type ConfigNode, type Source } from './source-tree.ts';

function read(text: string): ReturnType<typeof readToml> {
  const source: Source = { kind: 'file', name: 'a.toml', folder: '/', text };
  return readToml(source);
}

describe('readToml', () => {
  test('reads values of every kind; dates are texts', () => {
    const text = 'a = 1\nb = 1.5\nc = true\nd = "x"\ne = [1, 2]\nf = { g = 1 }\nh = 2020-01-02\n';
    assert.deepEqual(toPlain(read(text).root!), {
      a: 1,
      b: 1.5,
      c: true,
      d: 'x',
      e: [1, 2],
      f: { g: 1 },
      h: '2020-01-02',
    });
  });

  test('finds the place of every single value that a TOML writer can write', () => {
    const key = fc.string({ minLength: 1, maxLength: 6 });
    const { value: values } = fc.letrec<{ value: unknown; map: Record<string, unknown> }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.integer({ min: -1000, max: 1000 }),
        fc.boolean(),
        fc.array(tie('value'), { maxLength: 3 }),
        tie('map'),
      ),
      map: fc.dictionary(key, tie('value'), { maxKeys: 3, noNullPrototype: true }),
    }));
    const leaves = (node: ConfigNode): ConfigNode[] =>
      node.kind === 'scalar'
        ? [node]
        : [...(node.kind === 'list' ? node.items : [...node.entries.values()].map((entry) => entry.value))].flatMap(
            leaves,
          );
    fc.assert(
      fc.property(fc.dictionary(key, values, { maxKeys: 4, noNullPrototype: true }), (value) => {
        const text = stringify(value);
        const { root } = read(text);
        for (const leaf of leaves(root!)) {
          const written = text.slice(leaf.place.from, leaf.place.to);
          const { value: meant } = leaf as { value?: unknown };
          const { root: again } = read(`x = ${written}`);
          assert.deepEqual(toPlain(findNode(again!, ['x']).node), meant, text);
        }
      }),
    );
  });

  test('tells what is wrong, and where', () => {
    const text = '[a]\nb = yes\n';
    const [fault] = read(text).faults;
    assert.equal(fault?.code, 'config_syntax');
    assert.equal(fault?.message, 'invalid value');
    assert.equal(text.slice(fault?.place.from, fault?.place.to), 'y');
  });

  test('tells a key that stands twice', () => {
    const [fault] = read('a = 1\nb = 1\na = 2\n').faults;
    assert.equal(fault?.code, 'config_duplicate_key');
    assert.equal(fault?.place.from, 12);
  });

  test('gives an empty map for an empty text', () => {
    assert.deepEqual(toPlain(read('').root!), {});
  });
});
