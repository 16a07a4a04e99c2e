// The pages lead somewhere: what a page links to exists.
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
