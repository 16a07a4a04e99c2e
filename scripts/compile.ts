// Compiles the program and keeps that where the launcher looks for it. Without this the first start in a checkout takes twice
// as long and, having had to strip types, holds some 20 MB more. Rule: modules are loaded, and nothing of them is run.
import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = dirname(import.meta.dirname);
/** Programs for a thread or a process of their own, which begin as soon as they are loaded. */
const PROGRAMS = [join('src', 'runtime', 'threads', 'worker.ts'), join('src', 'services', 'processes', 'warden.ts')];

const require = createRequire(import.meta.url);
const { keepCompiledCode } = require('../bin/compile-cache.js') as { readonly keepCompiledCode: () => void };

keepCompiledCode();
// As the launcher loads it.
require('../src/cli/main.ts');
for (const file of globSync('src/**/*.ts', { cwd: ROOT })) {
  if (!file.endsWith('.test.ts') && !PROGRAMS.includes(file)) await import(pathToFileURL(join(ROOT, file)).href);
}
