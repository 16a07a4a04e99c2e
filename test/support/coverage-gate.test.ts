import assert from 'node:assert/strict';
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { judgeCoverage } from './coverage-gate.ts';

describe('the coverage gate', () => {
  let root: string;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'sluice-coverage-'));
    mkdirSync(join(root, 'src', 'codec'), { recursive: true });
    writeFileSync(join(root, 'src', 'loader.ts'), 'export const loaded = true;\n');
    writeFileSync(join(root, 'src', 'codec', 'parser.ts'), 'export const parsed = true;\n');
    writeFileSync(join(root, 'src', 'codec', 'shape.ts'), '// Only a type.\nexport interface Shape {}\n');
  });
  after(() => rmSync(root, { recursive: true }));

  const judge = (covered: Record<string, number>): ReturnType<typeof judgeCoverage> =>
    judgeCoverage(
      Object.entries(covered).map(([path, coveredLineCount]) => {
        return { path: join(root, path), totalLineCount: 100, coveredLineCount };
      }),
      root,
    );

  test('passes when every folder reaches its floor', () => {
    assert.equal(judge({ 'src/loader.ts': 85, 'src/codec/parser.ts': 95 }).passed, true);
  });

  test('fails and names the files when a folder with a floor of its own stays below it', () => {
    const verdict = judge({ 'src/loader.ts': 100, 'src/codec/parser.ts': 94 });
    assert.equal(verdict.passed, false);
    assert.match(
      verdict.lines.join('\n'),
      /src\/codec\/ 94\.00 %.*not reached[\s\S]*94\.00 % {2}src\/codec\/parser\.ts/,
    );
  });

  test('does not count a file that holds only types', () => {
    assert.equal(judge({ 'src/loader.ts': 90, 'src/codec/parser.ts': 95, 'src/codec/shape.ts': 0 }).passed, true);
  });
});
