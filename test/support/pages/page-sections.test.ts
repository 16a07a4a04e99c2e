import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSections } from './page-sections.ts';

test('a page is read as commands with what they say, and the configuration before them', () => {
  const sections = readSections('docs/guide-exec.md');
  assert.deepEqual(
    sections.map(({ name }) => name),
    ['docs/guide-exec.md › Commands over HTTP'],
  );
  const [{ config, commands } = assert.fail()] = sections;
  assert.match(config, /^# sluice\.yaml\nexec:\n/);
  assert.equal(commands.length, 1);
  assert.match(commands[0]?.place ?? '', /^docs\/guide-exec\.md:\d+$/);
  assert.match(commands[0]?.text ?? '', /^curl -N [^]*\\\n {4}-H /);
  assert.match(commands[0]?.shown ?? '', /^{"type":"stdout".*\n{"type":"exit".*}$/);
});

test('a section without a configuration of its own has that of the chapter around it', () => {
  const sections = readSections('docs/guide-tunnels.md');
  const operator = sections.find(({ name }) => name.endsWith('The operator')) ?? assert.fail();
  assert.match(operator.config, /^tunnels:/);
  assert.ok(operator.commands.length > 5);
});

test('a block of another shell says so', () => {
  const commands = readSections('docs/guide-operating.md').flatMap((section) => section.commands);
  assert.deepEqual(new Set(commands.map(({ shell }) => shell)), new Set([null, 'zsh', 'fish']));
});
