import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Program } from './program.ts';

function programOf(...names: readonly string[]): { program: Program; disposed: string[] } {
  const disposed: string[] = [];
  const disposables = names.map((name) => ({ dispose: () => void disposed.push(name) }));
  return { program: new Program(new Map(), [...disposables, {}]), disposed };
}

describe('a program that is retired', () => {
  test('is disposed of at once when nothing runs on it', () => {
    const { program, disposed } = programOf('a', 'b');
    program.retire();
    assert.deepEqual(disposed, ['a', 'b']);
  });

  test('is disposed of when the last exchange on it has ended', () => {
    const { program, disposed } = programOf('a');
    program.running = 2;
    program.retire();
    program.left();
    assert.deepEqual(disposed, []);
    program.left();
    assert.deepEqual(disposed, ['a']);
  });

  test('is disposed of once, however often it is retired', () => {
    const { program, disposed } = programOf('a');
    program.retire();
    program.retire();
    assert.deepEqual(disposed, ['a']);
  });

  test('was not, while it is in use', () => {
    const { program, disposed } = programOf('a');
    program.running = 1;
    program.left();
    assert.deepEqual(disposed, []);
  });
});
