// What `sluice doctor` has found, and what that means for whoever asked. Rule: a finding names what was looked at and never a secret; only
// what keeps Sluice from doing what the config says is a failure.
import { EXIT } from '../exit-codes.ts';

export type Mark = 'ok' | 'warning' | 'failure' | 'skipped';

export interface Finding {
  /** The kind of thing that was looked at: `port`, `hop`, … */
  readonly check: string;
  /** Which one; empty where there is only one. */
  readonly subject: string;
  readonly mark: Mark;
  readonly message: string;
  /** What to do about it. */
  readonly hint?: string;
}

/** By kind, and the gravest first: what a start would fail with comes before what only some requests will fail with. */
const EXIT_BY_CHECK: readonly (readonly [exit: number, checks: readonly string[]])[] = [
  [EXIT.config, ['config', 'node', 'port', 'state', 'certificate', 'disk']],
  [EXIT.refused, ['account', 'admin']],
];

export function exitOf(findings: readonly Finding[], isStrict: boolean): number {
  const failed = new Set(findings.filter(({ mark }) => mark === 'failure').map(({ check }) => check));
  for (const [exit, checks] of EXIT_BY_CHECK) if (checks.some((check) => failed.has(check))) return exit;
  if (failed.size > 0) return EXIT.failure;
  return isStrict && findings.some(({ mark }) => mark === 'warning') ? EXIT.warnings : EXIT.success;
}

export function ok(check: string, subject: string, message: string): Finding {
  return { check, subject, mark: 'ok', message };
}

export function warning(check: string, subject: string, message: string, hint?: string): Finding {
  return { check, subject, mark: 'warning', message, ...(hint === undefined ? {} : { hint }) };
}

export function failure(check: string, subject: string, message: string, hint?: string): Finding {
  return { check, subject, mark: 'failure', message, ...(hint === undefined ? {} : { hint }) };
}

export function skipped(check: string, subject: string, message: string): Finding {
  return { check, subject, mark: 'skipped', message };
}
