import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Argument, Command, Option } from 'commander';
import { commandShapes } from './command-shape.ts';

test('the shape of a command holds every word that can follow it', () => {
  const program = new Command('sluice').helpOption(false);
  const paint = new Command('paint')
    .summary('paint it')
    .addArgument(new Argument('COLOUR', 'the colour').choices(['red', 'blue']))
    .option('-f, --from <FILE>', 'a file')
    .option('--size <N>', 'a size')
    .addOption(new Option('--style <S>', 'a style').choices(['flat', 'round']))
    .addOption(new Option('--secret', 'not for everybody').hideHelp())
    .option('--dry', 'only say so');
  paint.addCommand(new Command('undo').description('take it back').argument('[FILES...]', 'files').helpOption(false));
  program.addCommand(paint);
  const [root, first, second, ...more] = commandShapes(program);
  assert.deepEqual(root, {
    path: '',
    words: [{ word: 'paint', about: 'paint it' }],
    options: [],
    valueOptions: [],
    takesFiles: false,
  });
  assert.equal(first?.path, 'paint');
  assert.deepEqual(
    first.words.map(({ word }) => word),
    ['undo', 'red', 'blue'],
  );
  assert.deepEqual(
    first.options.map(({ word }) => word),
    ['--from', '-f', '--size', '--style', '--dry', '--help', '-h'],
  );
  assert.deepEqual(first.valueOptions, [
    { flags: ['--from', '-f'], value: 'file' },
    { flags: ['--size'], value: 'free' },
    { flags: ['--style'], value: ['flat', 'round'] },
  ]);
  assert.deepEqual([second?.path, second?.takesFiles], ['paint undo', true]);
  assert.deepEqual(more, []);
});
