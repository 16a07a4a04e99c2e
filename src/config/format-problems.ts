// Problems as text for a terminal. Rule: the first line of each is `file:line:column severity code message`, so that
// editors and scripts find the place; what follows is for eyes.

import { styleText } from 'node:util';
import type { ConfigProblem } from './problem.ts';

export interface FormatOptions {
  readonly color: boolean;
}

type Style = Parameters<typeof styleText>[0];

export function formatProblems(problems: readonly ConfigProblem[], options: FormatOptions): string {
  const paint = (style: Style, text: string): string =>
    options.color ? styleText(style, text, { validateStream: false }) : text;
  const blocks = problems.map((problem) => formatProblem(problem, paint));
  return `${blocks.join('')}${countProblems(problems)}\n`;
}

function countProblems(problems: readonly ConfigProblem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error').length;
  const warnings = problems.length - errors;
  return `${errors} error${errors === 1 ? '' : 's'}, ${warnings} warning${warnings === 1 ? '' : 's'}`;
}

type Paint = (style: Style, text: string) => string;

function formatProblem(problem: ConfigProblem, paint: Paint): string {
  const place =
    problem.file === null ? (problem.source ?? '') : `${problem.file}:${problem.line ?? 1}:${problem.column ?? 1}`;
  const severity = paint(problem.severity === 'error' ? 'red' : 'yellow', problem.severity);
  const head = `${paint('bold', place)}  ${severity}  ${problem.code}  ${problem.message}\n`;
  const advice = adviceOf(problem);
  if (problem.excerpt === null) return advice === '' ? head : `${head}      ${advice}\n`;
  return head + formatExcerpt(problem, problem.excerpt, { advice, paint });
}

function formatExcerpt(
  problem: ConfigProblem,
  excerpt: NonNullable<ConfigProblem['excerpt']>,
  { advice, paint }: { readonly advice: string; readonly paint: Paint },
): string {
  const line = problem.line ?? 1;
  const width = Math.max(5, String(line).length + 3);
  const gutter = (label: string): string => paint('dim', `${label.padStart(width)} |`);
  const lines = excerpt.before === null ? [] : [`${gutter(String(line - 1))} ${excerpt.before}`];
  lines.push(`${gutter(String(line))} ${excerpt.text}`);
  const carets = `${' '.repeat(excerpt.caretFrom)}${paint('red', '^'.repeat(excerpt.caretLength))}`;
  lines.push(`${gutter('')} ${carets}${advice === '' ? '' : `  ${advice}`}`);
  return lines.map((text) => `${text.trimEnd()}\n`).join('');
}

function adviceOf(problem: ConfigProblem): string {
  const explain = problem.explain === null ? null : `sluice config explain ${problem.explain}`;
  return [problem.hint, explain].filter((part) => part !== null).join('   ');
}
