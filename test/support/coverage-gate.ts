// How many lines the tests must reach, as a whole and in the folders where a mistake costs most.
// Rule: a file that no test loads counts in full; a file that holds only types does not count.
import { relative, sep } from 'node:path';
import { emitsCode } from './emits-code.ts';

interface FileCoverage {
  readonly path: string;
  readonly totalLineCount: number;
  readonly coveredLineCount: number;
}

export interface CoverageVerdict {
  readonly passed: boolean;
  /** What to print: one line per folder, and under one that is below its floor the files that pull it down. */
  readonly lines: readonly string[];
}

const FLOORS_PERCENT: Readonly<Record<string, number>> = { 'src/': 85, 'src/codec/': 95, 'src/engine/': 95 };

export function judgeCoverage(files: readonly FileCoverage[], root: string): CoverageVerdict {
  const counted = files
    .filter((file) => emitsCode(file.path))
    .map((file) => ({ ...file, path: relative(root, file.path).replaceAll(sep, '/') }));
  const folders = Object.entries(FLOORS_PERCENT).map(([folder, floor]) => {
    return judgeFolder(
      folder,
      floor,
      counted.filter((file) => file.path.startsWith(folder)),
    );
  });
  return { passed: folders.every(({ passed }) => passed), lines: folders.flatMap(({ lines }) => lines) };
}

function judgeFolder(folder: string, floor: number, files: readonly FileCoverage[]): CoverageVerdict {
  const share = percent(sum(files, 'coveredLineCount'), sum(files, 'totalLineCount'));
  const passed = share >= floor;
  const headline = `coverage ${folder} ${share.toFixed(2)} % of lines, at least ${floor} % wanted`;
  if (passed) return { passed, lines: [headline] };
  const below = files
    .map((file) => ({ path: file.path, share: percent(file.coveredLineCount, file.totalLineCount) }))
    .filter((file) => file.share < floor)
    .toSorted((one, other) => one.share - other.share)
    .map((file) => `  ${file.share.toFixed(2).padStart(6)} %  ${file.path}`);
  return { passed, lines: [`${headline}: not reached. Files below it:`, ...below] };
}

function sum(files: readonly FileCoverage[], key: 'coveredLineCount' | 'totalLineCount'): number {
  return files.reduce((total, file) => total + file[key], 0);
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 100 : (part / whole) * 100;
}
