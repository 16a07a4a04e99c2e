import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { fileFault } from './file-fault.ts';

function faultOfReading(file: string): string {
  try {
    readFileSync(file);
  } catch (error) {
    return fileFault(error);
  }
  return 'it could be read';
}

test('a file that is not there, and a folder, are told in plain words', () => {
  assert.equal(faultOfReading('/no/such/file'), 'there is no such file');
  assert.equal(faultOfReading(tmpdir()), 'it is a folder');
});

test('a missing permission is told in plain words, anything else as it comes', () => {
  assert.equal(fileFault(Object.assign(new Error('x'), { code: 'EACCES' })), 'it may not be read by this user');
  assert.equal(fileFault(new Error('the disk is on fire')), 'the disk is on fire');
  assert.equal(fileFault('odd'), 'odd');
});
