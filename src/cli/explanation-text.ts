// An explanation for a person: one line per step, the result last. Rule: what others wrote is made printable.

import type { ExplainAnswer } from '../control/admin-answers.ts';
import { type Paint, printable } from './terminal.ts';

type Hop = ExplainAnswer['hops'][number];

/** More would hide what matters. */
const MOST_OTHERS = 5;
const TITLE_WIDTH = 10;

export function explanationText(answer: ExplainAnswer, paint: Paint): string {
  const { door, request, from, user, session, choice, result } = answer;
  const known = [
    `from ${from}`,
    ...(user === null ? [] : [`user ${user}`]),
    ...(session === null ? [] : [`session ${session}`]),
  ];
  const steps: [title: string, ...lines: string[]][] = [
    ['door', `${door.name} on ${door.listen.join(', ')}: ${door.why}`],
    ['request', [request, ...known].join('   ')],
    ['policies', ...answer.policies.map(({ name, does }, index) => `${index + 1} ${name}  ${does}`)],
    ...(choice === null ? [] : [choiceLines(choice)]),
    ['hops', ...answer.hops.flatMap((hop, index) => hopLines(hop, index, answer.states))],
  ];
  const lines = steps.flatMap(([title, ...of]) => stepLines(paint('dim', title.padEnd(TITLE_WIDTH)), of));
  const last = paint(colorOf(result.kind), printable(`${outcome(result)}${result.text}`));
  return [...lines, `${paint('dim', 'result'.padEnd(TITLE_WIDTH))} ${last}`].join('\n');
}

function stepLines(title: string, lines: readonly string[]): string[] {
  return lines.map((line, index) => `${index === 0 ? title : ' '.repeat(TITLE_WIDTH)} ${printable(line)}`);
}

function choiceLines({ kind, name, place, why, others }: NonNullable<ExplainAnswer['choice']>): [string, ...string[]] {
  const where = place === null ? '' : ` (${place})`;
  return [
    kind === 'route' ? 'route' : 'rule',
    `${name}${where}: ${why}`,
    ...few(others.map((other) => `not ${other}`)),
  ];
}

function hopLines({ name, picked, why, members }: Hop, index: number, states: string): string[] {
  const proxy = members.find(({ id }) => id === picked)?.proxy;
  const choice = picked === null ? why : `${picked === name ? '' : `${picked}, `}${proxy ?? ''}: ${why}`;
  const others = members.filter(({ available }) => !available).map(({ id, obstacle }) => `not ${id}: it ${obstacle}`);
  const doubt = states === 'unknown' && members.length > 1 ? ' (states are not known)' : '';
  return [`${index + 1} ${name} → ${choice}${doubt}`, ...few(others).map((line) => `  ${line}`)];
}

function few(lines: readonly string[]): string[] {
  if (lines.length <= MOST_OTHERS) return [...lines];
  return [...lines.slice(0, MOST_OTHERS), `and ${lines.length - MOST_OTHERS} more`];
}

function outcome({ kind, status, code }: ExplainAnswer['result']): string {
  if (kind === 'refused') return `${status ?? ''} ${code ?? ''}: `;
  return status === null ? '' : `${status}: `;
}

function colorOf(kind: ExplainAnswer['result']['kind']): 'red' | 'green' {
  return kind === 'refused' ? 'red' : 'green';
}
