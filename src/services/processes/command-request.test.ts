import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { commandOf, readCommand, sizeOf } from './command-request.ts';

describe('a command that is asked for', () => {
  test('needs nothing but its name', () => {
    assert.deepEqual(readCommand('{"command":"node"}'), {
      command: 'node',
      args: [],
      stdin: null,
      stream: true,
      cwd: null,
      env: {},
      timeoutMs: null,
      tty: null,
    });
  });

  test('may say all the rest', () => {
    const asked = {
      command: '/bin/cat',
      args: ['-n', ''],
      stdin: 'aGk=',
      stdin_encoding: 'base64',
      stream: false,
      cwd: 'sub',
      env: { A_1: '' },
      timeout: 1.5,
      tty: { cols: 80, rows: 24 },
    };
    const read = commandOf(asked);
    assert.equal(read.stdin?.toString(), 'hi');
    assert.deepEqual(
      [read.args, read.stream, read.cwd, read.env, read.timeoutMs, read.tty],
      [['-n', ''], false, 'sub', { A_1: '' }, 1500, { cols: 80, rows: 24 }],
    );
  });

  test('is refused with the place of what does not fit', () => {
    for (const [wrong, message] of [
      [[], 'the body: expected an object'],
      [null, 'the body: expected an object'],
      [{}, 'command: this is needed'],
      [{ command: '' }, 'command: expected a text that is not empty'],
      [{ command: 5 }, 'command: expected a text'],
      [{ command: 'a\0b' }, 'command: holds a NUL'],
      [{ command: 'a', arguments: [] }, 'arguments: nothing is called so here'],
      [{ command: 'a', args: 'b' }, 'args: expected a list'],
      [{ command: 'a', args: ['b', 1] }, 'args[1]: expected a text'],
      [{ command: 'a', args: ['b\0'] }, 'args[0]: holds a NUL'],
      [{ command: 'a', args: ['x'.repeat(131_072)] }, 'args[0]: longer than 131071 bytes'],
      [{ command: 'a', args: Array(5000).fill('') }, 'args: expected at most 4096'],
      [{ command: 'a', stdin: 1 }, 'stdin: expected a text'],
      [{ command: 'a', stdin: '', stdin_encoding: 'hex' }, 'stdin_encoding: expected ^(?:utf8|base64)$'],
      [{ command: 'a', stream: 'no' }, 'stream: expected true or false'],
      [{ command: 'a', cwd: 1 }, 'cwd: expected a text'],
      [{ command: 'a', env: [] }, 'env: expected an object'],
      [{ command: 'a', env: { 'A=B': '' } }, 'env: expected names of letters, digits and underscores'],
      [{ command: 'a', env: { A: 1 } }, 'env.A: expected a text'],
      [{ command: 'a', timeout: 0 }, 'timeout: expected more than 0'],
      [{ command: 'a', timeout: '5' }, 'timeout: expected a number'],
      [{ command: 'a', tty: true }, 'tty: expected an object'],
    ] as const) {
      assert.throws(() => commandOf(wrong), { code: 'invalid_input', message });
    }
    assert.throws(() => readCommand('{"command":'), { code: 'invalid_input', message: /^the body is not JSON: / });
  });

  test('is not taken from what all objects have', () => {
    assert.throws(() => commandOf(JSON.parse('{"__proto__":{"command":"a"}}')), { code: 'invalid_input' });
  });

  test('may want a terminal of any size that a terminal can have', () => {
    assert.equal(sizeOf(null), null);
    for (const wrong of [{ cols: 80 }, { cols: 0, rows: 1 }, { cols: 1.5, rows: 1 }, { cols: 80, rows: 5000 }]) {
      assert.throws(() => sizeOf(wrong), { code: 'invalid_input' });
    }
  });
});
