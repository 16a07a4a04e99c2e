// What is wrong with a config, where it stands and what would be right. Rule: each fault by itself, with its line, as on the command line.
import type { JSX } from 'preact';
import type { ConfigAnswer } from '../../../src/control/admin-answers.ts';
import { Chip } from '../components/chip.tsx';

export type Problem = ConfigAnswer['warnings'][number];

export function Problems({ problems }: { readonly problems: readonly Problem[] }): JSX.Element | null {
  if (problems.length === 0) return null;
  return (
    <ul class="problems">
      {problems.map((problem) => (
        <li key={`${placeOf(problem)} ${problem.message}`} class={`notice ${toneOf(problem)}`}>
          <p>
            <Chip tone={toneOf(problem)}>{problem.severity}</Chip> <code>{placeOf(problem)}</code> {problem.message}
          </p>
          {problem.excerpt !== null && <Excerpt excerpt={problem.excerpt} />}
          {problem.hint !== null && <p>{problem.hint}</p>}
          {problem.explain !== null && <code>sluice config explain {problem.explain}</code>}
        </li>
      ))}
    </ul>
  );
}

function toneOf({ severity }: Problem): 'bad' | 'warn' {
  return severity === 'error' ? 'bad' : 'warn';
}

function placeOf({ file, source, line, column, path }: Problem): string {
  if (file !== null) return `${file}:${line ?? 1}:${column ?? 1}`;
  return source ?? (path === '' ? 'defaults' : path);
}

function Excerpt({ excerpt }: { readonly excerpt: NonNullable<Problem['excerpt']> }): JSX.Element {
  const { before, text, caretFrom, caretLength } = excerpt;
  const to = caretFrom + caretLength;
  return (
    <pre tabIndex={0}>
      {before !== null && `${before}\n`}
      {text.slice(0, caretFrom)}
      <mark>{text.slice(caretFrom, to)}</mark>
      {text.slice(to)}
    </pre>
  );
}
