// What can be wrong with a configuration. Rule: a problem says where it is, what was expected and what to do, and never
// holds a secret; all problems of a configuration are found at once and thrown together.

import { SluiceError } from '../core/errors.ts';

export type ConfigProblemCode =
  | 'config_unreadable'
  | 'config_syntax'
  | 'config_duplicate_key'
  | 'config_unset_variable'
  | 'config_unknown_key'
  | 'config_missing'
  | 'config_wrong_type'
  | 'config_bad_value'
  | 'config_conflict'
  | 'config_unknown_name'
  | 'config_unsafe'
  | 'config_module'
  | 'not_available_yet';

/** What each code says is wrong; `sluice help CODE` and the guide to configuration show the same words. */
export const CONFIG_PROBLEMS: Readonly<Record<ConfigProblemCode, string>> = {
  config_unreadable: 'a file cannot be read',
  config_syntax: 'the text is not YAML, TOML or JSON, or a variable is not written right',
  config_duplicate_key: 'a key stands twice in a map',
  config_unset_variable: 'a variable is not set and has no default',
  config_unknown_key: 'there is no such key here',
  config_missing: 'something that is needed is not there',
  config_wrong_type: 'a text where a list is needed, and the like',
  config_bad_value: 'the right kind of value, but not a possible one',
  config_conflict: 'two things that do not go together',
  config_unknown_name: 'a name that nothing bears, such as a hop that is not defined',
  config_unsafe: 'something that stands open to people who should not get in',
  config_module: 'the module of a policy of your own cannot be loaded, or is none',
  not_available_yet:
    'a feature that this version does not have; its keys are checked, and refused only when it is switched on',
};

export interface ConfigProblem {
  readonly severity: 'error' | 'warning';
  readonly code: ConfigProblemCode;
  readonly message: string;
  /** The key that the problem is about, such as `gateway.routes[0].to`; '' for a whole file. */
  readonly path: string;
  /** The file as the user knows it; null when the value comes from elsewhere. */
  readonly file: string | null;
  /** Where the value comes from when it is not a file: `environment variable LOG_LEVEL`, `flag --port`, `defaults`. */
  readonly source: string | null;
  /** From 1; null without a file. */
  readonly line: number | null;
  readonly column: number | null;
  readonly excerpt: Excerpt | null;
  /** What to do, such as `did you mean "retries"?`. */
  readonly hint: string | null;
  /** The key to give to `sluice config explain`. */
  readonly explain: string | null;
}

/** The line of the problem and the one before it, with secrets masked. */
export interface Excerpt {
  readonly before: string | null;
  readonly text: string;
  /** Where the carets stand: how many characters of `text` are before them, and how many there are. */
  readonly caretFrom: number;
  readonly caretLength: number;
}

/** Thrown when a configuration cannot be used. Holds everything that is wrong with it, warnings included. */
export class ConfigError extends SluiceError {
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super('config_invalid', { message: summary(problems) });
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** A problem on one line, for a log: `sluice.yaml:3:1 unknown key "retires", did you mean "retries"?`. */
export function problemLine({ file, source, line, column, message, hint }: ConfigProblem): string {
  const place = file === null ? (source ?? 'defaults') : `${file}:${line ?? 1}:${column ?? 1}`;
  return `${place} ${message}${hint === null ? '' : `, ${hint}`}`;
}

function summary(problems: readonly ConfigProblem[]): string {
  const errors = problems.filter((problem) => problem.severity === 'error');
  const first = errors[0];
  if (first === undefined) return 'The configuration is not valid.';
  const at = first.file === null ? (first.source ?? '') : `${first.file}:${first.line ?? 1}`;
  const more = errors.length === 1 ? '' : ` (and ${errors.length - 1} more)`;
  return `The configuration is not valid: ${at}: ${first.message}${more}`;
}
