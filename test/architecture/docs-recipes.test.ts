// What the pages tell people to type: each command of ours is one that the command line takes, with its options, and each
// configuration is one that would be loaded. Rule: a page's own words are read; nothing is listed here but what it cannot know.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { type Command, CommanderError } from 'commander';
import { buildProgram } from '../../src/cli/program.ts';
import { formatProblems } from '../../src/config/format-problems.ts';
import { loadConfig } from '../../src/config/load.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { FakeCli } from '../support/cli-context.ts';
import { listFiles, readSource } from '../support/source-tree.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Block {
  readonly place: string;
  readonly kind: string;
  readonly text: string;
}

/** A page shows a part, and the files are the reader's: hops, backends and users that it does not show, certificates. */
const OF_THE_READER = new Set(['config_unreadable', 'config_unknown_name']);
/** A sentence may name a command without all that belongs to it. */
const LEFT_OUT = new Set(['commander.missingArgument', 'commander.missingMandatoryOptionValue']);
const COMMAND_BLOCKS = ['sh', 'console', 'bash', 'zsh', 'fish'];
/** A word of the shell as people write it: quoted, or without blanks. */
const WORD = /"(?:[^"\\]|\\.)*"|'[^']*'|[^\s'"]+/g;

function blocksOf(page: string): Block[] {
  return [...readSource(page).matchAll(/^```(\w+)\n(.*?)^```/gms)].map(({ 1: kind = '', 2: text = '', index }) => {
    return { place: `${page}:${readSource(page).slice(0, index).split('\n').length}`, kind, text };
  });
}

/** The words after `sluice` in a line, without what the shell does before and after it. */
function sluiceWords(line: string): string[] | undefined {
  const said = line.replace(/\s+#.*$/, '');
  const { 1: command } = /(?:^|\$ |[|(] ?|&& )(?:\w+=\S+ )*(?:bin\/)?sluice (.*)$/.exec(said) ?? [];
  return command
    ?.replace(/ (?:[|>&]|2>).*$/, '')
    .replace(/\)"?$/, '')
    .match(WORD)
    ?.map((word) => word.replace(/^(["'])(.*)\1$/s, '$2'));
}

/** No command does anything; what is asked of them is read all the same. */
function disarm(command: Command): void {
  command.action(() => {});
  for (const below of command.commands) disarm(below);
}

const blocks = ['README.md', ...listFiles('docs/*.md')].flatMap(blocksOf);

/** What a sentence or a table says to type. */
function inlineLines(page: string): { place: string; line: string; isInline: boolean }[] {
  const prose = readSource(page).replaceAll(/^```.*?^```/gms, (block) => block.replaceAll(/[^\n]/g, ''));
  return prose.split('\n').flatMap((text, index) => {
    const spans = [...text.matchAll(/(?<!`)`((?:[A-Z_]+=\S+ )*sluice [^`]+)`(?!`)/g)];
    return spans.map(([, line = '']) => ({
      place: `${page}:${index + 1}`,
      isInline: true,
      line: line.replaceAll('\\|', '|'),
    }));
  });
}

test('every command of ours in the pages is one that the command line takes', async () => {
  const blockLines = blocks
    .filter(({ kind }) => COMMAND_BLOCKS.includes(kind))
    .flatMap(({ place, text }) =>
      text
        .replaceAll('\\\n', ' ')
        .split('\n')
        .map((line) => ({ place, line, isInline: false })),
    );
  const lines = [...blockLines, ...['README.md', ...listFiles('docs/*.md')].flatMap(inlineLines)];
  const commands = lines.flatMap(({ place, line, isInline }) => {
    const words = sluiceWords(line);
    return words === undefined ? [] : [{ place, line, words, isInline }];
  });
  assert.ok(commands.length > 50, String(commands.length));
  const wrong: string[] = [];
  for (const { place, line, words, isInline } of commands) {
    const cli = new FakeCli();
    const program = await buildProgram(cli, 'all');
    for (const command of program.commands) disarm(command);
    try {
      await program.parseAsync(words, { from: 'user' });
    } catch (error) {
      if (error instanceof CommanderError && (error.exitCode === 0 || (isInline && LEFT_OUT.has(error.code)))) continue;
      wrong.push(`${place}: ${line}\n  ${cli.err}${String(error)}`);
    }
  }
  assert.deepEqual(wrong, []);
});

test('every configuration in the pages is one that would be loaded', async (t) => {
  const { config } = await loadConfig({ files: [], env: {}, cwd: temporaryFolder(t) });
  const sections = new RegExp(`^(?:${Object.keys(config).join('|')}):`, 'm');
  const configs = blocks.filter(({ kind, text }) => kind === 'yaml' && sections.test(text));
  assert.ok(configs.length > 50, String(configs.length));
  const wrong: string[] = [];
  for (const { place, text } of configs) wrong.push(...(await faultsOf(t, text)).map((fault) => `${place}: ${fault}`));
  assert.deepEqual(wrong, []);
});

async function faultsOf(t: TestContext, text: string): Promise<string[]> {
  const cwd = temporaryFolder(t);
  const file = join(cwd, 'sluice.yaml');
  writeFileSync(file, text);
  const named = [...text.matchAll(/\$\{(\w+)/g)].map(([, name = '']) => [name, `a-value-of-its-own-${name}`]);
  try {
    await loadConfig({ files: [file], cwd, env: { ...Object.fromEntries(named), HOME: cwd } });
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const ours = error.problems.filter(({ severity, code }) => severity === 'error' && !OF_THE_READER.has(code));
    return ours.map((problem) => formatProblems([problem], { color: false }));
  }
}
