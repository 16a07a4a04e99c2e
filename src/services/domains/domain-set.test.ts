import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { COVERS, type DomainSet, DomainSetBuilder, markOf } from './domain-set.ts';

function setOf(...patterns: readonly string[]): DomainSet {
  const names = patterns.map((pattern) => Buffer.from(pattern.replace(/^[*.]+/, '')));
  const builder = new DomainSetBuilder({
    entries: patterns.length,
    nameBytes: names.reduce((sum, { length }) => sum + length, 0),
  });
  for (const [index, name] of names.entries()) {
    const [first = ''] = patterns[index] ?? '';
    const covers = first === '*' ? COVERS.BELOW : first === '.' ? COVERS.BELOW | COVERS.NAME : COVERS.NAME;
    builder.add(name, 0, name.length, markOf(covers, index + 1));
  }
  return builder.build();
}

/** The entry and its line; undefined: none covers it. */
function found(set: DomainSet, name: string): string | undefined {
  const at = set.find(name);
  if (at < 0) return undefined;
  const { text, line } = set.entryAt(at);
  return `${text} ${line}`;
}

describe('a set of domains', () => {
  test('has a plain name for itself alone, and *.name for every name below it', () => {
    const set = setOf('a.test', '*.b.test', '.c.test');
    for (const [name, entry] of [
      ['a.test', 'a.test 1'],
      ['www.a.test', undefined],
      ['xa.test', undefined],
      ['b.test', undefined],
      ['www.b.test', '*.b.test 2'],
      ['x.y.b.test', '*.b.test 2'],
      ['xb.test', undefined],
      ['c.test', 'c.test 3'],
      ['www.c.test', 'c.test 3'],
      ['test', undefined],
      ['', undefined],
    ] as const) {
      assert.equal(found(set, name), entry, name);
    }
  });

  test('knows the same name for itself and for those below, each with the line where it stood first', () => {
    const set = setOf('a.test', 'a.test', '*.a.test', '*.a.test', '.a.test');
    assert.equal(set.size, 3);
    assert.equal(found(set, 'a.test'), 'a.test 1');
    assert.equal(found(set, 'www.a.test'), '*.a.test 3');
  });

  test('may have everything, also addresses', () => {
    const set = setOf('a.test', '*');
    assert.equal(found(set, 'whatever.test'), '* 2');
    assert.ok(set.findExactly('192.0.2.7') >= 0);
  });

  test('has addresses for themselves', () => {
    const set = setOf('192.0.2.7', '*.2.7');
    assert.ok(set.findExactly('192.0.2.7') >= 0);
    assert.equal(set.findExactly('192.1.2.7'), -1);
  });

  test('may have nothing', () => {
    assert.equal(found(setOf(), 'a.test'), undefined);
    assert.equal(setOf().size, 0);
  });

  test('is the same for another thread, which has the same memory', async () => {
    const { memory } = setOf('a.test', '*.b.test');
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import(${JSON.stringify(new URL('./domain-set.ts', import.meta.url).href)}).then(({ DomainSet }) => {
        const set = new DomainSet(workerData);
        parentPort.postMessage(['a.test', 'x.b.test', 'c.test'].map((name) => set.find(name) >= 0));
      });`;
    const worker = new Worker(source, { eval: true, workerData: memory });
    const answer = await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    assert.deepEqual(answer, [true, true, false]);
  });

  test('takes at most 60 bytes for an entry, whatever the names are like', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `host-${index}.some-longer-name.example.com`);
    const set = setOf(...names);
    assert.equal(set.size, names.length);
    assert.ok(set.memory.byteLength / names.length <= 60, String(set.memory.byteLength / names.length));
    assert.ok(names.every((name) => set.find(name) >= 0));
  });

  test('has what was put in and nothing else, whatever that is', () => {
    const label = fc.stringMatching(/^[ab]{1,2}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join('.'));
    const pattern = fc.tuple(fc.constantFrom('', '*.', '.'), name).map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.array(pattern, { maxLength: 30 }), fc.array(name, { maxLength: 30 }), (patterns, names) => {
        const set = setOf(...patterns);
        for (const asked of names) {
          const covers = (each: string): boolean => {
            const bare = each.replace(/^[*.]+/, '');
            return (!each.startsWith('*') && asked === bare) || (/^[*.]/.test(each) && asked.endsWith(`.${bare}`));
          };
          const at = set.find(asked);
          assert.equal(at >= 0, patterns.some(covers), `${asked} of ${patterns.join(' ')}`);
          if (at >= 0) assert.ok(covers(patterns[set.entryAt(at).line - 1] ?? ''));
        }
      }),
    );
  });
});
