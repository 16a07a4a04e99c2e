import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { COVERS } from './domain-set.ts';
import { type LeftOut, ListText } from './list-text.ts';

interface Read {
  /** `name`, `*.name` for those below, `.name` for both, each with its line. */
  readonly entries: readonly string[];
  readonly leftOut: LeftOut | null;
}

const SIGNS: Readonly<Record<number, string>> = { [COVERS.NAME]: '', [COVERS.BELOW]: '*.', 3: '.' };

function read(text: string | Buffer, lines = 1000): Read {
  const entries: string[] = [];
  const list = new ListText(Buffer.from(text), {
    entry: (bytes, from, to, mark) => {
      const name = Buffer.from(bytes.subarray(from, to)).toString('latin1');
      entries.push(`${SIGNS[mark % 4] ?? '?'}${name} ${Math.floor(mark / 4)}`);
    },
  });
  while (list.read(lines));
  return { entries, leftOut: list.leftOut };
}

function entriesOf(text: string): readonly string[] {
  const { entries, leftOut } = read(text);
  assert.equal(leftOut, null);
  return entries;
}

describe('a list of domains', () => {
  test('may have a name on each line, blank lines and comments', () => {
    const text = '# names\n\na.test\n  b.test  # why\r\n! of an ad blocker\n[Adblock Plus 2.0]\nc.test';
    assert.deepEqual(entriesOf(text), ['a.test 3', 'b.test 4', 'c.test 7']);
  });

  test('may be a hosts file, several names on a line', () => {
    const text = '0.0.0.0 a.test\n127.0.0.1\tb.test c.test # both\n::1 d.test\n:: e.test\n192.0.2.9   f.test\n';
    assert.deepEqual(entriesOf(text), ['a.test 1', 'b.test 2', 'c.test 2', 'd.test 3', 'e.test 4', 'f.test 5']);
  });

  test('leaves out what a hosts file calls its own machine', () => {
    const own = ['127.0.0.1 localhost', '127.0.0.1 localhost.localdomain LOCALHOST.LOCALDOMAIN', '::1 ip6-loopback'];
    const more = ['fe80::1%lo0 localhost', '255.255.255.255 broadcasthost', '0.0.0.0 0.0.0.0', '127.0.1.1 my-host'];
    assert.deepEqual(entriesOf([...own, ...more, '0.0.0.0 domain.test'].join('\n')), ['domain.test 8']);
    assert.deepEqual(entriesOf('localhost\nlocalhost.localdomain\n'), ['localhost 1', 'localhost.localdomain 2']);
  });

  test('may have wildcards, each in its own spelling', () => {
    assert.deepEqual(entriesOf('*.a.test\n.b.test\n||c.test^\n||d.test\n*\n'), [
      '*.a.test 1',
      '.b.test 2',
      '.c.test 3',
      '.d.test 4',
      '*. 5',
    ]);
  });

  test('has one spelling for each name', () => {
    const text = 'A.Test.\nbücher.example\nXN--BCHER-KVA.example\n0.0.0.0 ПРИМЕР.test\n||Ads.Test.^\n_dmarc.a-b.test\n';
    assert.deepEqual(entriesOf(text), [
      'a.test 1',
      'xn--bcher-kva.example 2',
      'xn--bcher-kva.example 3',
      'xn--e1afmkfd.test 4',
      '.ads.test 5',
      '_dmarc.a-b.test 6',
    ]);
  });

  test('may have addresses, however they are written', () => {
    const text = '192.0.2.7\n2001:DB8::1\n::ffff:192.0.2.8\n0x7f000001\n0.0.0.0 198.51.100.1\n';
    const read = ['192.0.2.7 1', '2001:db8::1 2', '192.0.2.8 3', '127.0.0.1 4', '198.51.100.1 5'];
    assert.deepEqual(entriesOf(text), read);
  });

  test('counts what it does not understand, and tells the first such line', () => {
    const bad = ['a..test', '-a.test', 'a b', 'http://a.test/', '10.0.0.0/8', '||a.test^$third-party', '@@||a.test^'];
    const worse = [
      'a.test##.ad',
      '*a.test',
      'a.*.test',
      `${'x'.repeat(64)}.test`,
      `${'x.'.repeat(127)}test`,
      'a\0.test',
    ];
    const { entries, leftOut } = read(['good.test', ...bad, ...worse, 'better.test'].join('\n'));
    assert.deepEqual(entries, ['good.test 1', 'better.test 15']);
    assert.deepEqual(leftOut, { count: 13, line: 2, reason: 'neither a name nor an address' });
    assert.deepEqual(read('a.test b.test').leftOut, {
      count: 1,
      line: 1,
      reason: 'several words, and the first one is no address',
    });
  });

  test('may begin with the mark of UTF-8, or hold nothing', () => {
    assert.deepEqual(entriesOf('\ufeffa.test'), ['a.test 1']);
    for (const text of ['', '\n', '\r\n\r\n', '#', ' \t ']) assert.deepEqual(entriesOf(text), []);
  });

  test('is the same in whatever portions it is read', () => {
    const text = '0.0.0.0 a.test\nb.test\n||c.test^\n# d\ne f\n127.1 g.test\n';
    for (const lines of [1, 2, 3]) assert.deepEqual(read(text, lines), read(text));
  });

  test('never fails, whatever it is', () => {
    const line = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.stringMatching(/^[ *.|^#@$a0:%[\]-]{0,12}$/),
      fc.constant('0.0.0.0 a.test'),
    );
    fc.assert(
      fc.property(fc.array(line), fc.uint8Array(), (lines, bytes) => {
        const all = read(lines.join('\n'));
        for (const entry of all.entries) assert.match(entry, /^(?:\*?\.)?[a-z0-9_.:-]* \d+$/);
        read(Buffer.from(bytes));
      }),
    );
  });
});
