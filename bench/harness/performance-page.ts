// docs/performance.md, from the results of one run.
// Rule: every number in it comes from that run; the prose says only what holds for any.
import { cases as knownCases } from '../cases/catalogue.ts';
import { peers as knownPeers } from '../peers/catalogue.ts';
import { domainTable, type DomainFigures } from './domain-figures.ts';
import { judge } from './goals.ts';
import { ratioToBaseline, type CaseResult, type RunResult } from './results.ts';
import { asMarkdown, formatRatio, tableOf, type Table } from './table.ts';

const introduction = `# Performance

What a request costs in Sluice and in other proxies, measured side by side by \`npm run bench\`. This page is written by
\`node bench/report.ts [FILE]\` from the JSON that a run keeps; do not edit it.

**How to read it.** The number that counts is the CPU time that the proxy's processes spend per unit of work (user and
system time of the whole process tree, from \`/proc\`), because it says what a machine can carry and hardly depends on what
else the machine does. Absolute numbers differ from machine to machine; the ratios, taken within one run, are what to
compare. Requests per second and latencies are what one pinned core gave under full load, so latency here is queueing.

**How it is measured.** All proxies stand in front of the same nginx, which has small answers and files ready. The proxy is
pinned to one core, load (wrk, h2load, or a small client of our own) and backend to the others. Contestants take turns, round
after round, and medians are shown. Access logs are off, connections to the backend are kept alive, nothing is cached, and
each proxy is otherwise set up as its manual advises; the settings are in \`bench/peers\`, the cases in \`bench/cases\`.
`;

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

function aboutTheRun(run: RunResult): string {
  const versions = knownPeers
    .filter(({ name }) => run.versions[name] !== undefined)
    .map(({ name }) => `${name} ${run.versions[name]}`);
  return [
    '## The run',
    '',
    `- ${run.date.slice(0, 10)}, Sluice at commit ${run.commit}, Node ${run.machine.node}`,
    `- ${run.machine.cpu}, ${run.machine.cores} cores, ${run.machine.kernel}`,
    `- ${counted(run.settings.rounds, 'round')} of ${counted(run.settings.seconds, 'second')} per contestant and case`,
    `- ${versions.join(', ')}`,
  ].join('\n');
}

/** Cases whose contestants are plain peers, side by side; the others have tables of their own only. */
function overview(run: RunResult): Table {
  const comparable = run.cases.filter(({ rows }) => rows.every(({ label, peer }) => label === peer));
  const names = knownPeers
    .map(({ name }) => name)
    .filter((name) => comparable.some(({ rows }) => hasResult(rows, name)));
  const rows = comparable.map((result) => [
    result.title,
    ...names.map((name) => {
      const row = result.rows.find(({ label }) => label === name);
      return row === undefined ? '' : formatRatio(ratioToBaseline(result, row));
    }),
  ]);
  return { head: ['', ...names], rows };
}

function hasResult(rows: CaseResult['rows'], peer: string): boolean {
  return rows.some((row) => row.peer === peer && row.result !== undefined);
}

function caseSection(result: CaseResult): string {
  const remark = knownCases.find(({ name }) => name === result.name)?.remark;
  const lines = [`### ${result.title}`, '', `\`npm run bench -- ${result.name}\``, ''];
  if (remark !== undefined) lines.push(remark, '');
  // Why a peer failed is for whoever ran the bench, not for this page.
  const measured = result.rows.filter((row) => row.result !== undefined);
  lines.push(asMarkdown(tableOf({ ...result, rows: measured })));
  return lines.join('\n');
}

/** Nobody else's is measured: others keep such lists in other places. */
function domainSection(figures: readonly DomainFigures[]): string {
  return `## The domain filter

\`node bench/domain-filter.ts\`: a list of a million names, as a hosts file and with all that is below each name. All times
are CPU time of the thread that serves; each look-up is of another name, far from the one before.

${asMarkdown(domainTable(figures))}`;
}

export function performancePage(run: RunResult): string {
  const sections = [introduction.trimEnd(), aboutTheRun(run)];
  const goals = judge(run.cases);
  if (goals.rows.length > 0) {
    sections.push(`## Goals\n\nWhat Sluice holds itself to, and what this run shows.\n\n${asMarkdown(goals)}`);
  }
  sections.push(`## Cost in relation to nginx\n\nLess is better; nginx is 1.\n\n${asMarkdown(overview(run))}`);
  if (run.domains !== undefined && run.domains.length > 0) sections.push(domainSection(run.domains));
  sections.push('## Case by case', ...run.cases.map(caseSection));
  return `${sections.join('\n\n')}\n`;
}
