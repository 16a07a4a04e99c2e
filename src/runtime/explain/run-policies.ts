// Lets policies look at a request that goes nowhere, and says what each of them does. Rule: they run as they would, in their order,
// until one answers.
import type { Exchange } from '../../contract/exchange.ts';
import type { Policy } from '../../contract/policy.ts';
import type { DryExchange } from './dry-exchange.ts';
import type { ExplainedPolicy } from './explanation.ts';

export async function runPolicies(policies: readonly Policy[], exchange: DryExchange): Promise<ExplainedPolicy[]> {
  const steps: ExplainedPolicy[] = [];
  for (const policy of policies) {
    if (policy.inDryRun !== undefined) {
      steps.push({ name: policy.name, does: policy.inDryRun });
      continue;
    }
    const before = look(exchange);
    await policy.request?.(exchange);
    const why = policy.explain?.(exchange);
    const does = describe(policy, before, exchange);
    steps.push({ name: policy.name, does: why === undefined ? does : `${does}: ${why}` });
    if (exchange.answered !== null) break;
  }
  return steps;
}

interface Look {
  readonly user: string;
  readonly session: string;
  readonly fields: ReadonlySet<string>;
  /** What a server would be asked for instead. */
  readonly target: string;
}

function look({ user, session, request }: Exchange): Look {
  const fields = new Set(request.fields.entries().map(([name]) => name.toLowerCase()));
  return { user, session, fields, target: request.upstreamTarget };
}

function describe(policy: Policy, before: Look, exchange: DryExchange): string {
  const { answered } = exchange;
  if (answered !== null) {
    const { status, code } = answered;
    return code === null ? `answers ${status}` : `refuses with ${status} ${code}`;
  }
  const ahead = policy.foresee?.(exchange);
  if (policy.request === undefined) return ahead ?? 'works on the answer';
  const after = look(exchange);
  const taken = [...before.fields].filter((name) => !after.fields.has(name));
  const changes = [
    ...(after.user === before.user ? [] : [`user ${after.user}`]),
    ...(after.session === before.session ? [] : [`session ${after.session}`]),
    ...(after.target === before.target ? [] : [`asks for ${after.target}`]),
    ...(taken.length === 0 ? [] : [`takes out ${taken.join(', ')}`]),
  ];
  if (ahead !== undefined && changes.length === 0) return ahead;
  const passes = changes.length === 0 ? 'passes' : `passes: ${changes.join(', ')}`;
  return ahead === undefined ? passes : `${passes}; ${ahead}`;
}
