// The findings as a person reads them. Rule: whatever came from elsewhere is redacted and made printable before it gets here, and what is wrong
// stands out.
import { redactText } from '../../core/redact.ts';
import { type painter, printable } from '../terminal.ts';
import type { Finding, Mark } from './finding.ts';

type Paint = ReturnType<typeof painter>;

const SIGNS: Readonly<Record<Mark, string>> = { ok: '✔', warning: '!', failure: '✖', skipped: '·' };
const COLOURS = { ok: 'green', warning: 'yellow', failure: 'red', skipped: 'dim' } as const;

export function cleaned(finding: Finding): Finding {
  const { check, subject, mark, message, hint } = finding;
  const clean = (text: string): string => printable(redactText(text));
  const rest = hint === undefined ? {} : { hint: clean(hint) };
  return { check, subject: clean(subject), mark, message: clean(message), ...rest };
}

export function reportText(findings: readonly Finding[], paint: Paint): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  const lines = findings.flatMap(({ check, subject, mark, message, hint }) => [
    `${paint(COLOURS[mark], SIGNS[mark])} ${check.padEnd(width)}  ${subject === '' ? '' : `${subject}: `}${message}`,
    ...(hint === undefined ? [] : [`  ${' '.repeat(width)}  → ${hint}`]),
  ]);
  return [...lines, '', summary(findings)].join('\n');
}

function summary(findings: readonly Finding[]): string {
  const count = (mark: Mark): number => findings.filter((finding) => finding.mark === mark).length;
  const [failures, warnings] = [count('failure'), count('warning')];
  const many = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
  if (failures + warnings === 0) return `All is well: ${many(findings.length, 'check')}.`;
  return `${many(failures, 'failure')}, ${many(warnings, 'warning')} in ${many(findings.length, 'check')}.`;
}
