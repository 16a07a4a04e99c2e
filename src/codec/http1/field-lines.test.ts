import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { takeWholeLines } from './field-lines.ts';
import { FIELD, Head } from './head.ts';

function take(text: string, behind = '', maxFields = 100): { head: Head; rest: string } {
  const head = new Head();
  head.bytes = Buffer.from(`??${text}${behind}`, 'latin1');
  head.start = 2;
  const to = 2 + text.length;
  const at = takeWholeLines(head, maxFields, 2, to);
  return { head, rest: head.bytes.toString('latin1', at, to) };
}

function fieldsOf(head: Head): string[] {
  return Array.from({ length: head.count }, (_, index) => `${head.name(index)}=${head.value(index)}`);
}

describe('whole field lines', () => {
  test('are taken up to the end of the head', () => {
    const { head, rest } = take('Host: a\r\nX-Long-Name:\t some value \t\r\nEmpty:\r\n\r\nbody', '........');
    assert.deepEqual(fieldsOf(head), ['Host=a', 'X-Long-Name=some value', 'Empty=']);
    assert.deepEqual([...head.ids.subarray(0, 3)], [FIELD.HOST, FIELD.OTHER, FIELD.OTHER]);
    assert.equal(rest, '\r\nbody');
  });

  test('with octets that are allowed but not plain are taken too', () => {
    const { head, rest } = take('A: \x80\tb\xff\r\nB: 12345678\xe4\r\n', '........');
    assert.deepEqual(fieldsOf(head), ['A=\x80\tb\xff', 'B=12345678\xe4']);
    assert.equal(rest, '');
  });

  test('steer the connection', () => {
    const { head } = take('Connection: close\r\nHost: a\r\n', '........');
    assert.deepEqual([head.drop[0], head.drop[1], head.hostIndex], [1, 0, 1]);
  });

  test('are left alone from the first one that is odd', () => {
    for (const odd of [
      ' B: c',
      'B : c',
      ': c',
      'B',
      'B\x7f: c',
      'B\xe4: c',
      'B(: c',
      'B: \x00',
      'B: \x7f',
      'B: c\nD: e',
    ]) {
      const { head, rest } = take(`A: 1\r\n${odd}\r\n\r\n`, '........');
      assert.deepEqual(fieldsOf(head), ['A=1'], odd);
      assert.equal(rest, `${odd}\r\n\r\n`);
    }
  });

  test('are left alone from the first one that is cut, whatever lies behind it in the buffer', () => {
    const line = 'Content-Length: 12345\r\n';
    for (let length = 0; length < line.length; length++) {
      for (const behind of ['', line.slice(length), '\r\n\r\n\r\n\r\n', ':::::::::', 'xxxxxxxxx', '\0\0\0\0\0\0\0\0']) {
        const { head, rest } = take(`A: 1\r\nBC: 22222\r\n${line.slice(0, length)}`, behind);
        assert.equal(rest.endsWith(line.slice(0, length)), true);
        assert.deepEqual(fieldsOf(head), ['A=1', 'BC=22222'].slice(0, head.count));
      }
    }
  });

  test('are left alone beyond the limit and beyond the room', () => {
    assert.equal(take('A: 1\r\nB: 2\r\nC: 3\r\n', '........', 2).rest, 'C: 3\r\n');
    const { head, rest } = take('A: 1\r\n'.repeat(30), '........');
    assert.equal(head.count, head.ids.length);
    assert.equal(rest, 'A: 1\r\n'.repeat(30 - head.count));
  });
});
