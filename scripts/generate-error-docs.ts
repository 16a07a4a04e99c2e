// Writes docs/errors.md anew from the catalogue of errors, keeping what was written by hand. `--check` writes nothing and
// fails when the page is stale.

import { readFileSync, writeFileSync } from 'node:fs';
import { errorPage } from './error-page.ts';

const file = new URL('../docs/errors.md', import.meta.url);
const page = readFileSync(file, 'utf8');
const { text, faults } = errorPage(page);

for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exitCode = 1;
else if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (page !== text) {
  console.error('docs/errors.md is not what the catalogue says. Run: node scripts/generate-error-docs.ts');
  process.exitCode = 1;
}
