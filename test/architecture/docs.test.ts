// Pages and comments lead somewhere: what a page links to exists, and so does the bench that a comment names.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { listFiles, readSource, ROOT } from '../support/source-tree.ts';

test('every relative link of every page leads to a file of the project', () => {
  const pages = listFiles('*.md', 'docs/**/*.md');
  assert.ok(pages.includes('README.md'));
  const broken = pages.flatMap((page) => {
    const links = [...readSource(page).matchAll(/\]\((?![a-z]+:|#)([^)#\s]+)/g)].map(([, link]) => link ?? '');
    return links.filter((link) => !existsSync(join(ROOT, dirname(page), link))).map((link) => `${page} → ${link}`);
  });
  assert.deepEqual(broken, []);
});

test('every bench that a comment names as its proof exists', () => {
  const named = listFiles('src/**/*.ts').flatMap((file) =>
    [...readSource(file).matchAll(/\bbench\/[\w-]+\.ts\b/g)].map(([bench]) => ({ file, bench })),
  );
  assert.ok(named.length > 0);
  assert.deepEqual(
    named.filter(({ bench }) => !existsSync(join(ROOT, bench))),
    [],
  );
});
