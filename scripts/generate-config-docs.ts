// Writes docs/config.md from the schema of the configuration. `--check` writes nothing and fails when the file is stale.

import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import { configReference } from '../src/config/reference.ts';

const file = new URL('../docs/config.md', import.meta.url);
const text = configReference((value) => stringify(value, { lineWidth: 0, flowCollectionPadding: true }));

if (!process.argv.includes('--check')) writeFileSync(file, text);
else if (readFileSync(file, 'utf8') !== text) {
  console.error('docs/config.md is not what the schema says. Run: node scripts/generate-config-docs.ts');
  process.exitCode = 1;
}
