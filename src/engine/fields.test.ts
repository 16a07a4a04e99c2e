import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { requestHead } from '../../test/support/playbook-heads.ts';
import { NameSet } from '../codec/http1/name-set.ts';
import { ReadyLines } from '../codec/http1/ready-lines.ts';
import { OutBuffer } from '../codec/http1/writer.ts';
import { SluiceError } from '../core/errors.ts';
import { EditableFields } from './fields.ts';

function fieldsOf(...lines: readonly string[]): EditableFields {
  const fields = new EditableFields();
  fields.begin(requestHead('GET / HTTP/1.1', 'Host: a', ...lines));
  return fields;
}

function addedText({ added }: EditableFields): string {
  const out = new OutBuffer();
  added.write(out);
  return out.bytes.toString('latin1', 0, out.length);
}

describe('EditableFields', () => {
  test('finds fields whatever the case of their names', () => {
    const fields = fieldsOf('X-One: 1', 'x-ONE: 2', 'Accept: */*');
    assert.equal(fields.get('x-one'), '1');
    assert.deepEqual(fields.getAll('x-one'), ['1', '2']);
    assert.equal(fields.get('accept'), '*/*');
    assert.equal(fields.has('x-one'), true);
    assert.equal(fields.has('x-two'), false);
    assert.equal(fields.get('x-two'), undefined);
    assert.deepEqual(fields.getAll('x-two'), []);
  });

  test('keeps order and spelling', () => {
    const fields = fieldsOf('b: 2', 'A: 1');
    fields.append('C', '3');
    assert.deepEqual(fields.entries(), [
      ['Host', 'a'],
      ['b', '2'],
      ['A', '1'],
      ['C', '3'],
    ]);
  });

  test('adds lines without touching what was received', () => {
    const fields = fieldsOf('X-One: 1');
    fields.append('X-One', '2');
    assert.deepEqual(fields.getAll('x-one'), ['1', '2']);
    assert.equal(addedText(fields), 'X-One: 2\r\n');
    assert.equal(fields.get('x-one'), '1');
  });

  test('replaces all fields of a name by one', () => {
    const fields = fieldsOf('X-One: 1', 'X-One: 2');
    fields.append('X-One', '3');
    fields.set('x-one', '4');
    assert.deepEqual(fields.getAll('x-one'), ['4']);
    assert.equal(fields.get('x-one'), '4');
  });

  test('finds what was added by its name alone, and the first of several', () => {
    const fields = new EditableFields();
    fields.append('X-One', 'x-two: 1');
    fields.append('X-Six', '');
    fields.append('x-one', '2');
    assert.deepEqual(
      ['x-one', 'x-six', 'x-two', 'x-', 'one'].map((name) => fields.get(name)),
      ['x-two: 1', '', undefined, undefined, undefined],
    );
    assert.deepEqual(
      ['x-six', 'x-two'].map((name) => fields.has(name)),
      [true, false],
    );
    fields.remove('x-two');
    assert.equal(addedText(fields), 'X-One: x-two: 1\r\nX-Six: \r\nx-one: 2\r\n');
  });

  test('removes received and added fields, and no others', () => {
    const fields = fieldsOf('X-One: 1', 'X-Two: 2', 'X-One: 3');
    fields.append('X-One', '4');
    fields.append('X-Three', '');
    fields.remove('x-one');
    fields.remove('x-none');
    assert.deepEqual(fields.entries(), [
      ['Host', 'a'],
      ['X-Two', '2'],
      ['X-Three', ''],
    ]);
    assert.equal(fields.get('x-three'), '');
    fields.remove('x-three');
    assert.equal(addedText(fields), '');
  });

  test('looks for many names at once, and takes them out, among received and added ones', () => {
    const names = new NameSet(['x-one', 'cookie', 'x-two', 'x-three', 'x-four']);
    const fields = fieldsOf('X-One: 1', 'Cookie: 2', 'Accept: */*', 'x-ONE: 3');
    fields.append('X-Two', '4');
    fields.appendReady(new ReadyLines([['X-Three', '5']]));
    fields.append('X-Five', '6');
    assert.equal(fields.whichOf(names), 0b01111);
    fields.removeAll(names);
    assert.equal(fields.whichOf(names), 0);
    assert.deepEqual(fields.entries(), [
      ['Host', 'a'],
      ['Accept', '*/*'],
      ['X-Five', '6'],
    ]);
  });

  test('does not show what belongs to the connection only', () => {
    const fields = fieldsOf('Connection: x-private', 'X-Private: 1');
    assert.equal(fields.get('connection'), undefined);
    assert.equal(fields.get('x-private'), undefined);
  });

  test('refuses what would begin a line of its own', () => {
    const fields = fieldsOf();
    for (const value of ['a\r\nEvil: 1', 'a\nb', 'a\rb', 'a\0b', 'a\x7fb', '\x01']) {
      assert.throws(() => fields.append('X-One', value), SluiceError, JSON.stringify(value));
    }
    for (const name of ['', 'a b', 'a:', 'a\r\n', 'ä', '(x)']) {
      assert.throws(() => fields.append(name, 'x'), SluiceError, JSON.stringify(name));
    }
    assert.equal(addedText(fields), '');
  });

  test('writes text beyond latin1 as UTF-8, and keeps a tab', () => {
    const fields = fieldsOf();
    fields.append('X-One', 'caf\xe9\t1');
    fields.append('X-Two', '→ \u010a');
    assert.deepEqual(
      addedText(fields),
      `X-One: caf\xe9\t1\r\nX-Two: ${Buffer.from('→ \u010a').toString('latin1')}\r\n`,
    );
  });

  test('begins anew with the next message', () => {
    const fields = fieldsOf('X-One: 1');
    fields.append('X-Two', '2');
    fields.begin(requestHead('GET / HTTP/1.1', 'Host: b'));
    assert.deepEqual(fields.entries(), [['Host', 'b']]);
  });
});
