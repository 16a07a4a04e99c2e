import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Command } from 'commander';
import { addExamples, examplesOf } from './examples.ts';

test('examples stand above everything else, in two columns', () => {
  let help = '';
  const command = new Command('x').configureOutput({ writeOut: (text) => (help += text) });
  addExamples(command, [
    ['x', 'short'],
    ['x --long', 'long'],
  ]);
  command.outputHelp();
  assert.ok(help.startsWith('Examples:\n  x          short\n  x --long   long\n\nUsage: x'), help);
});

test('and can be asked for, by pages that show them', () => {
  const command = new Command('x');
  assert.deepEqual(examplesOf(command), []);
  addExamples(command, [['x', 'short']]);
  assert.deepEqual(examplesOf(command), [['x', 'short']]);
});
