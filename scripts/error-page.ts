// docs/errors.md, made anew from the page as it stands and the catalogue of errors. What the catalogue knows is written from
// there: headings, their order, summary, side, status, retry. Rule: the advice is written by hand, in the page and nowhere
// else (`sluice help CODE` reads it from there); it is kept as it is, and a code without any is a fault.
import { ERROR_CATALOGUE, type ErrorCode } from '../src/core/errors.ts';

export interface ErrorPage {
  readonly text: string;
  /** Codes that nobody has written anything about, and parts of the page that belong to no code. */
  readonly faults: readonly string[];
}

/** The chapters, by the code that each begins with. */
const CHAPTERS: Readonly<Partial<Record<ErrorCode, string>>> = {
  request_invalid: "The caller's request",
  unauthorized: 'The admin API',
  upstream_unreachable: 'The answering server',
  hop_unreachable: 'Proxies on the way',
  content_infected: 'What is scanned',
  command_denied: 'Programs that are run',
  tunnel_unknown: 'Tunnels',
  shutting_down: 'Sluice and who runs it',
};
const NOTE =
  '<!-- Headings and the line under each are written by scripts/generate-error-docs.ts from src/core/errors.ts; the rest by hand. -->';
const HEADING = /^#{2,3} .*$/m;

export function errorPage(page: string): ErrorPage {
  const { opening, written, twice } = takeApart(page);
  const parts = [`# Errors\n\n${NOTE}\n\n${opening}`];
  const faults = twice.map((heading) => `${heading}: stands twice in docs/errors.md`);
  for (const [code, { side, status, retry, summary }] of Object.entries(ERROR_CATALOGUE)) {
    const chapter = CHAPTERS[code as ErrorCode];
    if (chapter !== undefined) parts.push(`## ${chapter}`, take(written, `## ${chapter}`));
    const heading = `### \`${code}\``;
    const advice = take(written, heading).replace(/^.* · \d{3} · .*\n*/, '');
    if (advice === '') faults.push(`${code}: nothing is said about it in docs/errors.md`);
    parts.push(heading, `**${summary}** ${side} · ${status} · ${retry ? MAY : MAY_NOT}`, advice);
  }
  for (const heading of written.keys()) faults.push(`${heading}: belongs to no code of the catalogue`);
  return { text: `${parts.filter((part) => part !== '').join('\n\n')}\n`, faults };
}

const MAY = 'may be sent again';
const MAY_NOT = 'not to be sent again as it is';

/** What stands before the first heading, and under each of them. */
function takeApart(page: string): { opening: string; written: Map<string, string>; twice: readonly string[] } {
  const [opening = '', ...sections] = page.split(/^(?=#{2,3} )/m);
  const written = sections.map((section): [string, string] => {
    const [heading = ''] = HEADING.exec(section) ?? [];
    return [heading, section.slice(heading.length).trim()];
  });
  const text = opening.replace(/^# .*\n/, '').replace(/<!--.*-->/, '');
  const twice = written.filter(([heading], at) => written.findIndex(([other]) => other === heading) !== at);
  return { opening: text.trim(), written: new Map(written), twice: twice.map(([heading]) => heading) };
}

function take(written: Map<string, string>, heading: string): string {
  const text = written.get(heading) ?? '';
  written.delete(heading);
  return text;
}
