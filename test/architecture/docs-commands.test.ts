// That every command of the pages is run: what test/e2e/docs-commands-*.test.ts leave out is left out for a reason, and nothing else is.
// Rule: what is told to those tests about a page belongs to something that stands in that page.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { DIRECTIONS, EXCEPTIONS } from '../support/pages/page-directions.ts';
import { readSections, unmarkedCommands } from '../support/pages/page-sections.ts';
import { PAGES, pagesOf, type Share } from '../support/pages/page-shares.ts';
import { listFiles, readSource, ROOT } from '../support/source-tree.ts';

const sections = PAGES.flatMap((page) => readSections(page));
const commands = sections.flatMap((section) => section.commands);

test('every page has its commands run by one of the tests', () => {
  const tests = listFiles('test/e2e/docs-commands-*.test.ts');
  const shares = tests.map((file) => /pagesOf\('(\w+)'\)/.exec(readSource(file))?.[1] as Share);
  assert.deepEqual(shares.flatMap(pagesOf).toSorted(), PAGES.toSorted());
  assert.ok(commands.length > 100, String(commands.length));
});

test('no command stands in a block that is not one for commands', () => {
  // What that page shows is how commands are written; it is made from the commands themselves.
  const pages = PAGES.filter((page) => page !== 'docs/cli.md');
  assert.deepEqual(pages.flatMap(unmarkedCommands), []);
});

test('every exception is one for a command that stands in a page, and a test that it names exists', () => {
  for (const { command, reason } of EXCEPTIONS) {
    const isThere = commands.some(({ text }) => text.startsWith(command));
    assert.ok(isThere, `no page says ${command}`);
    for (const [file] of reason.matchAll(/test\/[\w/.-]+\.ts/g)) assert.ok(existsSync(join(ROOT, file)), file);
  }
});

test('everything that is said about a section is about one that exists, and about commands in it', () => {
  for (const [name, { exits, prior, fills, proves, also, config }] of Object.entries(DIRECTIONS)) {
    const section = sections.find((each) => each.name === name);
    assert.ok(section !== undefined, `there is no section ${name} with commands`);
    const texts = section.commands.map(({ text }) => text);
    const begun = [...Object.keys({ ...exits, ...prior }), ...(proves === undefined ? [] : [proves.before])];
    for (const command of begun)
      assert.ok(
        texts.some((text) => text.startsWith(command)),
        `${name}: ${command}`,
      );
    for (const word of Object.keys(fills ?? {}))
      assert.ok(
        texts.some((text) => text.includes(word)),
        `${name}: ${word}`,
      );
    assert.ok(also === undefined || config === undefined, name);
  }
});

test('no two sections have the same name', () => {
  const names = sections.map(({ name }) => name);
  assert.deepEqual(
    names.filter((name, index) => names.indexOf(name) !== index),
    [],
  );
});
